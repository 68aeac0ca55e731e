package trace

import (
	"bytes"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// What is in this file looks through every namespace that can be seen. Only a
// packet that is lost already is worth that.

// owners are the devices that have an address.
func (w *walk) owners(addr netip.Addr) []site {
	var found []site
	for _, n := range w.world.All() {
		if n.Route(machine.RouteQuery{Dst: addr}).Kind != machine.KindLocal {
			continue
		}
		devices, err := n.Devices()
		if err != nil {
			continue
		}
		for _, d := range devices {
			if slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Addr() == addr }) {
				found = append(found, site{n, d.Link})
			}
		}
	}
	return found
}

// wayOut is a device of a namespace that leads to somewhere.
type wayOut struct {
	dev    table.Link
	via    netip.Addr // invalid: the destination is on the wire
	onlink bool       // via is in none of the device's prefixes
	far    station
}

// to is the way as the first route that a namespace has to an address.
func (o wayOut) to(n *machine.Space, dst netip.Addr) cause.Way {
	return cause.Way{Netns: n.Name, Dst: dst, Dev: o.dev.Name, Via: o.via, Onlink: o.onlink}
}

// insteadTo is the way as the route to an address, whether there is one or not.
func (o wayOut) insteadTo(n *machine.Space, dst netip.Addr) cause.Way {
	way := o.to(n, dst)
	way.Replace = machine.HasHostRoute(n, dst)
	return way
}

// wayTo looks for a device of n that leads to an address: one on whose wire
// somebody has it, or else has a route to it. It does not look at the device
// with index but, which is known not to.
func (w *walk) wayTo(n *machine.Space, dst netip.Addr, but int) (wayOut, bool) {
	devices, err := n.Devices()
	if err != nil {
		return wayOut{}, false
	}
	var routed []wayOut
	for _, d := range devices {
		if !d.Link.Up() || d.Link.Index == but || d.Link.Master != "" {
			continue
		}
		for _, s := range w.explore(n, d.Link, LegRequest, nil).stations {
			if s.node == nil || len(s.obstacles) > 0 || s.node == n {
				continue
			}
			if has(s, dst) {
				return wayOut{dev: d.Link, far: s}, true
			}
			if via, ok := w.leadsOn(d, s, dst); ok {
				routed = append(routed, wayOut{dev: d.Link, via: via, far: s})
			}
		}
	}
	if len(routed) == 0 {
		return wayOut{}, false
	}
	return routed[0], true
}

// has reports whether the address is one of the station's device.
func has(s station, addr netip.Addr) bool {
	addrs, err := s.node.Addrs(s.dev.Index)
	return err == nil && slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Addr() == addr })
}

// leadsOn is the address by which a station can be a router to dst: in a prefix
// of the device that asks.
func (w *walk) leadsOn(d machine.Device, s station, dst netip.Addr) (netip.Addr, bool) {
	route := s.node.Route(machine.RouteQuery{Dst: dst})
	direct := route.Kind == machine.KindUnicast && !route.Via.IsValid() && route.Dev != s.dev.Index
	if route.Kind != machine.KindLocal && !direct {
		return netip.Addr{}, false
	}
	addrs, err := s.node.Addrs(s.dev.Index)
	if err != nil {
		return netip.Addr{}, false
	}
	for _, far := range addrs {
		for _, own := range d.Addrs {
			if own.Prefix.Contains(far.Prefix.Addr()) {
				return far.Prefix.Addr(), true
			}
		}
	}
	return netip.Addr{}, false
}

// end is the far end of a tunnel.
type end struct {
	site
	addr netip.Addr // of the namespace, as the tunnel's packets need it
}

// otherEnd looks for the device of the same VXLAN that a frame is meant for.
func (w *walk) otherEnd(near site, meant func(*machine.Space, table.Link) bool) (end, bool) {
	for _, n := range w.world.All() {
		if n == near.node {
			continue
		}
		dev, ok, err := n.VXLANDevice(near.dev.VXLAN)
		if err != nil || !ok || !dev.VXLAN.Local.IsValid() {
			continue
		}
		inner := dev
		if dev.Master != "" {
			if bridge, err := n.Link(dev.Master); err == nil {
				inner = bridge
			}
		}
		if (meant(n, inner) || w.behind(n, dev, meant)) && w.trial(near.node, near.dev, LegRequest, dev.VXLAN.Local).landed == n {
			return end{site{n, inner}, dev.VXLAN.Local}, true
		}
	}
	return end{}, false
}

// behind reports whether what is meant hangs on the same bridge as dev.
func (w *walk) behind(n *machine.Space, dev table.Link, meant func(*machine.Space, table.Link) bool) bool {
	if dev.Port == nil {
		return false
	}
	x := &explorer{w: w, been: map[place]bool{}}
	x.arrive(n, dev, way{})
	return slices.ContainsFunc(x.stations, func(s station) bool { return s.node != nil && meant(s.node, s.dev) })
}

// ownAddress is where a namespace has an address, or zero.
func ownAddress(n *machine.Space, addr netip.Addr) cause.Address {
	if found := machine.AddressesOf(n, addr); len(found) > 0 {
		return cause.Address{Netns: n.Name, Prefix: found[0].Prefix, Dev: found[0].Dev}
	}
	lo, err := n.Link("lo")
	if err != nil {
		return cause.Address{}
	}
	own, ok := machine.PrefixOver(n, lo, addr)
	if !ok || own.Addr() != addr {
		return cause.Address{}
	}
	return cause.Address{Netns: n.Name, Prefix: own, Dev: "lo"}
}

// elsewhere is the fault of a tunnel whose forwarding database has the wrong
// other end for a frame.
func (a *arping) elsewhere(x *explorer) (cause.TunnelElsewhere, station, bool) {
	tried := map[netip.Addr]bool{}
	for _, s := range x.stations {
		for _, c := range s.crossings {
			tried[c.remote] = true
		}
	}
	for _, s := range x.stations {
		for _, c := range s.crossings {
			if !c.remote.IsValid() {
				continue
			}
			far, ok := a.w.otherEnd(site{c.node, c.dev}, a.isMeant)
			if !ok || tried[far.addr] {
				continue
			}
			return cause.TunnelElsewhere{
				NextHop: a.hop(), Dev: c.dev.Name, Remote: c.remote, Right: rightEntry(x, c, far),
				Entries: fdbOf(site{c.node, c.dev}, func(e table.FDBEntry) bool { return e.Dst == c.remote }),
			}, station{node: far.node, dev: far.dev}, true
		}
	}
	return cause.TunnelElsewhere{}, station{}, false
}

// rightEntry is the entry that sends the frame to the right end.
func rightEntry(x *explorer, c crossing, far end) cause.TunnelEntry {
	entry := cause.TunnelEntry{Netns: c.node.Name, Dev: c.dev.Name, MAC: everybody, Dst: far.addr}
	own := func(e table.FDBEntry) bool { return bytes.Equal(e.MAC, x.mac) }
	if x.mac != nil && len(fdbOf(site{c.node, c.dev}, own)) > 0 {
		entry.MAC, entry.Replace = x.mac, true
	}
	return entry
}

// fdbOf are those entries of a tunnel's forwarding database that are wanted.
func fdbOf(s site, wanted func(table.FDBEntry) bool) []table.FDBEntry {
	one, err := s.node.Ask()
	if err != nil {
		return nil
	}
	entries, _ := one.VXLANFDB(s.dev.Index)
	return slices.DeleteFunc(entries, func(e table.FDBEntry) bool { return !wanted(e) })
}
