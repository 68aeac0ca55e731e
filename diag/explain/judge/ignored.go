package judge

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Ignored is what becomes of a frame whose MAC address nobody has that it comes to;
// misses answer for the next hop there by another one.
func (a *Search) Ignored(x *fabric.Explorer, misses []fabric.Station) Outcome {
	s, ok := fabric.Nearest(misses)
	comes := ok
	if !ok {
		all := a.Send(nil, false)
		if ok = slices.ContainsFunc(all.Stations, func(s fabric.Station) bool { return s.Space != nil && bytes.Equal(s.Dev.MAC, a.Entry.MAC) }); ok {
			return a.unforwarded(x)
		}
		var answering []fabric.Station
		for _, s := range all.Stations {
			if s.Space != nil && a.Answers(s).Yes {
				answering = append(answering, s)
			}
		}
		if s, ok = fabric.Nearest(answering); !ok {
			// It may be the right one, whose cable ends elsewhere.
			if owner, mended := a.plugged(all); mended {
				return Outcome{Station: owner}
			}
			if f, owner, found := a.beside(all); found && bytes.Equal(owner.Dev.MAC, a.Entry.MAC) {
				return Outcome{Finding: f, Station: owner, Left: true}
			}
		}
	}
	switch {
	case ok:
		return a.wrongMAC(s, comes)
	case len(x.Voids) > 0:
		far, known := a.otherEnd(x.Voids[0], func(n *machine.Space, dev table.Link) bool { return n.Answers(dev, a.NextHop, a.Sender).Yes })
		if known && !bytes.Equal(far.Dev.MAC, a.Entry.MAC) {
			return a.wrongMAC(fabric.Station{Space: far.Space, Dev: far.Dev}, true)
		}
		return a.unforwarded(x)
	case len(x.Unseen) > 0:
		return Outcome{Unseen: true}
	}
	if a.Entry.State == "PERMANENT" { // somebody has written it
		if s, ok := a.silent(); ok {
			return a.wrongMAC(s, slices.ContainsFunc(x.Stations, func(o fabric.Station) bool { return o.Space == s.Space && o.Dev.Index == s.Dev.Index }))
		}
		return Outcome{Finding: cause.MACOfNobody{NextHop: a.Hop()}}
	}
	if a.Unasking() {
		return Outcome{Finding: device.Unasking{Beyond: cause.Beyond{At: at(a.Space), Dev: a.Link.Name, NextHop: a.NextHop}, Link: a.Link}, Left: true}
	}
	// Who taught it is gone: it is as though there were none.
	o := a.Unanswered(a.Send(nil, false))
	o.Left = true
	return o
}

// Unasking reports whether the device asks nobody, and takes its own MAC address for everybody's
// (arp_constructor()). That of an ipvlan in mode l3 is not looked at: the device below sends its packets on.
func (a *Search) Unasking() bool {
	return a.Link.Has("NOARP") && !fabric.IPvlan(a.Link) && a.Entry.State == "NOARP" && bytes.Equal(a.Entry.MAC, a.Link.MAC)
}

// silent is who alone is on the wire and passes the packet on, although he answers nobody who
// asks for the next hop: for that an entry is written.
func (a *Search) silent() (fabric.Station, bool) {
	all := a.Send(nil, false)
	if len(all.Stations) != 1 || len(all.Edges)+len(all.Unseen)+len(all.Voids) > 0 {
		return fabric.Station{}, false
	}
	s := all.Stations[0]
	return s, s.Space != nil && s.Space != a.Space && len(s.Obstacles) == 0 && a.NextHop != a.Packet.Dst && s.Space.PassesOn(s.Dev.Name, a.NextHop)
}

// wrongMAC is the fault of an entry whose frames s ignores, although it is whom
// they should reach; comes is whether they come there.
func (a *Search) wrongMAC(s fabric.Station, comes bool) Outcome {
	if bridge, ok := s.MissedBridge(a.NextHop, a.Entry.MAC); ok {
		return Outcome{
			Finding: a.portless(fabric.Site{Space: s.Space, Dev: bridge}, fabric.Site{Space: s.Space, Dev: s.Dev}, bridge),
			Station: fabric.Station{Space: s.Space, Dev: bridge},
		}
	}
	f := cause.Finding(cause.MACIgnored{
		NextHop: a.Hop(), Right: s.Device(), Silent: !a.wouldBeAnswered(),
		Unasking: a.Unasking(),
	})
	if by, ok := a.suppressed(s); ok {
		f = by
	}
	s.Sent = true
	if !comes {
		return Outcome{Finding: f, Station: s, Left: true}
	}
	s.Deaf = f
	if right := a.Send(s.Dev.MAC, false); len(right.Stations) == 0 && len(right.Voids) > 0 {
		// With the right address, the frame would not even leave for there.
		mended := *a
		mended.Entry.MAC = s.Dev.MAC
		s.Behind = mended.unforwarded(right).Finding
	}
	return Outcome{Station: s, Left: true, Used: true}
}

// suppressed is the bridge on the wire that gave the entry's MAC address, by its own neighbour table
// and in the place of s who has the address (br_do_proxy_suppress_arp(), br_do_suppress_nd()).
func (a *Search) suppressed(s fabric.Station) (f device.Suppressed, found bool) {
	if a.Entry.State == "PERMANENT" || a.Entry.State == "NOARP" {
		return f, false
	}
	for _, b := range a.Send(nil, false).Bridges {
		entry, ok, err := b.Space.NextHopNeighbour(b.Dev.Index, a.NextHop)
		snap, unread := b.Space.Snapshot(table.Links)
		if err != nil || !ok || unread != nil || !bytes.Equal(entry.MAC, a.Entry.MAC) {
			continue
		}
		for _, port := range snap.Links {
			if port.Master == b.Dev.Name && port.Port != nil && port.Port.NeighSuppress {
				return device.Suppressed{At: at(b.Space), Bridge: b.Dev.Name, Port: port.Name, Entry: entry, Asks: a.Hop(), Right: s.Device()}, true
			}
		}
	}
	return f, false
}
