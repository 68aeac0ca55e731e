package judge

import (
	"iter"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/ipv6"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// Explore sends a frame from a device and tells where it comes to. The device
// itself is taken to be up.
func (j *Judge) Explore(n *machine.Space, link table.Link, leg flows.Leg, mac net.HardwareAddr) *fabric.Explorer {
	x := &fabric.Explorer{Net: j.Net, Leg: leg, MAC: mac}
	x.From(n, link)
	return x
}

// Send sends the packet in a frame, and tells where that comes to; above, with devices that stand
// on others.
func (a *Search) Send(mac net.HardwareAddr, above bool) *fabric.Explorer {
	x := &fabric.Explorer{Net: a.Net, Leg: a.Packet.Leg, MAC: mac, Dst: a.Packet.Dst, Above: above}
	x.From(a.Space, a.Link)
	return x
}

// Ask sends an ARP request from a device and tells where it comes to.
func (j *Judge) Ask(n *machine.Space, link table.Link, leg flows.Leg, sender, target netip.Addr, above bool) *fabric.Explorer {
	x := &fabric.Explorer{Net: j.Net, Leg: leg, ARP: eval.NeighbourRequest(sender, target), Of: target, Above: above}
	x.ARP.From = journey.Sender(link)
	x.From(n, link)
	return x
}

// What follows looks through every space that can be seen. Only a packet that is lost
// already is worth that.

// wayTo looks for a device of n that leads to an address: one on whose wire
// somebody has it, or else has a route to it. It does not look at the device
// with index but, which is known not to.
func (j *Judge) wayTo(n *machine.Space, dst netip.Addr, but int) (fabric.WayOut, bool) {
	var routed fabric.WayOut
	found := false
	for d, s := range j.onWires(n, dst, but) {
		if s.Has(dst) {
			return fabric.WayOut{Dev: d.Link, Far: s}, true
		}
		if via, ok := s.LeadsOn(d, dst); ok && !found {
			routed, found = fabric.WayOut{Dev: d.Link, Via: via, Far: s}, true
		}
	}
	return routed, found
}

// onWires are the other spaces on the wires of n's devices that are up, or taken to be, as far as nothing is in
// the way to them, each with the device and its addresses of dst's IP version. The device with
// index but is left out.
func (j *Judge) onWires(n *machine.Space, dst netip.Addr, but int) iter.Seq2[machine.Device, fabric.Station] {
	return func(yield func(machine.Device, fabric.Station) bool) {
		devices, err := n.DevicesFor(dst)
		if err != nil {
			return
		}
		for _, d := range devices {
			down := !d.Link.Up() && !j.ToldDown(n.Name, d.Link.Name)
			if down || d.Link.Index == but || d.Link.Master != "" {
				continue
			}
			for _, s := range j.Explore(n, d.Link, flows.LegRequest, nil).Stations {
				if s.Space != nil && s.Space != n && len(s.Obstacles) == 0 && !yield(d, s) {
					return
				}
			}
		}
	}
}

// wayBy looks for a device of n on whose wire is a router from whom others lead to an address,
// one after the other, and none of them through n, nor through any of past.
func (j *Judge) wayBy(n *machine.Space, dst netip.Addr, past ...*machine.Space) (fabric.WayOut, bool) {
	for d, s := range j.onWires(n, dst, 0) {
		if !j.leads(s.Space, dst, append(past[:len(past):len(past)], n)...) {
			continue
		}
		if via, ok := s.Near(d); ok {
			return fabric.WayOut{Dev: d.Link, Via: via, Far: s}, true
		}
	}
	return fabric.WayOut{}, false
}

// leads reports whether the routes of a namespace and of those that follow lead to who has
// an address, past those that been has.
func (j *Judge) leads(n *machine.Space, dst netip.Addr, been ...*machine.Space) bool {
	route := n.Route(machine.RouteQuery{Dst: dst})
	if slices.Contains(been, n) || route.Kind != machine.KindUnicast {
		return !slices.Contains(been, n) && route.Kind == machine.KindLocal
	}
	link, err := n.LinkByIndex(route.Dev)
	next := dst
	if route.Via.IsValid() {
		next = route.Via
	}
	return err == nil && len(been) < journey.MaxHops && slices.ContainsFunc(j.Explore(n, link, flows.LegRequest, nil).Stations, func(s fabric.Station) bool {
		return s.Space != nil && s.Has(next) && j.leads(s.Space, dst, append(been[:len(been):len(been)], n)...)
	})
}

// end is the far end of a tunnel.
type end struct {
	fabric.Site
	addr netip.Addr // of the space, as the tunnel's packets need it
}

// otherEnd looks for the device of the same VXLAN that a frame is meant for.
func (j *Judge) otherEnd(near fabric.Site, meant func(*machine.Space, table.Link) bool) (end, bool) {
	for _, n := range j.World.All() {
		if n == near.Space || near.Dev.VXLAN == nil {
			continue
		}
		dev, ok, err := n.VXLANDevice(near.Dev.VXLAN)
		if err != nil || !ok {
			continue
		}
		at := fabric.OwnEnd(n, dev)
		if !at.IsValid() {
			continue
		}
		inner := dev
		if dev.Master != "" {
			if bridge, err := n.Link(dev.Master); err == nil {
				inner = bridge
			}
		}
		if (meant(n, inner) || j.behind(n, dev, meant)) && j.Net.Carry(near.Space, near.Dev, flows.LegRequest, at).Landed == n {
			return end{fabric.Site{Space: n, Dev: inner}, at}, true
		}
	}
	return end{}, false
}

// behind reports whether what is meant hangs on the same bridge as dev.
func (j *Judge) behind(n *machine.Space, dev table.Link, meant func(*machine.Space, table.Link) bool) bool {
	if dev.Port == nil {
		return false
	}
	x := &fabric.Explorer{Net: j.Net}
	x.Into(n, dev)
	return slices.ContainsFunc(x.Stations, func(s fabric.Station) bool { return s.Space != nil && meant(s.Space, s.Dev) })
}

// gateway is the next hop that a device has for a destination.
func (j *Judge) gateway(n *machine.Space, d machine.Device, dst netip.Addr) (_ netip.Addr, knows bool) {
	return fabric.Gateway(n, d, dst, j.Explore(n, d.Link, flows.LegRequest, nil))
}

// joined are the spaces that wires join to n. Those of another network of the machine may
// have the same addresses, which says nothing.
func (j *Judge) joined(n *machine.Space) []*machine.Space {
	return slices.Collect(j.World.Connected(n, machine.ByWire))
}

// Address is a free address for a device that has none to send to dst from, where its
// wire tells which network it is in.
func (j *Judge) Address(n *machine.Space, link table.Link, dst netip.Addr) remedy.Address {
	fits := func(p netip.Prefix) bool { return p.Addr().Is4() == dst.Is4() && !scopes.OfLink(p.Addr()) }
	there := j.Explore(n, link, flows.LegRequest, nil).Stations
	free := fabric.FreeAddress(j.joined(n), there, n, link.Name, fits)
	free.Dev = link.Name
	if dst.Is6() {
		free.Shut, free.MTU = n.Shut(link), fabric.WireMTU(there)
	}
	return free
}

// Owned is the finding of an address of n that duplicate address detection has failed for, with
// who has it; and any other finding as it is.
func (j *Judge) Owned(n *machine.Space, f cause.Finding) cause.Finding {
	c, ok := f.(ipv6.Contested)
	if !ok {
		return f
	}
	link, err := n.Link(c.Dev)
	if err != nil {
		return f
	}
	stations := j.Explore(n, link, flows.LegRequest, nil).Stations
	for _, s := range stations {
		if s.Space != nil && s.Uses(c.Addr.Prefix.Addr()) {
			c.Other = s.Device()
		}
	}
	c.Free = fabric.FreeAddress(j.joined(n), stations, n, c.Dev, func(p netip.Prefix) bool { return p.Masked() == c.Addr.Prefix.Masked() })
	return c
}

// tooNarrow is the finding of an address whose network ends before the destination.
func (j *Judge) tooNarrow(n *machine.Space, dst netip.Addr) (cause.Finding, machine.RouteAnswer, bool) {
	return fabric.TooNarrow(n, dst, func(dev table.Link) []fabric.Station { return j.Explore(n, dev, flows.LegRequest, nil).Stations })
}
