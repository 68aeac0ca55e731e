package steps

import (
	"context"
	"net"
	"strings"

	"github.com/vishvananda/netlink"

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

func (a RouteAdd) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: a.argv("add")}
}

func (a RouteAdd) argv(verb string) []string {
	argv := []string{"ip", "route", verb, a.Dst}
	if a.Via != "" {
		argv = append(argv, "via", a.Via)
	}
	if a.Dev != "" {
		argv = append(argv, "dev", a.Dev)
	}
	if a.Onlink {
		argv = append(argv, "onlink")
	}
	return argv
}

func (a RouteAdd) Apply(_ context.Context, l *lab.Lab) error {
	return a.change(l, say.T("add", "添加"), (*netlink.Handle).RouteAdd)
}

func (a RouteAdd) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a RouteAdd) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return a.change(l, say.T("delete", "删除"), (*netlink.Handle).RouteDel)
}

// RouteDel takes a route away.
type RouteDel RouteAdd

func (a RouteDel) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: RouteAdd(a).argv("del")}
}

func (a RouteDel) Apply(_ context.Context, l *lab.Lab) error {
	return RouteAdd(a).change(l, say.T("delete", "删除"), (*netlink.Handle).RouteDel)
}

// Conditions implements Conditional.
func (a RouteDel) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	line, there, err := RouteAdd(a).row(ctx, l)
	gone := Condition{
		Table: ipTable(a.Netns, "route"), Seen: line, Met: !there, Err: err,
		Want: say.T("no route %s", "没有路由 %s", strings.Join(RouteAdd(a).argv("del")[3:], " ")),
	}
	if isAbsent(err) {
		return []Condition{namespaceThere(a.Netns)}
	}
	return []Condition{gone}
}

func (a RouteDel) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a RouteDel) Undo(ctx context.Context, l *lab.Lab, _ State) error {
	return RouteAdd(a).Apply(ctx, l)
}

func (a RouteAdd) change(l *lab.Lab, verb say.Text, do func(*netlink.Handle, *netlink.Route) error) error {
	_, h, err := change.Open(l, a.Netns)
	if err != nil {
		return err
	}
	r, err := a.route(h)
	if err != nil {
		return err
	}
	if err := do(h, r); err != nil {
		return say.Err("%s: %s route %s: %v", "%s：%s路由 %s：%v", a.Netns, verb, a.Dst, err)
	}
	return nil
}

// route is what ip(8) would send: a route without next hop has scope link.
func (a RouteAdd) route(h *netlink.Handle) (*netlink.Route, error) {
	dst, err := prefix(a.Dst)
	if err != nil {
		return nil, say.Err("%s: route: %v", "%s：路由：%v", a.Netns, err)
	}
	r := &netlink.Route{Dst: dst, Gw: net.ParseIP(a.Via)}
	if a.Via == "" {
		r.Scope = netlink.SCOPE_LINK
	}
	if a.Onlink {
		r.Flags = int(netlink.FLAG_ONLINK)
	}
	if dst == nil && a.Via == "" {
		r.Dst = &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}
	}
	if a.Dev != "" {
		link, err := h.LinkByName(a.Dev)
		if err != nil {
			return nil, say.Err("%s: %s: %v", "%s：%s：%v", a.Netns, a.Dev, err)
		}
		r.LinkIndex = link.Attrs().Index
	}
	return r, nil
}
