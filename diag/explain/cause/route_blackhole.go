package cause

import (
	"net/netip"

	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// RouteBlackhole: a blackhole route swallows the packet without a word.
const RouteBlackhole Code = "route-blackhole"

var _ = Register(Cause{
	Code:  RouteBlackhole,
	Words: say.T("a blackhole route swallows the packet without a word", "blackhole 路由悄悄吞掉了包"),
	Table: []string{"ip", "route"},
})

// Swallowed is a destination that a route, or a policy rule, swallows without a word.
type Swallowed struct{ Rejection }

// Code is RouteBlackhole.
func (Swallowed) Code() Code { return RouteBlackhole }

// Detail names the destination.
func (r Swallowed) Detail() say.Text {
	return r.named(say.T("a blackhole route swallows what goes to %s", "blackhole 路由无声丢弃去往 %s 的包", r.Exemption.Dst))
}

// LoopbackRoute is a route that sends what is for others out of lo. It comes back in with
// the route it left by: that of a packet which came from elsewhere passes it on again
// (ip_forward()), any other takes no packet in (dst_discard()).
type LoopbackRoute struct {
	At
	Dst    netip.Addr
	Passed bool        // it came from elsewhere
	Line   string      // the route
	Way    remedy.Turn // without it; empty where there is none
}

// Code is RouteBlackhole, or RouteLoop.
func (r LoopbackRoute) Code() Code {
	if r.Passed {
		return RouteLoop
	}
	return RouteBlackhole
}

// Detail names the destination.
func (r LoopbackRoute) Detail() say.Text {
	if r.Passed {
		return say.T("the route to %s leads out of lo, by which the packet comes back in, until its TTL is used up",
			"到 %s 的路由从 lo 出去，包又从 lo 回来，直到 TTL 耗尽", r.Dst)
	}
	return say.T("the route to %s leads out of lo, and behind lo there is nobody else: the kernel discards the packet without a word",
		"到 %s 的路由从 lo 出去，而 lo 后面没有别人：内核无声丢弃这个包", r.Dst)
}

// Evidence is the route.
func (r LoopbackRoute) Evidence() []say.Text { return Lines(r.Line) }

// Fix has the packet go where it would without the route.
func (r LoopbackRoute) Fix() []change.Change { return r.Way.Commands() }
