package steps

import (
	"context"
	"net/netip"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// RouteAdd adds a route to the main table.
type RouteAdd struct {
	Netns  string
	Dst    string // "default", an address or a prefix
	Via    string // empty: a direct route, scope link
	Dev    string // empty: the kernel finds the device of Via
	Onlink bool   // take Via for a neighbour even if no address says so
	// Except is an address that is not to go the same way. It matters where a
	// wider route would do for Dst alone.
	Except string
}

// Change implements Action.
func (a RouteAdd) Change(*lab.Lab) change.Change { return a.change(change.RouteAdd) }

func (a RouteAdd) change(verb string) change.Change {
	dst, err := netip.ParsePrefix(Canonical(a.Dst))
	via := netip.Addr{}
	if err == nil && a.Via != "" {
		via, err = netip.ParseAddr(a.Via)
	}
	if err != nil {
		return change.Mistaken{Typed: change.In(a.Netns, "ip", "route", verb, a.Dst), Err: say.Err("%s: route: %v", "%s：路由：%v", a.Netns, err)}
	}
	return change.Route{Netns: a.Netns, Verb: verb, Route: change.To(dst, via, a.Dev, a.Onlink)}
}

// RouteDel takes a route away.
type RouteDel RouteAdd

// Change implements Action.
func (a RouteDel) Change(*lab.Lab) change.Change { return RouteAdd(a).change(change.RouteDel) }

// Conditions implements Action.
func (a RouteDel) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	line, there, err := RouteAdd(a).row(ctx, l)
	gone := Condition{
		Table: IPTable(a.Netns, "route"), Seen: line, Met: !there, Err: err,
		Want: say.T("no route %s", "没有路由 %s", strings.Join(a.Change(l).Command().Argv[3:], " ")),
	}
	if IsAbsent(err) {
		return []Condition{NamespaceThere(a.Netns)}
	}
	return []Condition{gone}
}

// canonical makes 172.20.1.10 into 172.20.1.10/32, and default into 0.0.0.0/0.
func Canonical(s string) string {
	if s == "default" {
		return "0.0.0.0/0"
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()).String()
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked().String()
	}
	return s
}
