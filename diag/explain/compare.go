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
		a.disagree(predicted, say.T("predicted %s, but the ping says: %s", "预测为 %s，ping 的结果却是：%s", predicted.Code, r.Message))
	case !replied && a.Verdict == Undecided:
		a.Verdict = Broken
		a.Cause.Evidence = []Text{lastSeen(a.Hops)}
	}
}

// disagree says that the kernel has done something else than was predicted.
func (a *Answer) disagree(predicted Fault, detail Text) {
	a.Fix = []change.Command{}
	a.Cause = Fault{
		Code: cause.ModelDisagrees, Netns: predicted.Netns, Leg: predicted.Leg, Detail: detail,
		Evidence: append([]Text{lastSeen(a.Hops)}, predicted.Evidence...),
	}
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
	return Fault{
		Code: cause.NotKnown, Netns: o.node.Name, Leg: o.echo.leg, Evidence: []Text{},
		Detail: say.T("nothing here is in the way: the packet leaves %[1]s for %[2]s as %[3]s; %[4]s",
			"本机没有问题：包以 %[3]s 的身份从 %[1]s 发往 %[2]s；%[4]s", o.dev.Name, o.asking.nexthop, o.echo.src, o.why),
	}
}

// silent is what a ping proves that went out of sight and was not answered.
func (o *outside) silent(a *Answer, r probe.Result, waited time.Duration) {
	a.Verdict = Broken
	returned := slices.ContainsFunc(a.Hops, func(h Hop) bool { return h.Leg == LegReply && h.seenAs != nil && h.Observed == OK })
	left := !slices.ContainsFunc(a.Hops, func(h Hop) bool { return h.Predicted == OK && h.Observed == Fail })
	failed, unanswered := o.asking.failed(a.Cause)
	switch {
	case a.Cause.Code != cause.NotKnown && a.Cause.Leg == LegReply:
		a.Beyond = ""
		a.Fix = append(a.Fix, a.Cause.fix...) // the doubt was right
	case returned:
		a.Beyond = ""
		a.disagree(a.Cause, say.T("an answer came back to %s, and was lost behind it", "应答回到了 %s，却在那之后丢失", o.dev.Name))
	case unanswered:
		a.Cause = failed
	case !left:
		a.Beyond = ""
		a.disagree(a.Cause, say.T("the packet was to leave by %s, and did not", "包应当从 %s 发出，却没有", o.dev.Name))
	case a.Cause.Code != cause.NotKnown:
		a.Beyond = ""
		a.Fix = append(a.Fix, a.Cause.fix...) // the doubt was right
	case r.From.IsValid() && r.Outcome != probe.Silent:
		a.Cause.Evidence = []Text{lastSeen(a.Hops)}
		a.Cause.Detail = say.T("everything here is well: the request left %s, and %s, beyond it, refuses it (%s); ask there",
			"本机一切正常：请求已从 %s 发出，被外面的 %s 拒绝（%s）；请到那边查", o.dev.Name, r.From, r.Outcome)
	case o.echo.outer != nil:
		a.Cause.Evidence = []Text{lastSeen(a.Hops)}
		a.Cause.Detail = say.T("everything here is well: the request left %s in a VXLAN packet (UDP %d) from %s to %s, and nothing came back in %s; ask there",
			"本机一切正常：请求已封装成 VXLAN 包（UDP %[2]d，%[3]s 到 %[4]s）从 %[1]s 发出，%[5]s 内没有任何回应；请到那边查",
			o.dev.Name, o.echo.outer.DstPort, o.echo.src, o.echo.dst, waited)
	default:
		a.Cause.Evidence = []Text{lastSeen(a.Hops)}
		a.Cause.Detail = say.T("everything here is well: the request left %s for %s as %s, and nothing came back in %s; ask there",
			"本机一切正常：请求以 %[3]s 的身份从 %[1]s 发往 %[2]s，%[4]s 内没有任何回应；请到那边查",
			o.dev.Name, o.asking.nexthop, o.echo.src, waited)
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
