package trace

import (
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// taught is what an ARP request on the walk teaches those who hear it. The reply
// goes by it, as it would after the real request.
type taught struct {
	place
	addr netip.Addr       // a neighbour, of the device in place
	mac  net.HardwareAddr // … and its MAC address
	dst  netip.Addr       // or where a VXLAN device sends what is for mac
}

// teach has the station that was asked, and the tunnels on the way to it, learn
// who asked (arp_process(), vxlan_snoop()).
func (a *arping) teach(s station) {
	a.w.taught = append(a.w.taught, taught{place: place{s.node, s.dev.Index}, addr: a.sender, mac: a.link.MAC})
	a.w.snoop(a.link.MAC, s)
	a.w.hear(a.link.MAC, s, true)
}

// snoop has the ends of the tunnels on a way learn whose frame comes out there.
func (w *walk) snoop(mac net.HardwareAddr, s station) {
	for i, c := range s.crossings {
		if !c.remote.IsValid() {
			continue
		}
		end := site{s.node, s.dev}
		if i+1 < len(s.crossings) {
			end = site{s.crossings[i+1].node, s.crossings[i+1].dev}
		}
		if end.dev.VXLAN != nil && end.dev.VXLAN.Learning {
			w.taught = append(w.taught, taught{place: place{end.node, end.dev.Index}, mac: mac, dst: c.dev.VXLAN.Local})
		}
	}
}

// hearing is an address that a bridge has had a frame from.
type hearing struct {
	node   *machine.Space
	bridge int
	mac    string
}

// hear has the bridges on the way to a station learn at which port the sender
// is, and when that is answered, where the station is. Entries that were not
// learned move, too, unless they are sticky (br_fdb_update()).
func (w *walk) hear(mac net.HardwareAddr, s station, answered bool) {
	for _, c := range s.crossings {
		if c.dev.Port == nil || !c.dev.Port.Learning {
			continue
		}
		bridge, err := c.node.Link(c.dev.Master)
		if err != nil {
			continue
		}
		if !c.out {
			w.heard[hearing{c.node, bridge.Index, string(mac)}] = c.dev.Index
		} else if answered {
			w.heard[hearing{c.node, bridge.Index, string(s.dev.MAC)}] = c.dev.Index
		}
	}
}

// learned is the neighbour that a namespace knows since the walk was there.
func (w *walk) learned(n *machine.Space, dev int, addr netip.Addr) (net.HardwareAddr, bool) {
	for _, t := range slices.Backward(w.taught) {
		if t.place == (place{n, dev}) && t.addr == addr {
			return t.mac, true
		}
	}
	return nil, false
}

// snooped is where a VXLAN device sends a frame since the walk was there.
func (w *walk) snooped(n *machine.Space, dev int, mac net.HardwareAddr) (netip.Addr, bool) {
	for _, t := range slices.Backward(w.taught) {
		if t.place == (place{n, dev}) && t.dst.IsValid() && slices.Equal(t.mac, mac) {
			return t.dst, true
		}
	}
	return netip.Addr{}, false
}

// arpSender is the address that an ARP request for target says it comes from:
// the packet's own source, if that is an address of the namespace, or else one
// of the device (arp_solicit()).
func arpSender(n *machine.Space, link table.Link, source, target netip.Addr) netip.Addr {
	addrs, _ := n.Addrs(link.Index)
	var chosen netip.Addr
	for _, a := range addrs {
		if a.Family() != 4 {
			continue
		}
		if !chosen.IsValid() || a.Prefix.Contains(target) {
			chosen = a.Prefix.Addr()
		}
		if a.Prefix.Contains(target) {
			break
		}
	}
	announce := n.ConfMax(link.Name, "arp_announce")
	own := announce < 2 && n.Route(machine.RouteQuery{Dst: source}).Kind == machine.KindLocal
	if own && announce == 1 {
		own = slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Contains(source) && a.Prefix.Contains(target) })
	}
	switch {
	case own:
		return source
	case chosen.IsValid():
		return chosen
	}
	// A device without an address borrows another's (inet_select_addr()).
	borrowed, err := n.Env().MasqueradeAddr(link.Name, target)
	if err != nil || !borrowed.IsValid() {
		return source
	}
	return borrowed
}
