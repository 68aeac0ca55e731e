package explain

import (
	"fmt"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// widerThanTheWire: the device's own prefix says that the destination is on its
// wire, but a router there has a narrower one, and knows the way.
func (a *arping) widerThanTheWire(x *explorer) (Fault, station, bool) {
	if a.nexthop != a.e.dst {
		return Fault{}, station{}, false
	}
	own, ok := prefixOver(a.n, a.link, a.nexthop)
	if !ok {
		return Fault{}, station{}, false
	}
	for _, s := range x.stations {
		if s.node == nil || s.node == a.n {
			continue
		}
		far, ok := narrower(s, own, a.nexthop)
		if !ok {
			continue
		}
		fix := readdress(a.n, a.link, own, far.Bits())
		if a.n.Route(machine.RouteQuery{Dst: documentation}).Kind != machine.KindUnicast {
			fix = append(fix, change.In(a.n.Name, "ip", "route", "add", "default", "via", far.Addr().String(), "dev", a.link.Name))
		}
		return Fault{
			Code: cause.WrongNetmask, Netns: a.n.Name, sure: true,
			Detail: say("%s on %s says that %s is on its wire; the router there, %s, has a /%d and would pass it on",
				own, a.link.Name, a.nexthop, far.Addr(), far.Bits()),
			Evidence: []string{fmt.Sprintf("inet %s dev %s", own, a.link.Name), fmt.Sprintf("inet %s dev %s", far, s.dev.Name)},
			fix:      fix,
		}, s, true
	}
	return Fault{}, station{}, false
}

// documentation is an address for which only a default route is right (RFC 5737).
var documentation = netip.MustParseAddr("192.0.2.1")

// narrower is the address by which a station is a router out of a network that
// own takes to be wider than it is.
func narrower(s station, own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	route := s.node.Route(machine.RouteQuery{Dst: dst})
	if route.Kind != machine.KindLocal && (route.Kind != machine.KindUnicast || route.Dev == s.dev.Index) {
		return netip.Prefix{}, false
	}
	addrs, err := s.node.Addrs(s.dev.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		far := a.Prefix
		if far.Bits() > own.Bits() && own.Contains(far.Addr()) && far.Contains(own.Addr()) && !far.Contains(dst) {
			return far, true
		}
	}
	return netip.Prefix{}, false
}

// prefixOver is the address of a device whose prefix has addr in it.
func prefixOver(n *machine.Space, link table.Link, addr netip.Addr) (netip.Prefix, bool) {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		if a.Prefix.Contains(addr) {
			return a.Prefix, true
		}
	}
	return netip.Prefix{}, false
}

// readdress gives an address another prefix length. The new one comes first, so
// that the routes which prefer the address as their source stay.
func readdress(n *machine.Space, link table.Link, own netip.Prefix, bits int) []change.Command {
	return []change.Command{
		change.In(n.Name, "ip", "addr", "add", netip.PrefixFrom(own.Addr(), bits).String(), "dev", link.Name),
		change.In(n.Name, "ip", "addr", "del", own.String(), "dev", link.Name),
	}
}

// tooNarrow: there is no route to the destination, although it is on the wire
// of a device, and those there have a wider prefix that holds both.
func (w *walk) tooNarrow(n *machine.Space, dst netip.Addr) (Fault, machine.RouteAnswer, bool) {
	devices, err := n.Devices()
	if err != nil {
		return Fault{}, machine.RouteAnswer{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || len(d.Addrs) == 0 || d.Link.Master != "" {
			continue
		}
		own := d.Addrs[0].Prefix
		for _, s := range w.explore(n, d.Link, LegRequest, nil).stations {
			far, ok := wider(s, own, dst)
			if !ok {
				continue
			}
			return Fault{
				Code: cause.WrongNetmask, Netns: n.Name, sure: true,
				Detail: say("%s is on the wire of %s and has a /%d, but %s has a /%d, which leaves it out",
					dst, d.Link.Name, far.Bits(), own.Addr(), own.Bits()),
				Evidence: []string{fmt.Sprintf("inet %s dev %s", own, d.Link.Name), fmt.Sprintf("inet %s dev %s", far, s.dev.Name)},
				fix:      readdress(n, d.Link, own, far.Bits()),
			}, machine.RouteAnswer{Kind: machine.KindUnicast, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}, true
		}
	}
	return Fault{}, machine.RouteAnswer{}, false
}

// wider is dst as an address of a station whose prefix also holds own.
func wider(s station, own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	if s.node == nil {
		return netip.Prefix{}, false
	}
	addrs, err := s.node.Addrs(s.dev.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		if far := a.Prefix; far.Addr() == dst && far.Bits() < own.Bits() && far.Contains(own.Addr()) {
			return far, true
		}
	}
	return netip.Prefix{}, false
}
