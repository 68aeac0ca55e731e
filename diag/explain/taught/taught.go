// Package taught is what a walk teaches those who hear it: neighbours, the ends of
// tunnels, and bridges. The reply goes by it, as it would after a real request.
package taught

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
)

// Lessons are what was taught until now. The zero value is nothing.
type Lessons struct {
	taught []lesson
	heard  map[hearing]int // ports of bridges, by what was heard there
}

// lesson is what an ARP request teaches who hears it.
type lesson struct {
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

// hearing is an address that a bridge has had a frame from.
type hearing struct {
	node   *machine.Space
	bridge int
	mac    string
}

// Copy is what was taught until now, apart from what will be.
func (l *Lessons) Copy() Lessons {
	return Lessons{slices.Clone(l.taught), maps.Clone(l.heard)}
}

// Teach has the station that was asked, and the tunnels on the way to it, learn
// who asked (arp_process(), vxlan_snoop()).
func (l *Lessons) Teach(sender netip.Addr, mac net.HardwareAddr, s fabric.Station) {
	l.taught = append(l.taught, lesson{place: place{s.Space, s.Dev.Index}, addr: sender, mac: mac})
	l.Snoop(mac, s)
	l.Hear(mac, s, true)
}

// Snoop has the ends of the tunnels on a way learn whose frame comes out there.
func (l *Lessons) Snoop(mac net.HardwareAddr, s fabric.Station) {
	for i, c := range s.Crossings {
		if !c.Remote.IsValid() {
			continue
		}
		end := fabric.Site{Space: s.Space, Dev: s.Dev}
		if i+1 < len(s.Crossings) {
			end = fabric.Site{Space: s.Crossings[i+1].Space, Dev: s.Crossings[i+1].Dev}
		}
		if end.Dev.VXLAN != nil && end.Dev.VXLAN.Learning {
			l.taught = append(l.taught, lesson{place: place{end.Space, end.Dev.Index}, mac: mac, dst: fabric.OwnEnd(c.Space, c.Dev)})
		}
	}
}

// Hear has the bridges on the way to a station learn at which port the sender
// is, and when that is answered, where the station is. Entries that were not
// learned move, too, unless they are sticky (br_fdb_update()).
func (l *Lessons) Hear(mac net.HardwareAddr, s fabric.Station, answered bool) {
	for _, c := range s.Crossings {
		if c.Dev.Port == nil || !c.Dev.Port.Learning {
			continue
		}
		bridge, err := c.Space.Link(c.Dev.Master)
		if err != nil {
			continue
		}
		if l.heard == nil {
			l.heard = map[hearing]int{}
		}
		if !c.Out {
			l.heard[hearing{c.Space, bridge.Index, string(mac)}] = c.Dev.Index
		} else if answered {
			l.heard[hearing{c.Space, bridge.Index, string(s.Dev.MAC)}] = c.Dev.Index
		}
	}
}

// HeardAt is the port of a bridge at which an address was heard.
func (l *Lessons) HeardAt(n *machine.Space, bridge int, mac net.HardwareAddr) (int, bool) {
	port, ok := l.heard[hearing{n, bridge, string(mac)}]
	return port, ok
}

// Neighbour is the neighbour that a namespace knows since the walk was there.
func (l *Lessons) Neighbour(n *machine.Space, dev int, addr netip.Addr) (net.HardwareAddr, bool) {
	for _, t := range slices.Backward(l.taught) {
		if t.place == (place{n, dev}) && t.addr == addr {
			return t.mac, true
		}
	}
	return nil, false
}

// SnoopedAt is where a VXLAN device sends a frame since the walk was there.
func (l *Lessons) SnoopedAt(n *machine.Space, dev int, mac net.HardwareAddr) (netip.Addr, bool) {
	for _, t := range slices.Backward(l.taught) {
		if t.place == (place{n, dev}) && t.dst.IsValid() && slices.Equal(t.mac, mac) {
			return t.dst, true
		}
	}
	return netip.Addr{}, false
}
