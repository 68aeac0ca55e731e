package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/netfilter/eval"
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

// overLimit is the rule that may have stopped the packet by something that it counts, where the
// packet got no further than there: the kernel dropped it for a rule of that namespace, it was
// reset from there, or last seen coming in.
func (w *observation) overLimit(a *Answer, resetAt string, reset bool) (limit service.OverLimit, limited bool) {
	var stops []service.OverLimit
	for _, u := range w.Unseen {
		if u, ok := u.(cause.RulesUnjudged); ok {
			if stop, ok := u.Stop.(service.OverLimit); ok {
				stops = append(stops, stop)
			}
		}
	}
	if len(stops) != 1 {
		return limit, false
	}
	here := stops[0].Netns()
	if reset {
		return stops[0], resetAt == here && stops[0].Result.Verdict == eval.VerdictReject
	}
	if len(a.Drops) > 0 {
		return stops[0], a.Drops[0].Netns == here && a.Drops[0].Reason == "NETFILTER_DROP"
	}
	last := hop.Hop{}
	for _, h := range a.Hops {
		if h.Observed == hop.OK {
			last = h
		}
	}
	return stops[0], last.Netns == here
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
