package fabric

import (
	"bytes"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// vlans are what the ports of a bridge that filters by VLAN carry; nil of one
// that does not.
func (x *Explorer) vlans(n *machine.Space, bridge table.Link) map[int][]table.PortVLAN {
	if bridge.Bridge == nil || !bridge.Bridge.VLANFiltering {
		return nil
	}
	one, err := n.Ask()
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return nil
	}
	all, err := one.VLANs(bridge.Index)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return nil
	}
	return all
}

// tagIn is a frame's way on from a port, or from the bridge's own namespace: in
// the VLAN of its tag or, without one, in the port's PVID (br_allowed_ingress()).
// Inside the bridge every frame has its VLAN.
func (x *Explorer) tagIn(n *machine.Space, bridge, port table.Link, v Way) Way {
	all := x.vlans(n, bridge)
	if all == nil {
		return v
	}
	if v.service { // a bridge that filters by 802.1Q takes it for no tag, and adds one (br_allowed_ingress())
		x.Unseen = append(x.Unseen, say.T("tags in tags of %s are not followed", "%s 的双层标签没有跟踪", port.Name))
		return v
	}
	if v.vlan != 0 {
		_, v = inVLAN(n, bridge, port, all, v)
		return v
	}
	pvid := slices.IndexFunc(all[port.Index], func(c table.PortVLAN) bool { return c.PVID })
	if pvid < 0 {
		v.vlan = onlyVLAN(all, port.Index)
		return v.stoppedBy(n, port.Name, device.NoPVID{At: cause.At(n.Name), Port: port.Name, Bridge: bridge.Name, VLAN: v.vlan, Self: port.Index == bridge.Index})
	}
	v.vlan = all[port.Index][pvid].ID
	return v
}

// tagOut is a frame's way out of a port: its VLAN has to be one of the port's,
// where it may leave without its tag (br_allowed_egress(), br_handle_vlan()).
func (x *Explorer) tagOut(n *machine.Space, bridge, port table.Link, v Way) Way {
	all := x.vlans(n, bridge)
	if all == nil || v.vlan == 0 { // of its port it is not known which it should be
		return v
	}
	c, v := inVLAN(n, bridge, port, all, v)
	if c.Untagged {
		v.vlan = 0
	}
	return v
}

// tagUp is a frame's way up to the bridge's own device. Where no VLAN device on that is for
// its VLAN, it has to come up without its tag.
func (x *Explorer) tagUp(n *machine.Space, bridge table.Link, v Way) Way {
	up := x.tagOut(n, bridge, bridge, v)
	if up.vlan == 0 || len(up.Obstacles) == len(v.Obstacles) || slices.ContainsFunc(x.Net.Above(n, bridge.Index), func(a machine.Above) bool { return a.Link.Kind == "vlan" && a.Link.VLANID == up.vlan }) {
		return up
	}
	all, last := x.vlans(n, bridge), len(up.Obstacles)-1
	up.Obstacles[last].Fault = device.NotCarried{At: cause.At(n.Name), Port: bridge.Name, Bridge: bridge.Name, VLAN: up.vlan, Self: true, Bare: true, Shared: shared(all, bridge.Index)}
	up.vlan = 0
	return up
}

// onlyVLAN is the VLAN of all other ports of a bridge; 0 where they have several.
func onlyVLAN(all map[int][]table.PortVLAN, but int) (only int) {
	for index, carried := range all {
		for _, c := range carried {
			switch {
			case index == but || c.ID == only:
			case only != 0:
				return 0
			default:
				only = c.ID
			}
		}
	}
	return only
}

// shared reports whether other ports are in the VLAN of a bridge's own device.
func shared(all map[int][]table.PortVLAN, self int) bool {
	for _, own := range all[self] {
		for index, carried := range all {
			if own.PVID && index != self && slices.ContainsFunc(carried, func(c table.PortVLAN) bool { return c.ID == own.ID }) {
				return true
			}
		}
	}
	return false
}

// inVLAN is the frame's VLAN as the port carries it, and the frame's way: stopped
// where the port does not.
func inVLAN(n *machine.Space, bridge, port table.Link, all map[int][]table.PortVLAN, v Way) (table.PortVLAN, Way) {
	for _, c := range all[port.Index] {
		if c.ID == v.vlan {
			return c, v
		}
	}
	return table.PortVLAN{}, v.stoppedBy(n, port.Name, device.NotCarried{At: cause.At(n.Name), Port: port.Name, Bridge: bridge.Name, VLAN: v.vlan, Self: port.Index == bridge.Index})
}

// Rather has the port by which a frame came into a bridge blamed, and not the one by which it
// would leave what can be seen, where that does not carry the frame's VLAN: if somebody has heard
// of the next hop behind it, in another VLAN. mac is what who asks knows of the next hop, if anything.
func (e Edge) Rather(nextHop netip.Addr, mac net.HardwareAddr) Edge {
	for i, o := range e.Obstacles {
		stopped, ok := o.Fault.(device.NotCarried)
		if !ok || o.Space == nil || stopped.Self || o.At >= len(e.Crossings) {
			continue
		}
		if f, found := inOtherVLAN(o.Space, e.Crossings[o.At], stopped, nextHop, mac); found {
			e.Obstacles = slices.Clone(e.Obstacles)
			e.Obstacles[i].Fault = f
		}
	}
	return e
}

// inOtherVLAN is the finding of a port whose own VLAN is another one than that in which a bridge
// has the next hop behind the port out.
func inOtherVLAN(n *machine.Space, out Crossing, stopped device.NotCarried, nextHop netip.Addr, mac net.HardwareAddr) (f device.OtherVLAN, found bool) {
	snap, err := n.Snapshot(table.Links | table.Neighbours | table.FDB)
	if err != nil {
		return f, false
	}
	bridge, known := snap.Link(out.Bridged)
	in, there := snap.Link(out.From)
	one, err := n.Ask()
	if !known || !there || err != nil {
		return f, false
	}
	all, err := one.VLANs(bridge.Index)
	carries := func(port table.Link, vlan int, pvid bool) bool {
		return slices.ContainsFunc(all[port.Index], func(c table.PortVLAN) bool { return c.ID == vlan && (c.PVID || !pvid) })
	}
	if err != nil || !carries(in, stopped.VLAN, true) {
		return f, false // the tag is the sender's own
	}
	f = device.OtherVLAN{At: cause.At(n.Name), NextHop: nextHop, Port: in.Name, Bridge: bridge.Name, Has: stopped.VLAN, Out: out.Dev.Name, Self: in.Index == bridge.Index}
	for _, entry := range snap.Neighbours {
		on, _ := snap.Link(entry.Dev)
		if entry.Dst == nextHop && len(entry.MAC) > 0 && (on.Index == bridge.Index || on.Kind == "vlan" && on.PeerIndex == bridge.Index) {
			mac, f.Proof = entry.MAC, append(f.Proof, entry.Line())
		}
	}
	for _, entry := range snap.FDB {
		if len(mac) > 0 && bytes.Equal(entry.MAC, mac) && entry.Dev == out.Dev.Name && entry.Master == bridge.Name && entry.VLAN != stopped.VLAN && carries(out.Dev, entry.VLAN, false) {
			f.VLAN, f.Proof = entry.VLAN, append(f.Proof, entry.Line())
			return f, true
		}
	}
	return f, false
}
