package explain

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/internal/change"
)

// Request is the question: what becomes of a ping from From to Dest?
type Request struct {
	From    *machine.Space
	Dest    netip.Addr
	Size    int           // bytes of payload; 0 stands for ping's 56
	DF      bool          // no router may fragment it (ping -M do)
	Probe   bool          // send one echo and watch it on its way
	Timeout time.Duration // of the probe
}

const (
	pingPayload = 56     // bytes, as ping sends them
	headers     = 20 + 8 // IPv4's and ICMP's, in bytes
)

// Explain predicts what becomes of the ping and, if asked to, sends one and
// compares.
func Explain(ctx context.Context, world *machine.Machine, req Request) (Answer, error) {
	t := trace.Follow(world, trace.Question{
		From: req.From, Dest: req.Dest, Length: cmp.Or(req.Size, pingPayload) + headers, DF: req.DF,
	})
	a := predict(req, t)
	if !req.Probe {
		return a, ctx.Err()
	}
	err := (&observation{Trace: t}).observe(ctx, req, &a)
	return a, err
}

// predict is the answer without a probe.
func predict(req Request, t *trace.Trace) Answer {
	a := Answer{
		Schema: Schema, From: req.From.Name, Destination: req.Dest.String(),
		Verdict: Delivered, Cause: Fault{Code: cause.None, Evidence: []Text{}},
		Fix: []change.Command{}, Next: []Fault{}, Hops: t.Hops, Unseen: []Text{},
	}
	for _, u := range t.Unseen {
		a.Unseen = append(a.Unseen, u.Said())
	}
	if t.Source.IsValid() {
		a.Source = t.Source.String()
	}
	switch {
	case len(t.Faults) > 0:
		a.Verdict, a.Cause = Broken, told(t.Faults[0])
		a.Fix = t.Mends()
		for _, f := range t.Faults[1:] {
			a.Next = append(a.Next, told(f))
		}
	case t.Doubt != nil:
		a.Verdict, a.Cause = Undecided, told(*t.Doubt)
	case t.Beyond != nil && !t.Lost:
		a.Verdict, a.Cause, a.Beyond = Undecided, told(t.Beyond.Untried(len(t.Unseen) > 0)), t.Beyond.Dev()
	case t.Lost || !t.Back || len(t.Unseen) > 0:
		a.Verdict, a.Cause.Code = Undecided, cause.NotKnown
		a.Cause.Leg, a.Cause.Netns, a.Cause.Detail = t.End(req.From)
	}
	return a
}

// told is a finding in words.
func told(f trace.Found) Fault {
	evidence := f.Evidence()
	if evidence == nil {
		evidence = []Text{}
	}
	return Fault{Code: f.Code(), Netns: f.Netns(), Device: f.Device, Leg: f.Leg, Detail: f.Detail(), Evidence: evidence, Told: true, fix: f.Mends}
}
