package explain

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// intoBridge follows a frame that a port of a bridge has received: up to the
// bridge's own namespace, and out of the other ports (br_handle_frame_finish()).
func (x *explorer) intoBridge(n *machine.Space, port table.Link, v way) {
	bridge, err := n.Link(port.Master)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	v = x.through(n, bridge, port, v)
	v = x.arpFiltered(n, v, eval.LinkHook{Family: "bridge", Hook: "prerouting", IIF: port.Name})
	if x.mac == nil || bytes.Equal(x.mac, bridge.MAC) {
		x.been[place{n, bridge.Index}] = true
		up := x.arpFiltered(n, v, eval.LinkHook{Family: "bridge", Hook: "input", IIF: port.Name})
		x.stations = append(x.stations, station{node: n, dev: bridge, way: x.arpAsked(n, up, bridge.Name, true)})
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
	if bridge.Bridge != nil && bridge.Bridge.VLANFiltering {
		x.unseen = append(x.unseen, say("%s filters by VLAN, which is not judged", bridge.Name))
	}
	// A port without carrier is disabled by that alone.
	if state := port.Port.State; bridge.Up() && state != "forwarding" && (state != "disabled" || port.Carrier()) {
		v = v.stoppedBy(n, port.Name, waiting(n, bridge, port))
	}
	return v
}

// waiting is the fault of a port that the spanning tree protocol holds back. The
// state of a port can be set by hand only while the kernel's STP is off.
func waiting(n *machine.Space, bridge, port table.Link) Fault {
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: n.Name,
		Detail:   say("port %s of %s is in state %s and passes nothing yet", port.Name, bridge.Name, port.Port.State),
		Evidence: []string{port.Line()},
	}
	if bridge.Bridge != nil && bridge.Bridge.STP {
		f.fix = append(f.fix, change.LinkSet(n.Name, bridge.Name, "type", "bridge", "stp_state", "0"))
	}
	f.fix = append(f.fix, change.In(n.Name, "bridge", "link", "set", "dev", port.Name, "state", "3"))
	return f
}

// down is the fault of a device that is not up.
func down(n *machine.Space, link table.Link) Fault {
	return Fault{
		Code: cause.LinkDown, Netns: n.Name, down: link.Name, Detail: say("%s is down", link.Name),
		Evidence: []string{link.Line()}, fix: []change.Command{change.LinkSet(n.Name, link.Name, "up")},
	}
}

// toPorts follows a frame out of the ports of a bridge: of the one that its
// forwarding database has for the address, or else of all. from is the port
// that it came in by; nil for what the bridge's own namespace sends.
func (x *explorer) toPorts(n *machine.Space, bridge table.Link, from *table.Link, v way) {
	x.bridges = append(x.bridges, site{n, bridge})
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
		out = x.through(n, bridge, port, out)
		if from != nil && from.Port.Isolated && port.Port.Isolated {
			out = out.stoppedBy(n, port.Name, isolated(n, bridge, *from, port))
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
			out = out.stoppedBy(n, port.Name, unflooded(n, bridge, port))
		case x.mac != nil && len(ports) > 1 && !port.Port.Flood && !port.Port.Learning:
			out = out.stoppedBy(n, port.Name, unlearned(n, bridge, port))
		}
		x.send(n, port, out, bridged, in)
	}
}

// unflooded is the fault of a port that broadcasts do not leave by, and ARP
// requests with them.
func unflooded(n *machine.Space, bridge, port table.Link) Fault {
	return Fault{
		Code: cause.NeighbourUnanswered, Netns: n.Name,
		Detail:   say("%s of %s sends no broadcasts, and so no ARP requests", port.Name, bridge.Name),
		Evidence: []string{port.Line()},
		fix:      []change.Command{change.In(n.Name, "bridge", "link", "set", "dev", port.Name, "bcast_flood", "on")},
	}
}

// unlearned is the fault of a port that nobody's address is learned at, and that
// frames for unknown ones do not leave by.
func unlearned(n *machine.Space, bridge, port table.Link) Fault {
	return Fault{
		Code: cause.NeighbourUnanswered, Netns: n.Name,
		Detail:   say("%s of %s neither learns who is there nor sends frames for whom it does not know", port.Name, bridge.Name),
		Evidence: []string{port.Line()},
		fix:      []change.Command{change.In(n.Name, "bridge", "link", "set", "dev", port.Name, "learning", "on", "flood", "on")},
	}
}

// isolated is the fault of two ports that may not talk to each other.
func isolated(n *machine.Space, bridge, from, to table.Link) Fault {
	return Fault{
		Code: cause.NeighbourUnanswered, Netns: n.Name,
		Detail:   say("%s and %s are isolated ports of %s: frames pass between neither of them", from.Name, to.Name, bridge.Name),
		Evidence: []string{from.Line(), to.Line()},
		fix:      []change.Command{change.In(n.Name, "bridge", "link", "set", "dev", to.Name, "isolated", "off")},
	}
}

// ports are those that the frame leaves by.
func (x *explorer) ports(n *machine.Space, bridge table.Link) ([]table.Link, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	if x.mac != nil {
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
