package explain

import (
	"context"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/probe"
)

// Anything takes a small packet (RFC 8200, 5). An answer to one comes within answers, or is no
// proof.
const (
	anyTakes = 1280
	answers  = time.Second
)

// tooLarge is found where a large echo went out of sight and nothing came back, while a small
// one is answered.
func (w *observation) tooLarge(ctx context.Context, a *Answer, r probe.Result) {
	if w.Beyond == nil || w.Beyond.Length() <= anyTakes || w.asked.Proto != 0 || r.Outcome != probe.Silent || a.Verdict != Broken || a.Beyond == "" || a.Cause.Code != cause.NotKnown {
		return
	}
	small := probe.Ping(ctx, w.asked.From.NS, probe.Echo{To: w.asked.Dest.String(), Dst: w.asked.Dest, ID: probe.FreshID(), Timeout: answers})
	if small.Outcome != probe.Replied {
		return
	}
	left := w.Beyond.Left(cause.At(a.Cause.Netns), a.Cause.Evidence...)
	asked := w.asked
	asked.Size = 0
	a.Cause = inWords(journey.Find(flows.LegRequest, device.Swallowed{Beyond: left, Length: w.Beyond.Length(), Small: asked.length()}))
}
