package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
)

// reset is a frame that resets the connection in the name of whom it is to.
type reset struct {
	frame wire.Frame
	flow  flows.Flow
}

// resetting is the reply that a frame resets instead of, if it does.
func (a *Answer) resetting(f wire.Frame) (flows.Flow, bool) {
	i := slices.IndexFunc(a.Hops, func(h hop.Hop) bool {
		return h.Sighting != nil && (h.Leg == flows.LegReply && h.Sighting.Flow.ResetBy(f) || h.Leg == flows.LegRequest && h.Sighting.Flow.Back().ResetBy(f))
	})
	if i < 0 {
		return flows.Flow{}, false
	}
	back := a.Hops[i].Sighting.Flow
	if !back.Reply {
		back = back.Back()
	}
	return back, true
}

// refuser is who has reset a connection, as the wires show it: the first place where
// that was seen.
func (w *observation) refuser(a *Answer, r probe.Result) (service.ResetBy, bool) {
	if r.Outcome != probe.Refused || len(w.resets) == 0 {
		return service.ResetBy{}, false
	}
	first := slices.MinFunc(w.resets, func(a, b reset) int { return a.frame.At.Compare(b.frame.At) })
	for _, h := range a.Hops {
		if h.Space == nil || h.Space.NS.Name() != first.frame.Netns {
			continue
		}
		return service.ResetBy{
			At: cause.At(h.Space.Name), Flow: first.flow, Dev: first.frame.Dev, Out: first.frame.Out,
			Itself: w.Listens != nil && w.Listens.Space == h.Space, Seen: []Text{lastSeen(a.Hops)},
		}, true
	}
	return service.ResetBy{}, false
}
