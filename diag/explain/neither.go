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
// that masquerading would give; where that one is not answered either, it is not the source.
func (w *observation) neither(ctx context.Context, a *Answer, r probe.Result) {
	back := func(h hop.Hop) bool { return h.Leg == flows.LegReply && h.Sighting != nil && h.Observed == hop.OK }
	if w.Beyond == nil || a.Verdict != Broken || a.Cause.Code != cause.NotMasqueraded || r.Outcome != probe.Silent || slices.ContainsFunc(a.Hops, back) {
		return
	}
	n, left := w.Beyond.Edge.Space, w.Beyond.Left(cause.At(a.Cause.Netns), a.lastSeen())
	route := n.Route(machine.RouteQuery{Dst: left.Flow.Dst})
	own, err := n.Env().MasqueradeAddr(route.DevName, left.Flow.Dst)
	if n.Name != a.Cause.Netns || nextOf(route, left.Flow.Dst) != left.NextHop || err != nil || !own.IsValid() || own == left.Flow.Src {
		return
	}
	if w.sendAs(ctx, n, own, left.Flow).Outcome != probe.Silent {
		return
	}
	left.Unsure, left.Blind = true, len(w.Unseen) > 0 && !a.watched()
	left.Seen = append(left.Seen, a.Cause.Detail, say.T("what %[1]s sends there from %[2]s, which masquerading would give the request for its source, is not answered either",
		"%[1]s 以 %[2]s（MASQUERADE 会给这个请求换上的源地址）发往那里的包同样没有应答", machine.Called(n.Name), own))
	a.Cause = inWords(journey.Find(flows.LegRequest, cause.SilentBeyond{Beyond: left, Waited: w.waited}))
	a.Beyond, a.Fix = w.Beyond.Dev(), []change.Command{}
	if a.mayBeSilent() {
		a.Verdict = Undecided
	}
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
