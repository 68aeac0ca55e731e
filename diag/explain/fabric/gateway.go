package fabric

import (
	"net/netip"

	"nstutor/diag/explain/configured"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Gateway is whom a default route on the device should name: an address in the device's
// prefix, or one for next hops alone (169.254.0.0/16), of one of the stations on its wire who
// knows the way, else the one that a file of the machine names, else of anybody there, else
// whom something here takes for it, else whom the others have whose wires end at the same router,
// else, where all of the wire can be seen, the prefix's first, for which proxy ARP may stand. It is
// invalid where nobody tells.
func Gateway(n *machine.Space, d machine.Device, dst netip.Addr, wire *Explorer) (_ netip.Addr, knows bool) {
	own, serves := d.Addrs[0].Prefix, false
	anybody := machine.LikelyHop(n, d.Link.Name, dst)
	if named, _ := told(n, d, wire.Stations); !anybody.IsValid() && named.Is4() == dst.Is4() {
		anybody = named
	}
	for _, s := range wire.Stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		addrs, err := s.Space.Addrs(s.Dev.Index)
		if err != nil {
			continue
		}
		route := s.Space.Route(machine.RouteQuery{Dst: dst})
		if route.Dev == s.Dev.Index && route.Via.IsValid() && n.Local(route.Via) {
			serves = true
			continue
		}
		for _, a := range addrs {
			near := own.Contains(a.Prefix.Addr()) || a.Prefix.Contains(own.Addr()) || own.IsSingleIP() || dst.Is4() && a.Prefix.Addr().IsLinkLocalUnicast()
			if a.Prefix.Addr().Is4() != dst.Is4() || a.Prefix.Addr() == own.Addr() || !near {
				continue
			}
			forwards := s.Space.Conf(s.Dev.Name, "forwarding") == 1
			if !anybody.IsValid() && (forwards || route.Kind == machine.KindUnicast && route.Dev != s.Dev.Index) {
				anybody = a.Prefix.Addr()
			}
			if route.Kind == machine.KindLocal || forwards && route.Kind == machine.KindUnicast && route.Dev != s.Dev.Index {
				return a.Prefix.Addr(), true
			}
		}
	}
	if named, ok := Configured(d, dst); ok {
		return named.Addr, true
	}
	hinted, _ := Hinted(n, d, wire.Stations)
	switch {
	case anybody.IsValid():
		return anybody, false
	case dst.Is6():
		return netip.Addr{}, false
	case hinted.IsValid():
		return hinted, false
	case serves: // n is the router there
		return netip.Addr{}, false
	}
	if others := wire.othersHave(n, own, dst); others.IsValid() {
		return others, false
	}
	if !wire.Whole() {
		return netip.Addr{}, false // any guess may be somebody else
	}
	if own.IsSingleIP() { // nobody else fits in there
		return linkLocalGateway, false
	}
	if first, ok := machine.FirstOther(own); ok {
		return first, false
	}
	return netip.Addr{}, false
}

// othersHave is the gateway of another one whose wire ends at the same router as n's alone does,
// as the wires of pods do: they have one that nobody needs to have.
func (x *Explorer) othersHave(n *machine.Space, own netip.Prefix, dst netip.Addr) netip.Addr {
	if len(x.Stations) != 1 || x.Stations[0].Space == nil {
		return netip.Addr{}
	}
	router := x.Stations[0].Space
	snap, err := router.Snapshot(table.Links)
	if err != nil {
		return netip.Addr{}
	}
	for _, link := range snap.Links {
		if link.Index == x.Stations[0].Dev.Index || link.Kind != "veth" || !link.Carrier() || link.Master != "" {
			continue
		}
		wire := Explorer{Net: x.Net, Leg: x.Leg}
		wire.From(router, link)
		if len(wire.Stations) != 1 || wire.Stations[0].Space == nil || wire.Stations[0].Space == n {
			continue
		}
		other := wire.Stations[0]
		route := other.Space.Route(machine.RouteQuery{Dst: machine.Elsewhere(dst)})
		near := own.IsSingleIP() || own.Contains(route.Via)
		if route.Kind == machine.KindUnicast && route.Dev == other.Dev.Index && route.Via.IsValid() && near && !n.Local(route.Via) {
			return route.Via
		}
	}
	return netip.Addr{}
}

// Configured is the gateway that a file of the machine names for a device.
func Configured(d machine.Device, dst netip.Addr) (configured.Gateway, bool) {
	asked := configured.Device{Name: d.Link.Name, Index: d.Link.Index}
	for _, a := range d.Addrs {
		asked.Addrs = append(asked.Addrs, a.Prefix)
	}
	return configured.Of("/", asked, dst)
}

// linkLocalGateway is the next hop that nobody needs to have, as pod networks
// use it: with onlink, and proxy ARP or the address at the other end.
var linkLocalGateway = netip.MustParseAddr("169.254.1.1")
