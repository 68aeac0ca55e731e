package explain

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// neither tries what silence beyond is taken to prove: that nobody there has a route back to a
// source which nothing translates where it leaves. A packet of the namespace's own has the source
// that masquerading would give; where that one gets no further either, it is not the source. Where
// that cannot be tried, a rule that leaves the destination out on purpose is not blamed.
func (w *observation) neither(ctx context.Context, a *Answer, r probe.Result) {
	back := func(h hop.Hop) bool { return h.Leg == flows.LegReply && h.Sighting != nil && h.Observed == hop.OK }
	if w.Beyond == nil || a.Verdict != Broken || a.Cause.Code != cause.NotMasqueraded || r.Outcome != probe.Silent || slices.ContainsFunc(a.Hops, back) {
		return
	}
	left := w.Beyond.Left(cause.At(a.Cause.Netns), a.lastSeen())
	if w.Doubt != nil {
		if f, is := w.Doubt.Finding.(cause.Untranslated); is {
			left.Spared = f.Sparing()
		}
	}
	n, own, ok := w.masquerading(a, left)
	if !ok && left.Spared.Rule == nil {
		return
	}
	left.Unsure, left.Blind = true, len(w.Unseen) > 0 && !a.watched()
	left.Seen = append(left.Seen, a.Cause.Detail)
	if ok {
		tried := w.sendAs(ctx, n, own, left.Flow)
		switch {
		case tried.Outcome == probe.Silent:
			left.Seen = append(left.Seen, say.T("what %[1]s sends there from %[2]s, which masquerading would give the request for its source, is not answered either",
				"%[1]s 以 %[2]s（MASQUERADE 会给这个请求换上的源地址）发往那里的包同样没有应答", machine.Called(n.Name), own))
		case turnedAway(tried) && tried.From != left.Flow.Dst:
			left.Seen = append(left.Seen, say.T("what %[1]s sends there from %[2]s, which masquerading would give the request for its source, is refused by %[3]s: %[4]s",
				"%[1]s 以 %[2]s（MASQUERADE 会给这个请求换上的源地址）发往那里的包被 %[3]s 拒绝：%[4]s", machine.Called(n.Name), own, tried.From, tried.Outcome.Say()))
		default:
			return
		}
	}
	a.Cause = inWords(journey.Find(flows.LegRequest, cause.SilentBeyond{Beyond: left, Waited: w.waited}))
	a.Beyond, a.Fix = w.Beyond.Dev(), []change.Command{}
	if a.mayBeSilent() {
		a.Verdict = Undecided
	}
}

// masquerading is where a request leaves what can be seen, and the address that masquerading would
// give it there; false where that is not where its source is at fault, or its own packets go elsewhere.
func (w *observation) masquerading(a *Answer, left cause.Beyond) (*machine.Space, netip.Addr, bool) {
	n := w.Beyond.Edge.Space
	route := n.Route(machine.RouteQuery{Dst: left.Flow.Dst})
	own, err := n.Env().MasqueradeAddr(route.DevName, left.Flow.Dst)
	return n, own, n.Name == a.Cause.Netns && nextOf(route, left.Flow.Dst) == left.NextHop && err == nil && own.IsValid() && own != left.Flow.Src
}

// turnedAway reports whether a router on the way has told that a packet gets no further.
func turnedAway(r probe.Result) bool {
	return r.From.IsValid() && slices.Contains([]probe.Outcome{probe.NetUnreachableICMP, probe.HostUnreachable, probe.Filtered, probe.TTLExceeded}, r.Outcome)
}

// nextOf is whom a route leads to on its way to an address.
func nextOf(route machine.RouteAnswer, dst netip.Addr) netip.Addr {
	if route.Via.IsValid() {
		return route.Via
	}
	return dst
}

// sendAs sends what was asked about from a namespace, and an address of it.
func (w *observation) sendAs(ctx context.Context, n *machine.Space, own netip.Addr, flow flows.Flow) probe.Result {
	timeout := min(w.asked.Timeout, cmp.Or(w.waited, answers))
	dial := probe.Dial{Dst: netip.AddrPortFrom(flow.Dst, flow.DstPort), Src: own, Timeout: timeout}
	switch w.asked.Proto {
	case unix.IPPROTO_UDP:
		dial.Payload = payload(w.asked)
		return probe.Exchange(ctx, n.NS, dial)
	case unix.IPPROTO_TCP:
		return probe.Connect(ctx, n.NS, dial)
	}
	return probe.Ping(ctx, n.NS, probe.Echo{To: flow.Dst.String(), Dst: flow.Dst, Src: own, Size: w.asked.Size, DF: w.asked.DF, ID: probe.FreshID(), Timeout: timeout})
}
