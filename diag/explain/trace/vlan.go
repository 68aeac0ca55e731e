package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// vlans are what the ports of a bridge that filters by VLAN carry; nil of one
// that does not.
func (x *explorer) vlans(n *machine.Space, bridge table.Link) map[int][]table.PortVLAN {
	if bridge.Bridge == nil || !bridge.Bridge.VLANFiltering {
		return nil
	}
	one, err := n.Ask()
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return nil
	}
	all, err := one.VLANs(bridge.Index)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return nil
	}
	return all
}

// tagIn is a frame's way on from a port, or from the bridge's own namespace: in
// the VLAN of its tag or, without one, in the port's PVID (br_allowed_ingress()).
// Inside the bridge every frame has its VLAN.
func (x *explorer) tagIn(n *machine.Space, bridge, port table.Link, v way) way {
	all := x.vlans(n, bridge)
	if all == nil {
		return v
	}
	if v.vlan == 0 {
		for _, carried := range all[port.Index] {
			if carried.PVID {
				v.vlan = carried.ID
				return v
			}
		}
		return v.stoppedBy(n, port.Name, cause.NoPVID{At: at(n), Port: port.Name, Bridge: bridge.Name})
	}
	return x.tagged(n, bridge, port, all, v)
}

// tagOut is a frame's way out of a port: its VLAN has to be one of the port's,
// where it may leave without its tag (br_allowed_egress(), br_handle_vlan()).
func (x *explorer) tagOut(n *machine.Space, bridge, port table.Link, v way) way {
	all := x.vlans(n, bridge)
	if all == nil {
		return v
	}
	for _, carried := range all[port.Index] {
		if carried.ID == v.vlan {
			if carried.Untagged {
				v.vlan = 0
			}
			return v
		}
	}
	return x.tagged(n, bridge, port, all, v)
}

// tagged is the way of a frame with a tag, where the port may not carry it.
func (x *explorer) tagged(n *machine.Space, bridge, port table.Link, all map[int][]table.PortVLAN, v way) way {
	for _, carried := range all[port.Index] {
		if carried.ID == v.vlan {
			return v
		}
	}
	return v.stoppedBy(n, port.Name, cause.NotCarried{At: at(n), Port: port.Name, Bridge: bridge.Name, VLAN: v.vlan, Self: port.Index == bridge.Index})
}
