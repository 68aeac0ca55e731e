package fabric

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Owners are the devices of namespaces that have an address.
func Owners(spaces []*machine.Space, addr netip.Addr) []Site {
	var found []Site
	for _, n := range spaces {
		if !n.Local(addr) {
			continue
		}
		devices, err := n.DevicesFor(addr)
		if err != nil {
			continue
		}
		for _, d := range devices {
			if slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Addr() == addr }) {
				found = append(found, Site{Space: n, Dev: d.Link})
			}
		}
	}
	return found
}

// LeadsOn is the address by which a station can be a router to dst: in a prefix of the
// device that asks.
func (s Station) LeadsOn(from machine.Device, dst netip.Addr) (netip.Addr, bool) {
	route := s.Space.Route(machine.RouteQuery{Dst: dst})
	direct := route.Kind == machine.KindUnicast && !route.Via.IsValid() && route.Dev != s.Dev.Index
	if route.Kind != machine.KindLocal && !direct {
		return netip.Addr{}, false
	}
	return s.Near(from)
}

// Near is an address of the station in a prefix of the device that asks.
func (s Station) Near(from machine.Device) (netip.Addr, bool) {
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return netip.Addr{}, false
	}
	for _, far := range addrs {
		for _, own := range from.Addrs {
			if own.Prefix.Contains(far.Prefix.Addr()) {
				return far.Prefix.Addr(), true
			}
		}
	}
	return netip.Addr{}, false
}

// GatewayMissing is the finding of a bridge of n without the address that those on it have
// for their gateway, and without any of their network; nil where it is not that, or where
// one of the stations on the wire has it.
func (s Site) GatewayMissing(n *machine.Space, bridge table.Link, stations []Station) cause.Finding {
	gateway := s.Space.Route(machine.RouteQuery{Dst: machine.Documentation}).Via
	has, missing := machine.Networkless(n, bridge, gateway)
	near, ok := machine.PrefixOver(s.Space, s.Dev, gateway)
	elsewhere := slices.ContainsFunc(stations, func(s Station) bool { return s.Space != nil && s.Has(gateway) })
	if bridge.Bridge == nil || !missing || !ok || elsewhere {
		return nil
	}
	address := remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(gateway, near.Bits()), Dev: bridge.Name}
	return cause.GatewayNameless{At: cause.At(n.Name), Link: bridge, Address: address, Has: has}
}

// FreeAddress is an address for a device of n that none of the spaces has, in the network of one of
// the stations on its wire, if that fits: one that somebody there has a route for, or has for a
// next hop, else the one next to his.
func FreeAddress(spaces []*machine.Space, stations []Station, n *machine.Space, dev string, fits func(netip.Prefix) bool) remedy.Address {
	var free remedy.Address
	for _, s := range stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		addrs, err := s.Space.Addrs(s.Dev.Index)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if !fits(a.Prefix) {
				continue
			}
			if own, ok := s.single(spaces, a.Prefix.Addr()); ok {
				return remedy.Address{Netns: n.Name, Prefix: own, Dev: dev}
			}
			if a.Prefix.Addr().BitLen()-a.Prefix.Bits() < 2 {
				continue
			}
			if hop, ok := s.missed(n, spaces, stations, a.Prefix); ok {
				return remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(hop, a.Prefix.Bits()), Dev: dev}
			}
			for own := a.Prefix.Addr().Next(); !free.Prefix.IsValid() && a.Prefix.Contains(own.Next()); own = own.Next() {
				if len(Owners(spaces, own)) == 0 && !onWire(stations, own) {
					free = remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(own, a.Prefix.Bits()), Dev: dev}
				}
			}
		}
	}
	return free
}

// single is the one address, of a family, for which the station has a route of its own by its
// device, as to a pod at the other end of a wire, where nobody has that.
func (s Station) single(spaces []*machine.Space, like netip.Addr) (only netip.Prefix, found bool) {
	snap, err := s.Space.Snapshot(table.Links | table.Routes)
	if err != nil {
		return only, false
	}
	for _, r := range snap.Routes {
		if r.Dev != s.Dev.Name || r.Type != "unicast" || r.Via.IsValid() || !r.Dst.IsSingleIP() || r.Dst.Addr().Is4() != like.Is4() {
			continue
		}
		if found || len(Owners(spaces, r.Dst.Addr())) > 0 {
			return netip.Prefix{}, false
		}
		only, found = r.Dst, true
	}
	return only, found
}

// missed is an address of a network that the station has for a next hop by its device, and
// that neither n nor anybody on the wire has.
func (s Station) missed(n *machine.Space, spaces []*machine.Space, wire []Station, network netip.Prefix) (netip.Addr, bool) {
	snap, err := s.Space.Snapshot(table.Links | table.Routes)
	if err != nil {
		return netip.Addr{}, false
	}
	for _, r := range snap.Routes {
		if r.Dev == s.Dev.Name && network.Contains(r.Via) && !n.Local(r.Via) && !onWire(wire, r.Via) && len(Owners(spaces, r.Via)) == 0 {
			return r.Via, true
		}
	}
	return netip.Addr{}, false
}

// onWire reports whether somebody on a wire has an address.
func onWire(wire []Station, addr netip.Addr) bool {
	return slices.ContainsFunc(wire, func(s Station) bool { return s.Space != nil && s.Has(addr) })
}

// LeadsBy reports whether a next hop is somebody else than n, and leads to an address by
// itself.
func LeadsBy(spaces []*machine.Space, via netip.Addr, n *machine.Space, dst netip.Addr) bool {
	return slices.ContainsFunc(Owners(spaces, via), func(s Site) bool {
		return s.Space != n && Station{Space: s.Space, Dev: s.Dev}.LeadsTo(dst)
	})
}

// Wider is the way of the route that n would take to an address of somebody's, were the one
// that it takes not there, by a router that leads on.
func Wider(spaces []*machine.Space, n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (WayOut, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || len(Owners(spaces, dst)) == 0 {
		return WayOut{}, false
	}
	rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) })
	if !ok || !rest.Via.IsValid() || !LeadsBy(spaces, rest.Via, n, dst) {
		return WayOut{}, false
	}
	dev, err := n.Link(rest.Dev)
	return WayOut{Dev: dev, Via: rest.Via, Onlink: rest.Onlink}, err == nil
}
