package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// intoBridge follows a frame that a port of a bridge has received: up to the
// bridge's own namespace, and out of the other ports (br_handle_frame_finish()).
func (x *explorer) intoBridge(n *machine.Space, port table.Link, v way) {
	bridge, err := n.Link(port.Master)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	if v.vlan != 0 && x.byTag(n, port, v) {
		return
	}
	v = x.tagIn(n, bridge, port, x.through(n, bridge, port, v))
	v = x.arpFiltered(n, v, eval.LinkHook{Family: "bridge", Hook: "prerouting", IIF: port.Name})
	if x.mac == nil || bytes.Equal(x.mac, bridge.MAC) {
		x.been[place{n, bridge.Index}] = true
		up := x.arpFiltered(n, x.tagOut(n, bridge, bridge, v), eval.LinkHook{Family: "bridge", Hook: "input", IIF: port.Name})
		if up.vlan != 0 {
			x.arriveTagged(n, bridge, up)
		} else {
			x.arriveAbove(n, bridge, up)
			x.stations = append(x.stations, station{node: n, dev: bridge, way: x.arpAsked(n, up, bridge.Name, true)})
		}
	}
	if x.mac == nil || !bytes.Equal(x.mac, bridge.MAC) {
		x.toPorts(n, bridge, &port, v)
	}
}

// through is the way through a bridge, with what stops frames at the port that
// they use.
func (x *explorer) through(n *machine.Space, bridge, port table.Link, v way) way {
	if !bridge.Up() {
		v = v.stoppedBy(n, bridge.Name, down(n, bridge))
	}
	// A port without carrier is disabled by that alone.
	if state := port.Port.State; bridge.Up() && state != "forwarding" && (state != "disabled" || port.Carrier()) {
		v = v.stoppedBy(n, port.Name, cause.PortWaiting{At: at(n), Port: site{n, port}.device(), Bridge: site{n, bridge}.device()})
	}
	return v
}

// down is the fault of a device that is not up.
func down(n *machine.Space, link table.Link) cause.Finding {
	return cause.DeviceDown{At: at(n), Link: link}
}

// toPorts follows a frame out of the ports of a bridge: of the one that its
// forwarding database has for the address, or else of all. from is the port
// that it came in by; nil for what the bridge's own namespace sends.
func (x *explorer) toPorts(n *machine.Space, bridge table.Link, from *table.Link, v way) {
	x.bridges = append(x.bridges, site{n, bridge})
	if from == nil {
		v = x.tagIn(n, bridge, bridge, v)
	}
	ports, err := x.ports(n, bridge)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
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
			out = out.stoppedBy(n, port.Name, down(n, port))
		}
		out = x.tagOut(n, bridge, port, x.through(n, bridge, port, out))
		if from != nil && from.Port.Isolated && port.Port.Isolated {
			out = out.stoppedBy(n, port.Name, cause.PortsIsolated{At: at(n), From: site{n, *from}.device(), To: site{n, port}.device(), Bridge: bridge.Name})
		}
		if from != nil {
			out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "forward", IIF: from.Name, OIF: port.Name})
		} else {
			out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "output", OIF: port.Name})
		}
		out = x.arpFiltered(n, out, eval.LinkHook{Family: "bridge", Hook: "postrouting", OIF: port.Name})
		switch {
		// What the bridge's own namespace sends is broadcast all the same (br_flood()).
		case x.mac == nil && from != nil && !port.Port.BroadcastFlood:
			out = out.stoppedBy(n, port.Name, cause.PortUnflooded{At: at(n), Port: site{n, port}.device(), Bridge: bridge.Name})
		case x.mac != nil && len(ports) > 1 && !port.Port.Flood && !port.Port.Learning:
			out = out.stoppedBy(n, port.Name, cause.PortUnlearning{At: at(n), Port: site{n, port}.device(), Bridge: bridge.Name})
		}
		x.send(n, port, out, bridged, in)
	}
}

// ports are those that the frame leaves by.
func (x *explorer) ports(n *machine.Space, bridge table.Link) ([]table.Link, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	// Each VLAN has entries of its own, and flooding comes to the same stations.
	if x.mac != nil && (bridge.Bridge == nil || !bridge.Bridge.VLANFiltering) {
		entry, known, err := one.BridgeFDB(bridge.Index, x.mac)
		if err != nil {
			return nil, err
		}
		if known && entry.Local {
			return nil, nil
		}
		if port, ok := x.w.heard[hearing{n, bridge.Index, string(x.mac)}]; ok && !slices.Contains(entry.Flags, "sticky") {
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
