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
		far, ok := s.Narrower(own, a.nexthop)
		if !ok {
			continue
		}
		noDefault := a.n.Route(machine.RouteQuery{Dst: machine.Documentation}).Kind != machine.KindUnicast
		return cause.TooWide{NextHop: a.hop(), Own: own, Far: far, FarDev: s.Dev.Name, NoDefault: noDefault}, s, true
	}
	return nil, fabric.Station{}, false
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
			far, ok := s.Wider(own, dst)
			if !ok {
				continue
			}
			f := cause.TooNarrow{At: at(n), Dst: dst, Own: own, Dev: d.Link.Name, Far: far, FarDev: s.Dev.Name}
			return f, machine.RouteAnswer{Kind: machine.KindUnicast, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}, true
		}
	}
	return nil, machine.RouteAnswer{}, false
}
