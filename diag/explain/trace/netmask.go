package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
)

// widerThanTheWire: the device's own prefix says that the destination is on its
// wire, but a router there has a narrower one, and knows the way.
func (a *arping) widerThanTheWire(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.nexthop != a.p.dst {
		return nil, fabric.Station{}, false
	}
	own, ok := machine.PrefixOver(a.n, a.link, a.nexthop)
	if !ok {
		return nil, fabric.Station{}, false
	}
	for _, s := range x.Stations {
		if s.Node == nil || s.Node == a.n {
			continue
		}
		far, ok := narrower(s, own, a.nexthop)
		if !ok {
			continue
		}
		noDefault := a.n.Route(machine.RouteQuery{Dst: documentation}).Kind != machine.KindUnicast
		return cause.TooWide{NextHop: a.hop(), Own: own, Far: far, FarDev: s.Dev.Name, NoDefault: noDefault}, s, true
	}
	return nil, fabric.Station{}, false
}

// documentation is an address for which only a default route is right (RFC 5737).
var documentation = netip.MustParseAddr("192.0.2.1")

// narrower is the address by which a station is a router out of a network that
// own takes to be wider than it is.
func narrower(s fabric.Station, own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	route := s.Node.Route(machine.RouteQuery{Dst: dst})
	if route.Kind != machine.KindLocal && (route.Kind != machine.KindUnicast || route.Dev == s.Dev.Index) {
		return netip.Prefix{}, false
	}
	addrs, err := s.Node.Addrs(s.Dev.Index)
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

// tooNarrow: there is no route to the destination, although it is on the wire
// of a device, and those there have a wider prefix that holds both.
func (w *walk) tooNarrow(n *machine.Space, dst netip.Addr) (cause.Finding, machine.RouteAnswer, bool) {
	devices, err := n.DevicesFor(dst)
	if err != nil {
		return nil, machine.RouteAnswer{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || len(d.Addrs) == 0 || d.Link.Master != "" {
			continue
		}
		own := d.Addrs[0].Prefix
		for _, s := range w.explore(n, d.Link, LegRequest, nil).Stations {
			far, ok := wider(s, own, dst)
			if !ok {
				continue
			}
			f := cause.TooNarrow{At: at(n), Dst: dst, Own: own, Dev: d.Link.Name, Far: far, FarDev: s.Dev.Name}
			return f, machine.RouteAnswer{Kind: machine.KindUnicast, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}, true
		}
	}
	return nil, machine.RouteAnswer{}, false
}

// wider is dst as an address of a station whose prefix also holds own.
func wider(s fabric.Station, own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	if s.Node == nil {
		return netip.Prefix{}, false
	}
	addrs, err := s.Node.Addrs(s.Dev.Index)
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
