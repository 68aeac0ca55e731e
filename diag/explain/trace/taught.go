package trace

import (
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
)

// taught is what an ARP request on the walk teaches those who hear it. The reply
// goes by it, as it would after the real request.
type taught struct {
	place
	addr netip.Addr       // a neighbour, of the device in place
	mac  net.HardwareAddr // … and its MAC address
	dst  netip.Addr       // or where a VXLAN device sends what is for mac
}

// place is a device in its namespace.
type place struct {
	node  *machine.Space
	index int
}

// teach has the station that was asked, and the tunnels on the way to it, learn
// who asked (arp_process(), vxlan_snoop()).
func (a *arping) teach(s fabric.Station) {
	a.w.taught = append(a.w.taught, taught{place: place{s.Node, s.Dev.Index}, addr: a.sender, mac: a.link.MAC})
	a.w.snoop(a.link.MAC, s)
	a.w.hear(a.link.MAC, s, true)
}

// snoop has the ends of the tunnels on a way learn whose frame comes out there.
func (w *walk) snoop(mac net.HardwareAddr, s fabric.Station) {
	for i, c := range s.Crossings {
		if !c.Remote.IsValid() {
			continue
		}
		end := fabric.Site{Node: s.Node, Dev: s.Dev}
		if i+1 < len(s.Crossings) {
			end = fabric.Site{Node: s.Crossings[i+1].Node, Dev: s.Crossings[i+1].Dev}
		}
		if end.Dev.VXLAN != nil && end.Dev.VXLAN.Learning {
			w.taught = append(w.taught, taught{place: place{end.Node, end.Dev.Index}, mac: mac, dst: c.Dev.VXLAN.Local})
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
func (w *walk) hear(mac net.HardwareAddr, s fabric.Station, answered bool) {
	for _, c := range s.Crossings {
		if c.Dev.Port == nil || !c.Dev.Port.Learning {
			continue
		}
		bridge, err := c.Node.Link(c.Dev.Master)
		if err != nil {
			continue
		}
		if !c.Out {
			w.heard[hearing{c.Node, bridge.Index, string(mac)}] = c.Dev.Index
		} else if answered {
			w.heard[hearing{c.Node, bridge.Index, string(s.Dev.MAC)}] = c.Dev.Index
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
