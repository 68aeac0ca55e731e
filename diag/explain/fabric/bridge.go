package fabric

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// intoBridge follows a frame that a port of a bridge has received: up to the
// bridge's own namespace, and out of the other ports (br_handle_frame_finish()).
func (x *Explorer) intoBridge(n *machine.Space, port table.Link, v Way) {
	bridge, err := n.Link(port.Master)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	if v.vlan != 0 && x.byTag(n, port, v) {
		return
	}
	v = x.tagIn(n, bridge, port, x.through(n, bridge, port, v))
	if x.locked(n, bridge, port) {
		v = v.stoppedBy(n, port.Name, device.PortLocked{At: cause.At(n.Name), Port: Site{n, port}.Device(), Bridge: bridge.Name, MAC: x.sender})
	}
	v = x.arpFiltered(n, v, eval.LinkHook{Family: "bridge", Hook: "prerouting", IIF: port.Name})
	// The bridge takes frames for any of its ports, and what is above it those for the
	// port that they come in by: for eth_type_trans() they are for this host.
	ofPort := bytes.Equal(x.MAC, port.MAC) && !bytes.Equal(x.MAC, bridge.MAC)
	taken := ofPort || bytes.Equal(x.MAC, bridge.MAC) || x.ofAnyPort(n, bridge)
	if x.MAC == nil || taken {
		x.been[place{n, bridge.Index}] = true
		up := x.arpFiltered(n, x.tagUp(n, bridge, v), eval.LinkHook{Family: "bridge", Hook: "input", IIF: port.Name})
		if up.vlan != 0 {
			x.arriveTagged(n, bridge, up)
		} else {
			x.arriveAbove(n, bridge, up)
			x.Stations = append(x.Stations, Station{Space: n, Dev: bridge, Any: ofPort, Way: x.arpAsked(n, up, bridge, true)})
		}
	}
	if !taken {
		x.toPorts(n, bridge, &port, v)
	}
}

// locked reports whether a port takes no frames from the sender. A bridge that filters VLANs has
// entries for each, of which none is asked for.
func (x *Explorer) locked(n *machine.Space, bridge, port table.Link) bool {
	if !port.Port.Locked || x.sender == nil || bridge.Bridge == nil || bridge.Bridge.VLANFiltering {
		return false
	}
	one, err := n.Ask()
	if err != nil {
		return false
	}
	entry, known, err := one.BridgeFDB(bridge.Index, x.sender)
	return err == nil && (!known || entry.Index != port.Index || entry.Local || slices.Contains(entry.Flags, "locked"))
}

// ofAnyPort reports whether a bridge keeps frames for the address to itself.
func (x *Explorer) ofAnyPort(n *machine.Space, bridge table.Link) bool {
	one, err := n.Ask()
	if x.MAC == nil || err != nil || bridge.Bridge == nil || bridge.Bridge.VLANFiltering {
		return false
	}
	entry, known, err := one.BridgeFDB(bridge.Index, x.MAC)
	return err == nil && known && entry.Local
}

// through is the way through a bridge, with what stops frames at the port that
// they use.
func (x *Explorer) through(n *machine.Space, bridge, port table.Link, v Way) Way {
	if !bridge.Up() {
		v = v.stoppedBy(n, bridge.Name, Down(n, bridge))
	}
	// A port without carrier is disabled by that alone.
	if state := port.Port.State; bridge.Up() && state != "forwarding" && (state != "disabled" || port.Carrier()) {
		v = v.stoppedBy(n, port.Name, device.PortWaiting{At: cause.At(n.Name), Port: Site{n, port}.Device(), Bridge: Site{n, bridge}.Device()})
	}
	return v
}

// Down is the fault of a device that is not up.
func Down(n *machine.Space, link table.Link) cause.Finding {
	return cause.DeviceDown{At: cause.At(n.Name), Link: link}
}

// toPorts follows a frame out of the ports of a bridge: of the one that its
// forwarding database has for the address, or else of all. from is the port
// that it came in by; nil for what the bridge's own namespace sends.
func (x *Explorer) toPorts(n *machine.Space, bridge table.Link, from *table.Link, v Way) {
	x.Bridges = append(x.Bridges, Site{n, bridge})
	if from == nil {
		v = x.tagIn(n, bridge, bridge, v)
	}
	ports, err := x.ports(n, bridge)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	for _, port := range ports {
		if port.Port == nil || from != nil && port.Index == from.Index {
			continue
		}
		out := v
		bridged, in := "", ""
		if from != nil {
			bridged, in = bridge.Name, from.Name
		}
		if !port.Up() {
			out = out.stoppedBy(n, port.Name, Down(n, port))
		}
		if from != nil || bridge.Up() { // what sends is taken to be up
			out = x.through(n, bridge, port, out)
		}
		out = x.tagOut(n, bridge, port, out)
		if from != nil && from.Port.Isolated && port.Port.Isolated {
			out = out.stoppedBy(n, port.Name, device.PortsIsolated{At: cause.At(n.Name), From: Site{n, *from}.Device(), To: Site{n, port}.Device(), Bridge: bridge.Name})
		}
		if from != nil {
			out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "forward", IIF: from.Name, OIF: port.Name})
			out = x.bridged(n, out, bridge.Name)
		} else {
			out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "output", OIF: port.Name})
		}
		out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "postrouting", OIF: port.Name})
		switch {
		case x.MAC == nil && from != nil && !x.floods(bridge, port):
			out = out.stoppedBy(n, port.Name, device.PortUnflooded{At: cause.At(n.Name), Port: Site{n, port}.Device(), Bridge: bridge.Name, Multicast: x.ARP.Src.Is6()})
		case x.MAC != nil && len(ports) > 1 && !port.Port.Flood && !port.Port.Learning:
			out = out.stoppedBy(n, port.Name, device.PortUnlearning{At: cause.At(n.Name), Port: Site{n, port}.Device(), Bridge: bridge.Name})
		}
		out.Unflooded = out.Unflooded || x.MAC != nil && len(ports) > 1 && !port.Port.Flood
		x.send(n, port, out, bridged, in)
	}
}

// floods reports whether the frames of one who asks for an address leave by a port, if another
// one received them: what the bridge's own namespace sends leaves all the same. ARP requests are
// broadcast, whoever asks for an address of IPv6 sends multicast (br_flood()): where somebody asks
// who listens to it, the port has it that did (br_multicast_flood()).
func (x *Explorer) floods(bridge, port table.Link) bool {
	if x.ARP.Src.Is6() {
		return port.Port.MulticastFlood || bridge.Bridge == nil || bridge.Bridge.Queried
	}
	return port.Port.BroadcastFlood
}

// ports are those that the frame leaves by.
func (x *Explorer) ports(n *machine.Space, bridge table.Link) ([]table.Link, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	// Each VLAN has entries of its own, and flooding comes to the same stations.
	if x.MAC != nil && (bridge.Bridge == nil || !bridge.Bridge.VLANFiltering) {
		entry, known, err := one.BridgeFDB(bridge.Index, x.MAC)
		if err != nil {
			return nil, err
		}
		if known && entry.Local {
			return nil, nil
		}
		if port, ok := x.Net.HeardAt(n, bridge.Index, x.MAC); ok && !slices.Contains(entry.Flags, "sticky") {
			link, err := n.LinkByIndex(port)
			return []table.Link{link}, err
		}
		if known {
			port, err := n.LinkByIndex(entry.Index)
			return []table.Link{port}, err
		}
	}
	return one.Ports(bridge.Index)
}
