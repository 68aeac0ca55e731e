package fabric

import (
	"slices"

	"nstutor/diag/explain/cause"
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
	if v.vlan != 0 {
		_, v = inVLAN(n, bridge, port, all, v)
		return v
	}
	pvid := slices.IndexFunc(all[port.Index], func(c table.PortVLAN) bool { return c.PVID })
	if pvid < 0 {
		return v.stoppedBy(n, port.Name, cause.NoPVID{At: cause.At(n.Name), Port: port.Name, Bridge: bridge.Name})
	}
	v.vlan = all[port.Index][pvid].ID
	return v
}

// tagOut is a frame's way out of a port: its VLAN has to be one of the port's,
// where it may leave without its tag (br_allowed_egress(), br_handle_vlan()).
func (x *Explorer) tagOut(n *machine.Space, bridge, port table.Link, v Way) Way {
	all := x.vlans(n, bridge)
	if all == nil {
		return v
	}
	c, v := inVLAN(n, bridge, port, all, v)
	if c.Untagged {
		v.vlan = 0
	}
	return v
}

// inVLAN is the frame's VLAN as the port carries it, and the frame's way: stopped
// where the port does not.
func inVLAN(n *machine.Space, bridge, port table.Link, all map[int][]table.PortVLAN, v Way) (table.PortVLAN, Way) {
	for _, c := range all[port.Index] {
		if c.ID == v.vlan {
			return c, v
		}
	}
	return table.PortVLAN{}, v.stoppedBy(n, port.Name, cause.NotCarried{At: cause.At(n.Name), Port: port.Name, Bridge: bridge.Name, VLAN: v.vlan, Self: port.Index == bridge.Index})
}
