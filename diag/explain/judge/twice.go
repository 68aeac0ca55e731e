package judge

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
)

// fewPorts bounds the bridges behind whose ports a second owner of an address, or of a MAC
// address, is looked for although nobody has to be asked there.
const fewPorts = 64

// Around is whom a request for the next hop would come to, where the frame for s passes
// these bridges: nil where it passes none, or one with many ports.
func (a *Search) Around(s fabric.Station, bridges []fabric.Site) *fabric.Explorer {
	bridges = along(s, bridges)
	if len(bridges) == 0 || crowded(bridges) {
		return nil
	}
	return a.Ask(a.Space, a.Link, a.Packet.Leg, a.Sender, a.NextHop, false)
}

// crowded reports whether one of the bridges has many ports.
func crowded(bridges []fabric.Site) bool {
	return slices.ContainsFunc(bridges, func(b fabric.Site) bool {
		one, err := b.Space.Ask()
		if err != nil {
			return false
		}
		ports, err := one.Ports(b.Dev.Index)
		return err != nil || len(ports) > fewPorts
	})
}

// along are the bridges on the way to a station, which may be one itself.
func along(s fabric.Station, bridges []fabric.Site) []fabric.Site {
	if s.Space != nil && s.Dev.Bridge != nil {
		return append(slices.Clone(bridges), fabric.Site{Space: s.Space, Dev: s.Dev})
	}
	return bridges
}

// has reports whether a station has the next hop on the device that it would be asked at,
// and would answer. An address of lo is often that of several: anycast, or a service's.
func (a *Search) has(s fabric.Station) bool {
	return s.Space != nil && len(s.Obstacles) == 0 && s.Has(a.NextHop) && a.Answers(s).Yes
}

// Twice is the finding of a second one who has the next hop, although the packet comes to
// s; or nil. x is whom a request would come to.
func (a *Search) Twice(x *fabric.Explorer, s fabric.Station, bridges []fabric.Site) cause.Finding {
	if alone := len(x.Stations) < 2 && len(x.Edges) == 0; alone || !a.has(s) {
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(x.Stations), func(o fabric.Station) bool { return !a.has(o) })
	if f := a.Rival(s, own); f != nil {
		return f
	}
	for _, b := range along(s, bridges) {
		if f, ok := a.heardOf(x, s, b); ok {
			return f
		}
	}
	return nil
}

// heardOf is found when the namespace of a bridge has just been told of the next hop by
// somebody who is there, and is nobody that can be seen.
func (a *Search) heardOf(x *fabric.Explorer, s fabric.Station, b fabric.Site) (f device.Hidden, found bool) {
	told, known, err := b.Space.NextHopNeighbour(b.Dev.Index, a.NextHop)
	if err != nil || !known || told.State != "REACHABLE" || bytes.Equal(told.MAC, s.Dev.MAC) || len(x.Edges) == 0 {
		return f, false
	}
	if slices.ContainsFunc(x.Stations, func(o fabric.Station) bool { return bytes.Equal(o.Dev.MAC, told.MAC) }) {
		return f, false
	}
	f = device.Hidden{NextHop: a.Hop(), Seen: s.Device(), MAC: told.MAC, Port: a.portOf(b, told.MAC), Told: told}
	return f, f.Port.Link.Name != ""
}

// portOf is the port of a bridge that a MAC address was heard at.
func (a *Search) portOf(b fabric.Site, mac []byte) (port cause.Device) {
	one, err := b.Space.Ask()
	if err != nil {
		return port
	}
	entry, known, err := one.BridgeFDB(b.Dev.Index, mac)
	if err != nil || !known || entry.Local {
		return port
	}
	link, err := b.Space.LinkByIndex(entry.Index)
	if err != nil {
		return port
	}
	return fabric.Site{Space: b.Space, Dev: link}.Device()
}

// Stolen is the finding of a device that has the next hop, while the entry has the MAC
// address of somebody who cannot be seen; or nil.
func (a *Search) Stolen(bridges []fabric.Site) cause.Finding {
	x := a.Around(fabric.Station{}, bridges)
	if x == nil {
		return nil
	}
	for _, s := range x.Stations {
		if !a.has(s) || bytes.Equal(s.Dev.MAC, a.Entry.MAC) || a.Answers(s).By != machine.ARPOwner {
			continue
		}
		f := device.Hidden{NextHop: a.Hop(), Seen: s.Device(), MAC: a.Entry.MAC}
		for _, b := range bridges {
			if f.Port = a.portOf(b, a.Entry.MAC); f.Port.Link.Name != "" {
				return f
			}
		}
		return f
	}
	return nil
}
