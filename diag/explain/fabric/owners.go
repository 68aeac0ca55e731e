package fabric

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
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

// Gateway is the next hop of the site to what is like an address; invalid where it has none.
func (s Site) Gateway(like netip.Addr) netip.Addr {
	return s.Space.Route(machine.RouteQuery{Dst: machine.Elsewhere(like)}).Via
}

// GatewayMissing is the finding of a device of n, on the wire of the site, without the address
// that the site has for a gateway, and without any of its network; false where it is not that,
// or where one of the stations there has it.
func (s Site) GatewayMissing(n *machine.Space, dev table.Link, gateway netip.Addr, stations []Station) (cause.GatewayNameless, bool) {
	has, missing := machine.Networkless(n, dev, gateway)
	near, ok := machine.PrefixOver(s.Space, s.Dev, gateway)
	elsewhere := slices.ContainsFunc(stations, func(s Station) bool { return s.Space != nil && s.Has(gateway) })
	if !missing || !ok || elsewhere {
		return cause.GatewayNameless{}, false
	}
	address := remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(gateway, near.Bits()), Dev: dev.Name}
	return cause.GatewayNameless{At: cause.At(n.Name), Link: dev, Address: address, Has: has}, true
}

// FreeAddress is an address for a device of n that none of the spaces has, in the network of one of
// the stations on its wire, if that fits: one that somebody there has a route for, or has for a
// next hop, the other one of two, else the one next to his.
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
		numbered := false
		for _, a := range addrs {
			if !fits(a.Prefix) {
				continue
			}
			numbered = true
			if own, ok := s.single(spaces, func(p netip.Prefix) bool { return p.Addr().Is4() == a.Prefix.Addr().Is4() }); ok {
				return remedy.Address{Netns: n.Name, Prefix: own, Dev: dev}
			}
			if a.Prefix.Addr().BitLen()-a.Prefix.Bits() < 2 {
				if other, ok := ofTwo(a.Prefix); ok && len(Owners(spaces, other.Addr())) == 0 {
					return remedy.Address{Netns: n.Name, Prefix: other, Dev: dev}
				}
				continue
			}
			if hop, ok := s.missed(n, spaces, stations, a.Prefix); ok {
				return remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(hop, a.Prefix.Bits()), Dev: dev}
			}
			if free.Prefix.IsValid() {
				continue
			}
			if own := nextFree(spaces, a.Prefix, func(own netip.Addr) bool { return onWire(stations, own) }); own.IsValid() {
				free = remedy.Address{Netns: n.Name, Prefix: own, Dev: dev}
			}
		}
		if own, ok := s.single(spaces, fits); ok && !numbered { // its end of the wire needs no address
			return remedy.Address{Netns: n.Name, Prefix: own, Dev: dev}
		}
	}
	return free
}

// ofTwo is the other address of a network that has no more than two (RFC 3021, RFC 6164).
func ofTwo(own netip.Prefix) (netip.Prefix, bool) {
	other := own.Masked().Addr()
	if other == own.Addr() {
		other = other.Next()
	}
	return netip.PrefixFrom(other, own.Bits()), own.Bits() == own.Addr().BitLen()-1
}

// nextFree is the first address behind one of a network that none of the spaces has, and that
// is not taken.
func nextFree(spaces []*machine.Space, network netip.Prefix, taken func(netip.Addr) bool) netip.Prefix {
	for own := network.Addr().Next(); network.Contains(own.Next()); own = own.Next() {
		if len(Owners(spaces, own)) == 0 && !taken(own) {
			return netip.PrefixFrom(own, network.Bits())
		}
	}
	return netip.Prefix{}
}

// FreeBeside is an address for another device of a namespace on the wire of one that has an
// address there, of the same network and alone: one that none of the spaces has, and that the
// namespace knows nobody by.
func FreeBeside(spaces []*machine.Space, s Site, dst netip.Addr) netip.Prefix {
	network, near := machine.PrefixOver(s.Space, s.Dev, dst)
	snap, err := s.Space.Snapshot(table.Links | table.Neighbours)
	if !near || err != nil {
		return netip.Prefix{}
	}
	known := func(own netip.Addr) bool {
		return slices.ContainsFunc(snap.Neighbours, func(entry table.Neighbour) bool { return entry.Dst == own && entry.State != "FAILED" })
	}
	if free := nextFree(spaces, network, known); free.IsValid() {
		return change.Single(free.Addr())
	}
	return netip.Prefix{}
}

// single is the one address that fits for which the station has a route of its own by its
// device, as to a pod at the other end of a wire, where nobody has that.
func (s Station) single(spaces []*machine.Space, fits func(netip.Prefix) bool) (only netip.Prefix, found bool) {
	snap, err := s.Space.Snapshot(table.Links | table.Routes)
	if err != nil {
		return only, false
	}
	for _, r := range snap.Routes {
		if r.Dev != s.Dev.Name || r.Type != "unicast" || r.Proto == "kernel" || r.Via.IsValid() || !r.Dst.IsSingleIP() || !fits(r.Dst) {
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
