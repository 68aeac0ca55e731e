package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// What is in this file looks through every namespace that can be seen. Only a
// packet that is lost already is worth that.

// wayTo looks for a device of n that leads to an address: one on whose wire
// somebody has it, or else has a route to it. It does not look at the device
// with index but, which is known not to.
func (w *walk) wayTo(n *machine.Space, dst netip.Addr, but int) (fabric.WayOut, bool) {
	devices, err := n.DevicesFor(dst)
	if err != nil {
		return fabric.WayOut{}, false
	}
	var routed []fabric.WayOut
	for _, d := range devices {
		if !d.Link.Up() || d.Link.Index == but || d.Link.Master != "" {
			continue
		}
		for _, s := range w.explore(n, d.Link, flows.LegRequest, nil).Stations {
			if s.Space == nil || len(s.Obstacles) > 0 || s.Space == n {
				continue
			}
			if s.Has(dst) {
				return fabric.WayOut{Dev: d.Link, Far: s}, true
			}
			if via, ok := s.LeadsOn(d, dst); ok {
				routed = append(routed, fabric.WayOut{Dev: d.Link, Via: via, Far: s})
			}
		}
	}
	if len(routed) == 0 {
		return fabric.WayOut{}, false
	}
	return routed[0], true
}

// end is the far end of a tunnel.
type end struct {
	fabric.Site
	addr netip.Addr // of the namespace, as the tunnel's packets need it
}

// otherEnd looks for the device of the same VXLAN that a frame is meant for.
func (w *walk) otherEnd(near fabric.Site, meant func(*machine.Space, table.Link) bool) (end, bool) {
	for _, n := range w.world.All() {
		if n == near.Space || near.Dev.VXLAN == nil {
			continue
		}
		dev, ok, err := n.VXLANDevice(near.Dev.VXLAN)
		if err != nil || !ok || !dev.VXLAN.Local.IsValid() {
			continue
		}
		inner := dev
		if dev.Master != "" {
			if bridge, err := n.Link(dev.Master); err == nil {
				inner = bridge
			}
		}
		if (meant(n, inner) || w.behind(n, dev, meant)) && w.trial(near.Space, near.Dev, flows.LegRequest, dev.VXLAN.Local).landed == n {
			return end{fabric.Site{Space: n, Dev: inner}, dev.VXLAN.Local}, true
		}
	}
	return end{}, false
}

// behind reports whether what is meant hangs on the same bridge as dev.
func (w *walk) behind(n *machine.Space, dev table.Link, meant func(*machine.Space, table.Link) bool) bool {
	if dev.Port == nil {
		return false
	}
	x := &fabric.Explorer{Net: paths{w}}
	x.Into(n, dev)
	return slices.ContainsFunc(x.Stations, func(s fabric.Station) bool { return s.Space != nil && meant(s.Space, s.Dev) })
}

// elsewhere is the fault of a tunnel whose forwarding database has the wrong
// other end for a frame.
func (a *arping) elsewhere(x *fabric.Explorer) (device.TunnelElsewhere, fabric.Station, bool) {
	tried := map[netip.Addr]bool{}
	for _, s := range x.Stations {
		for _, c := range s.Crossings {
			tried[c.Remote] = true
		}
	}
	for _, s := range x.Stations {
		for _, c := range s.Crossings {
			if !c.Remote.IsValid() {
				continue
			}
			far, ok := a.w.otherEnd(fabric.Site{Space: c.Space, Dev: c.Dev}, a.isMeant)
			if !ok || tried[far.addr] {
				continue
			}
			return device.TunnelElsewhere{
				NextHop: a.hop(), Dev: c.Dev.Name, Remote: c.Remote, Right: x.Right(c, far.addr),
				Entries: machine.FDBOf(c.Space, c.Dev, func(e table.FDBEntry) bool { return e.Dst == c.Remote }),
			}, fabric.Station{Space: far.Space, Dev: far.Dev}, true
		}
	}
	return device.TunnelElsewhere{}, fabric.Station{}, false
}
