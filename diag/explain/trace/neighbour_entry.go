package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// misled is the fault of a frame that came to n although the next hop is
// somebody else: the neighbour table had a MAC address which is n's, or there are
// two who have the address.
func (a *arping) misled(n *machine.Space) (cause.Finding, station, bool) {
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
		return nil, station{}, false
	}
	if a.answers(wrong).Yes {
		own := ownAddress(n, a.nexthop)
		return cause.WrongAnswer{At: at(n), Hop: a.hop(), Right: right.device(), Wrong: wrong.device(), Own: own}, right, true
	}
	if bytes.Equal(right.dev.MAC, wrong.dev.MAC) {
		return cause.SharedMAC{NextHop: a.hop(), Chosen: right.device(), Other: wrong.device(), Led: true}, right, true
	}
	return cause.MACOfAnother{NextHop: a.hop(), Wrong: wrong.device(), Right: right.device()}, right, true
}

// hit are the stations that have the entry's MAC address, and those that have
// another one but answer for the next hop.
func (a *arping) hit(x *explorer) (hits, misses []station) {
	for _, s := range x.stations {
		switch {
		case s.node == nil || s.any || bytes.Equal(s.dev.MAC, a.entry.MAC):
			hits = append(hits, s)
		case a.answers(s).Yes:
			misses = append(misses, s)
		}
	}
	return hits, misses
}

// byEntry goes by the MAC address that the neighbour table has.
func (a *arping) byEntry() (station, bool) {
	a.byTable = true
	if bytes.Equal(a.entry.MAC, a.link.MAC) && a.entry.State != "NOARP" {
		for _, s := range a.w.explore(a.n, a.link, a.e.leg, nil).stations {
			if f, ok := a.ownMAC(s); ok {
				a.sent()
				a.report(f)
				return station{}, false
			}
		}
	}
	x := a.w.explore(a.n, a.link, a.e.leg, a.entry.MAC)
	hits, misses := a.hit(x)
	if len(hits) == 0 {
		x = a.w.exploreAbove(a.n, a.link, a.e.leg, a.entry.MAC)
		hits, misses = a.hit(x)
	}
	if s, ok := nearest(hits); ok {
		if s, ok, found := a.lostInTunnel(x, s); found {
			return s, ok
		}
		a.namesake(nil, s, x.bridges)
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
	a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, cause.MACOfNobody{NextHop: a.hop()})
	return station{}, false
}

// wrongMAC is the fault of an entry whose frames s ignores, although it is whom
// they should reach.
func (a *arping) wrongMAC(s station) (station, bool) {
	if bridge, ok := a.missedBridge(s); ok {
		a.report(a.portless(site{s.node, bridge}, site{s.node, s.dev}, bridge))
		return station{node: s.node, dev: bridge}, true
	}
	f := cause.MACIgnored{
		NextHop: a.hop(), Right: s.device(), Silent: !a.wouldBeAnswered(),
		Unasking: a.entry.State == "NOARP" && a.link.Has("NOARP"),
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
	s.sent, s.deaf = true, f
	return s, true
}

// missedBridge is the bridge that the entry speaks of, in whose namespace the
// frame comes to a device which is no port of it.
func (a *arping) missedBridge(s station) (table.Link, bool) {
	addrs, err := s.node.Addrs(s.dev.Index)
	if s.dev.Kind != "veth" || err != nil || machine.HasIPv4(addrs) {
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
