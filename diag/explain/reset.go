package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/change"
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

// doubted is the rule that it could not be said of whether it stops the packet, where that got no
// further than there: the kernel dropped it for a rule of that namespace, it was reset from there,
// or last seen coming in.
func (w *observation) doubted(a *Answer, resetAt string, reset bool) (stop cause.Finding, leg flows.Leg, found bool) {
	last := hop.Hop{}
	for _, h := range a.Hops {
		if h.Observed == hop.OK {
			last = h
		}
	}
	here := last.Netns
	switch {
	case reset:
		here = resetAt
	case len(a.Drops) > 0 && a.Drops[0].Reason != "NETFILTER_DROP":
		return nil, "", false
	case len(a.Drops) > 0:
		here = a.Drops[0].Netns
	case last.Stage != hop.StageReceive:
		return nil, "", false
	}
	leg = flows.LegRequest
	if last.Leg == flows.LegReply {
		leg = flows.LegReply
	}
	for _, u := range w.Unseen {
		u, ok := u.(cause.RulesUnjudged)
		if !ok || u.Stop == nil || u.Stop.Netns() != here || u.Flow.Reply != (leg == flows.LegReply) || reset && !u.Refuses {
			continue
		}
		if found {
			return nil, "", false
		}
		stop, found = u.Stop, true
	}
	return stop, leg, found
}

// sameBack is what lets the reply pass, where the rule that stops the request may stop that as well,
// and no more can be said of it.
func (w *observation) sameBack(stop cause.Finding, leg flows.Leg) []change.Change {
	rule, ok := stop.(cause.Stopped)
	for _, u := range w.Unseen {
		back, unjudged := u.(cause.RulesUnjudged)
		if !ok || !unjudged || leg != flows.LegRequest || !back.Flow.Reply {
			continue
		}
		if same, is := back.Stop.(cause.Stopped); is && same.Netns() == rule.Netns() && same.Result.Line() == rule.Result.Line() {
			return back.Stop.Fix()
		}
	}
	return nil
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
			Itself: w.Listens != nil && w.Listens.Space == h.Space, Seen: []Text{a.lastSeen()},
		}, true
	}
	return service.ResetBy{}, false
}
