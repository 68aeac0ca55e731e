package explain

import (
	"slices"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// compare brings together what was predicted and what became of the ping.
func (w *walk) compare(a *Answer, r probe.Result) {
	replied := r.Outcome == probe.Replied
	switch {
	case r.Outcome == probe.OutcomeUnknown:
	case !replied && a.Verdict == Undecided && w.outside != nil:
		w.outside.silent(a, r, w.waited)
	case !replied && a.Verdict == Undecided && a.Cause.Code != cause.NotKnown:
		a.Verdict = Broken // the doubt was right
		a.Fix = append(a.Fix, a.Cause.fix...)
	case replied && a.Verdict == Undecided:
		a.Verdict, a.Cause, a.Beyond = Delivered, Fault{Code: cause.None, Evidence: []Text{}}, ""
	case replied && a.Verdict == Broken, !replied && a.Verdict == Delivered:
		predicted := a.Cause
		a.Verdict = Broken
		if replied {
			a.Verdict = Delivered
		}
		a.disagree(predicted, cause.Unpredicted{Contradiction: a.against(predicted), Predicted: predicted.Code, Message: r.Message})
	case !replied && a.Verdict == Undecided:
		a.Verdict = Broken
		a.Cause.Evidence = []Text{lastSeen(a.Hops)}
	}
}

// disagree says that the kernel has done something else than was predicted.
func (a *Answer) disagree(predicted Fault, f cause.Finding) {
	a.Fix = []change.Command{}
	a.Cause = find(predicted.Leg, f).told()
}

// against is what was seen, and what the prediction rested on.
func (a *Answer) against(predicted Fault) cause.Contradiction {
	return cause.Contradiction{At: cause.At(predicted.Netns), Seen: append([]Text{lastSeen(a.Hops)}, predicted.Evidence...)}
}

// lastSeen is the last place where the ping was seen on a wire.
func lastSeen(hops []Hop) Text {
	seen := say.T("the request was seen on no wire", "请求没有在任何链路上出现")
	for _, h := range hops {
		if h.Observed == OK {
			seen = say.T("last seen: %s, %s %s", "最后一次看到：%s，%s %s", h.Detail, h.Netns, h.Device)
		}
	}
	return seen
}

// open is what is said of a packet that went out of sight before anybody tried.
func (o *outside) open() Fault {
	return find(o.echo.leg, cause.Untried{Beyond: o.left(at(o.node)), Why: o.why}).told()
}

// left is the packet as it left, for a finding that is at a namespace.
func (o *outside) left(where cause.At, seen ...Text) cause.Beyond {
	return cause.Beyond{At: where, Dev: o.dev.Name, NextHop: o.asking.nexthop, Flow: o.echo.flow(), Seen: seen}
}

// silent is what a ping proves that went out of sight and was not answered.
func (o *outside) silent(a *Answer, r probe.Result, waited time.Duration) {
	a.Verdict = Broken
	returned := slices.ContainsFunc(a.Hops, func(h Hop) bool { return h.Leg == LegReply && h.seenAs != nil && h.Observed == OK })
	left := !slices.ContainsFunc(a.Hops, func(h Hop) bool { return h.Predicted == OK && h.Observed == Fail })
	failed, unanswered := o.asking.failed(a.Cause)
	beyond := o.left(cause.At(a.Cause.Netns), lastSeen(a.Hops))
	switch {
	case a.Cause.Code != cause.NotKnown && a.Cause.Leg == LegReply:
		a.Beyond = ""
		a.Fix = append(a.Fix, a.Cause.fix...) // the doubt was right
	case returned:
		a.Beyond = ""
		a.disagree(a.Cause, cause.LostBehind{Contradiction: a.against(a.Cause), Dev: o.dev.Name})
	case unanswered:
		a.Cause = failed
	case !left:
		a.Beyond = ""
		a.disagree(a.Cause, cause.NeverLeft{Contradiction: a.against(a.Cause), Dev: o.dev.Name})
	case a.Cause.Code != cause.NotKnown:
		a.Beyond = ""
		a.Fix = append(a.Fix, a.Cause.fix...) // the doubt was right
	case r.From.IsValid() && r.Outcome != probe.Silent:
		a.Cause = find(a.Cause.Leg, cause.RefusedBeyond{Beyond: beyond, By: r.From, Outcome: r.Outcome.String()}).told()
	case o.echo.outer != nil:
		a.Cause = find(a.Cause.Leg, cause.SilentTunnel{Beyond: beyond, Port: o.echo.outer.DstPort, Waited: waited}).told()
	default:
		a.Cause = find(a.Cause.Leg, cause.SilentBeyond{Beyond: beyond, Waited: waited}).told()
	}
}

// failed is the cause as the neighbour table tells it after a ping that went to
// somebody out of sight.
func (a *arping) failed(unknown Fault) (Fault, bool) {
	entry, ok, err := a.n.NextHopNeighbour(a.link.Index, a.nexthop)
	if err != nil || !ok || entry.State != "FAILED" && entry.State != "INCOMPLETE" {
		return unknown, false
	}
	hop := a.hop()
	hop.Entry = entry
	return find(a.e.leg, cause.NobodyAnswered{NextHop: hop, OnTheWay: a.nexthop != a.e.dst}).told(), true
}

// resolved reports whether the kernel has a MAC address for the next hop, or
// needs none.
func (a *arping) resolved() bool {
	if a.link.Has("NOARP") {
		return true
	}
	entry, ok, err := a.n.NextHopNeighbour(a.link.Index, a.nexthop)
	return err == nil && ok && slices.Contains(resolved, entry.State)
}
