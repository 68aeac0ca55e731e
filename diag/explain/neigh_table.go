package explain

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// misled is the fault of a frame that came to n although the next hop is
// somebody else: the neighbour table had a MAC address which is n's, or there are
// two who have the address.
func (a *arping) misled(n *machine.Space) (Fault, station, bool) {
	var right, wrong station
	for _, s := range a.w.explore(a.n, a.link, a.e.leg, nil).stations {
		switch {
		case s.node == n:
			wrong = s
		case s.node != nil && len(s.obstacles) == 0 && a.answers(s).Yes:
			right = s
		}
	}
	if right.node == nil || wrong.node == nil {
		return Fault{}, station{}, false
	}
	fix := change.In(a.n.Name, "ip", "neigh", "del", a.nexthop.String(), "dev", a.link.Name)
	f := Fault{
		Code: cause.NeighbourWrongMAC, Netns: a.n.Name, sure: true,
		Detail:   say("the entry for %s says %s, which is %s of %s; %s of %s has the address", a.nexthop, wrong.dev.MAC, wrong.dev.Name, title(n), right.dev.Name, title(right.node)),
		Evidence: []string{a.entry.Line(), right.dev.AddressLine()}, fix: []change.Command{fix},
	}
	if a.answers(wrong).Yes {
		f.Code, f.Netns = cause.DuplicateAddress, n.Name
		f.Detail = say("both %s in %s and %s in %s answer for %s, and the packet came to the wrong one", right.dev.Name, title(right.node), wrong.dev.Name, title(n), a.nexthop)
		f.Evidence = []string{right.dev.AddressLine(), wrong.dev.AddressLine()}
		f.fix = append(withoutAddress(n, a.nexthop), fix)
	}
	return f, right, true
}

// byEntry goes by the MAC address that the neighbour table has.
func (a *arping) byEntry() (station, bool) {
	x := a.w.explore(a.n, a.link, a.e.leg, a.entry.MAC)
	var hits, misses []station
	for _, s := range x.stations {
		switch {
		case s.node == nil || s.any || bytes.Equal(s.dev.MAC, a.entry.MAC):
			hits = append(hits, s)
		case a.answers(s).Yes:
			misses = append(misses, s)
		}
	}
	a.byTable = true
	if s, ok := nearest(hits); ok {
		if s, ok, found := a.lostInTunnel(x, s); found {
			return s, ok
		}
		a.w.snoop(a.link.MAC, s)
		a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, quote(a.entry.Line()))
		s.sent = true
		return s, true
	}
	if a.foreign(x) {
		return a.passes(x)
	}
	s, ok := nearest(misses)
	if !ok {
		all := a.w.explore(a.n, a.link, a.e.leg, nil)
		if ok = slices.ContainsFunc(all.stations, func(s station) bool { return s.node != nil && bytes.Equal(s.dev.MAC, a.entry.MAC) }); ok {
			return a.unforwarded(x)
		}
		var answering []station
		for _, s := range all.stations {
			if s.node != nil && a.answers(s).Yes {
				answering = append(answering, s)
			}
		}
		s, ok = nearest(answering)
	}
	switch {
	case ok:
		return a.wrongMAC(s)
	case len(x.voids) > 0:
		far, known := a.w.otherEnd(x.voids[0], func(n *machine.Space, dev table.Link) bool { return n.AnswersARP(dev, a.nexthop, a.sender).Yes })
		if known && !bytes.Equal(far.dev.MAC, a.entry.MAC) {
			return a.wrongMAC(station{node: far.node, dev: far.dev})
		}
		return a.unforwarded(x)
	case len(x.unseen) > 0:
		return a.outOfSight(x)
	}
	a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, Fault{
		Code: cause.NeighbourWrongMAC, Netns: a.n.Name,
		Detail:   say("the entry for %s says %s, which nobody on the wire of %s has", a.nexthop, a.entry.MAC, a.link.Name),
		Evidence: []string{a.entry.Line()},
		fix:      []change.Command{change.In(a.n.Name, "ip", "neigh", "del", a.nexthop.String(), "dev", a.link.Name)},
	})
	return station{}, false
}

// wrongMAC is the fault of an entry whose frames s ignores, although it is whom
// they should reach.
func (a *arping) wrongMAC(s station) (station, bool) {
	fix := change.In(a.n.Name, "ip", "neigh", "del", a.nexthop.String(), "dev", a.link.Name)
	if !a.wouldBeAnswered() {
		fix = change.In(a.n.Name, "ip", "neigh", "replace", a.nexthop.String(), "lladdr", s.dev.MAC.String(), "dev", a.link.Name, "nud", "permanent")
	}
	if a.entry.State == "NOARP" && a.link.Has("NOARP") {
		fix = change.LinkSet(a.n.Name, a.link.Name, "arp", "on")
	}
	if bridge, ok := a.missedBridge(s); ok {
		a.report(a.portless(site{s.node, bridge}, s, bridge))
		return station{node: s.node, dev: bridge}, true
	}
	f := Fault{
		Code: cause.NeighbourWrongMAC, Netns: a.n.Name,
		Detail:   say("the entry for %s says %s, but %s at the other end is %s: it ignores the frame", a.nexthop, a.entry.MAC, s.dev.Name, s.dev.MAC),
		Evidence: []string{a.entry.Line(), s.dev.AddressLine()},
		fix:      []change.Command{fix},
	}
	right := a.w.explore(a.n, a.link, a.e.leg, s.dev.MAC)
	if len(right.stations) == 0 && len(right.voids) > 0 {
		// With the right address, the frame would not even leave for there.
		s.then = func() {
			a.entry.MAC = s.dev.MAC
			a.unforwarded(right)
		}
	}
	a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, quote(a.entry.Line()))
	s.sent, s.deaf = true, &f
	return s, true
}

// missedBridge is the bridge that the entry speaks of, in whose namespace the
// frame comes to a device which is no port of it.
func (a *arping) missedBridge(s station) (table.Link, bool) {
	addrs, err := s.node.Addrs(s.dev.Index)
	if s.dev.Kind != "veth" || err != nil || hasIPv4(addrs) {
		return table.Link{}, false
	}
	devices, err := s.node.Devices()
	if err != nil {
		return table.Link{}, false
	}
	for _, d := range devices {
		if d.Link.Bridge != nil && bytes.Equal(d.Link.MAC, a.entry.MAC) {
			return d.Link, true
		}
	}
	return table.Link{}, false
}

// wouldBeAnswered reports whether an ARP request for the next hop would be
// answered now.
func (a *arping) wouldBeAnswered() bool {
	for _, s := range a.w.explore(a.n, a.link, a.e.leg, nil).stations {
		if s.node != nil && len(s.obstacles) == 0 && a.answers(s).Yes {
			return true
		}
	}
	return false
}

// lostInTunnel is found when a frame that does not come out of a tunnel was sent
// to the wrong end of it.
func (a *arping) lostInTunnel(x *explorer, lost station) (s station, ok, found bool) {
	if lost.node != nil {
		return station{}, false, false
	}
	f, s, found := a.elsewhere(x)
	if found {
		a.sent()
		a.report(f)
	}
	return s, s.node != nil, found
}
