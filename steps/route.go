package steps

import (
	"context"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"nstutor/internal/lab"
)

// RouteAdd adds a route to the main table.
type RouteAdd struct {
	Netns  string
	Dst    string // "default", an address or a prefix
	Via    string // empty: a direct route, scope link
	Dev    string // empty: the kernel finds the device of Via
	Onlink bool   // take Via for a neighbour even if no address says so
}

func (a RouteAdd) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: a.argv("add")}
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
	return a.change(l, "add", (*netlink.Handle).RouteAdd)
}

// Done looks for the destination with this next hop on this device.
func (a RouteAdd) Done(_ context.Context, l *lab.Lab) (bool, error) {
	_, h, err := handle(l, a.Netns)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	want, err := a.route(h)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	routes, err := h.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return false, fmt.Errorf("%s: list routes: %w", a.Netns, err)
	}
	for _, r := range routes {
		if samePrefix(r.Dst, want.Dst) && r.Gw.Equal(want.Gw) &&
			(want.LinkIndex == 0 || r.LinkIndex == want.LinkIndex) {
			return true, nil
		}
	}
	return false, nil
}

func (a RouteAdd) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return a.change(l, "delete", (*netlink.Handle).RouteDel)
}

// RouteDel takes a route away.
type RouteDel RouteAdd

func (a RouteDel) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: RouteAdd(a).argv("del")}
}

func (a RouteDel) Apply(_ context.Context, l *lab.Lab) error {
	return RouteAdd(a).change(l, "delete", (*netlink.Handle).RouteDel)
}

func (a RouteDel) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	there, err := RouteAdd(a).Done(ctx, l)
	return !there, err
}

func (a RouteDel) Undo(ctx context.Context, l *lab.Lab, _ State) error {
	return RouteAdd(a).Apply(ctx, l)
}

func (a RouteAdd) change(l *lab.Lab, verb string, change func(*netlink.Handle, *netlink.Route) error) error {
	_, h, err := handle(l, a.Netns)
	if err != nil {
		return err
	}
	r, err := a.route(h)
	if err != nil {
		return err
	}
	if err := change(h, r); err != nil {
		return fmt.Errorf("%s: %s route %s: %w", a.Netns, verb, a.Dst, err)
	}
	return nil
}

// route is what ip(8) would send: a route without next hop has scope link.
func (a RouteAdd) route(h *netlink.Handle) (*netlink.Route, error) {
	dst, err := prefix(a.Dst)
	if err != nil {
		return nil, fmt.Errorf("%s: route: %w", a.Netns, err)
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
			return nil, fmt.Errorf("%s: %s: %w", a.Netns, a.Dev, err)
		}
		r.LinkIndex = link.Attrs().Index
	}
	return r, nil
}
