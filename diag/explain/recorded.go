package explain

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
)

// Copy says that the network is a copy of one. Whoever is beyond it is played there by
// somebody who knows nothing of him: what he answers, and that he does not, proves nothing.
type Copy struct {
	// Public is set where what is asked about is somebody out in the world: whoever plays him
	// knows the way back to his own wires alone, as he would, and is silent for that. Of what a
	// router of one's own leads to, nobody knows that.
	Public bool
	// From, Dest, Proto and Port are what was sent in the network itself, with nothing that
	// is not usual, and Came is what came of it; nil where nobody has written that down.
	From  string
	Dest  netip.Addr
	Proto byte
	Port  uint16
	Came  *Came
	// Silent reports whether somebody was asked for in vain there, from a namespace.
	Silent func(netns string, who netip.Addr) bool
}

// Came is what came of a packet that was sent, and how long an answer was waited for.
type Came struct {
	Outcome probe.Outcome
	From    netip.Addr // of the answer or the refusal
	Waited  time.Duration
}

// Of is what came of that very packet; nil where nobody knows.
func (c *Copy) Of(r Request) *Came {
	if c == nil || r.From.Name != c.From || r.Dest != c.Dest || r.Proto != c.Proto || r.Port != c.Port || r.Size != 0 || r.DF || r.Count > 1 {
		return nil
	}
	return c.Came
}

// played reports whether who would answer is played by somebody else.
func (w *observation) played() bool { return w.asked.played(w.Beyond) }

// played is the same for what has left by an edge, or for nothing that has.
func (r Request) played(b *trace.Beyond) bool {
	return r.Copy != nil && b != nil && (!r.Copy.Public || machine.Routed(b.Edge.Space, b.Src()))
}

// remember has the answer rest on what came of the packet in the network itself, where here
// somebody plays who was there. That the packet leaves, the copy shows.
func (w *observation) remember(ctx context.Context, a *Answer, here probe.Result) {
	for i := range a.Hops {
		if h := &a.Hops[i]; h.Predicted == hop.Unknown {
			h.Observed, h.Sighting = hop.Unknown, nil
		}
	}
	a.Drops = slices.DeleteFunc(a.Drops, func(d Drop) bool { return d.offPath })
	came := w.asked.Copy.Of(w.asked)
	_, unanswered := w.Beyond.Unanswered()
	a.Probe = nil
	switch {
	case came != nil:
		w.waited = came.Waited
		r := probe.Result{Outcome: came.Outcome, From: came.From}
		a.Probe = once(r)
		a.Probe.Recorded, a.Probe.Message = true, came.Outcome.String()
		if came.From.IsValid() {
			a.Probe.Message += " (" + came.From.String() + ")"
		}
		w.compare(ctx, a, r)
	case unanswered && w.asked.Copy.Silent != nil && w.asked.Copy.Silent(w.Beyond.Edge.Space.Name, w.Beyond.NextHop()):
		w.compare(ctx, a, here)
	}
}
