package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// misled is the fault of a frame that came to n although the next hop is
// somebody else: the neighbour table had a MAC address which is n's, or there are
// two who have the address.
func (a *arping) misled(n *machine.Space) (cause.Finding, fabric.Station, bool) {
	var right, wrong fabric.Station
	for _, s := range a.w.explore(a.n, a.link, a.p.leg, nil).Stations {
		switch {
		case s.Space == n:
			wrong = s
		case s.Space != nil && len(s.Obstacles) == 0 && a.answers(s).Yes:
			right = s
		}
	}
	if right.Space == nil || wrong.Space == nil {
		return nil, fabric.Station{}, false
	}
	if a.answers(wrong).Yes {
		own := remedy.OwnAddress(n, a.nexthop)
		return cause.WrongAnswer{At: at(n), Hop: a.hop(), Right: right.Device(), Wrong: wrong.Device(), Own: own}, right, true
	}
	if bytes.Equal(right.Dev.MAC, wrong.Dev.MAC) {
		return cause.SharedMAC{NextHop: a.hop(), Chosen: right.Device(), Other: wrong.Device(), Led: true}, right, true
	}
	return cause.MACOfAnother{NextHop: a.hop(), Wrong: wrong.Device(), Right: right.Device()}, right, true
}

// hit are the stations that have the entry's MAC address, and those that have
// another one but answer for the next hop.
func (a *arping) hit(x *fabric.Explorer) (hits, misses []fabric.Station) {
	for _, s := range x.Stations {
		switch {
		case s.Space == nil || s.Any || bytes.Equal(s.Dev.MAC, a.entry.MAC):
			hits = append(hits, s)
		case a.answers(s).Yes && !s.Unflooded:
			misses = append(misses, s)
		}
	}
	return hits, misses
}

// byEntry goes by the MAC address that the neighbour table has.
func (a *arping) byEntry() (fabric.Station, bool) {
	a.byTable = true
	if bytes.Equal(a.entry.MAC, a.link.MAC) && a.entry.State != "NOARP" {
		for _, s := range a.w.explore(a.n, a.link, a.p.leg, nil).Stations {
			if f, ok := a.ownMAC(s); ok {
				a.sent()
				a.report(f)
				return fabric.Station{}, false
			}
		}
	}
	x := a.w.explore(a.n, a.link, a.p.leg, a.entry.MAC)
	hits, misses := a.hit(x)
	if len(hits) == 0 {
		x = a.w.exploreAbove(a.n, a.link, a.p.leg, a.entry.MAC)
		hits, misses = a.hit(x)
	}
	if s, ok := fabric.Nearest(hits); ok {
		if s, ok, found := a.lostInTunnel(x, s); found {
			return s, ok
		}
		a.namesake(nil, s, x.Bridges)
		a.w.lessons.Snoop(a.link.MAC, s)
		a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, quote(a.entry.Line()))
		s.Sent = true
		return s, true
	}
	if a.foreign(x) {
		return a.passes(x)
	}
	return a.ignored(x, misses)
}

// ignored is what becomes of a frame whose MAC address nobody has that it comes to;
// misses answer for the next hop there by another one.
func (a *arping) ignored(x *fabric.Explorer, misses []fabric.Station) (fabric.Station, bool) {
	s, ok := fabric.Nearest(misses)
	comes := ok
	if !ok {
		all := a.w.explore(a.n, a.link, a.p.leg, nil)
		if ok = slices.ContainsFunc(all.Stations, func(s fabric.Station) bool { return s.Space != nil && bytes.Equal(s.Dev.MAC, a.entry.MAC) }); ok {
			return a.unforwarded(x)
		}
		var answering []fabric.Station
		for _, s := range all.Stations {
			if s.Space != nil && a.answers(s).Yes {
				answering = append(answering, s)
			}
		}
		if s, ok = fabric.Nearest(answering); !ok {
			// It may be the right one, whose cable ends elsewhere.
			if owner, mended := a.plugged(all); mended {
				return owner, true
			}
			if f, owner, found := a.beside(all); found && bytes.Equal(owner.Dev.MAC, a.entry.MAC) {
				a.sent()
				return a.accuse(f, owner)
			}
		}
	}
	switch {
	case ok:
		return a.wrongMAC(s, comes)
	case len(x.Voids) > 0:
		far, known := a.w.otherEnd(x.Voids[0], func(n *machine.Space, dev table.Link) bool { return n.Answers(dev, a.nexthop, a.sender).Yes })
		if known && !bytes.Equal(far.Dev.MAC, a.entry.MAC) {
			return a.wrongMAC(fabric.Station{Space: far.Space, Dev: far.Dev}, true)
		}
		return a.unforwarded(x)
	case len(x.Unseen) > 0:
		return a.outOfSight(x)
	}
	if a.entry.State == "PERMANENT" { // somebody has written it
		a.w.fault(a.n, a.p, hop.StageNeighbour, a.link.Name, cause.MACOfNobody{NextHop: a.hop()})
		return fabric.Station{}, false
	}
	// Who taught it is gone: it is as though there were none.
	a.sent()
	return a.unanswered(a.w.explore(a.n, a.link, a.p.leg, nil))
}

// wrongMAC is the fault of an entry whose frames s ignores, although it is whom
// they should reach; comes is whether they come there.
func (a *arping) wrongMAC(s fabric.Station, comes bool) (fabric.Station, bool) {
	if bridge, ok := s.MissedBridge(a.nexthop, a.entry.MAC); ok {
		a.report(a.portless(fabric.Site{Space: s.Space, Dev: bridge}, fabric.Site{Space: s.Space, Dev: s.Dev}, bridge))
		return fabric.Station{Space: s.Space, Dev: bridge}, true
	}
	f := cause.MACIgnored{
		NextHop: a.hop(), Right: s.Device(), Silent: !a.wouldBeAnswered(),
		Unasking: a.entry.State == "NOARP" && a.link.Has("NOARP"),
	}
	right := a.w.explore(a.n, a.link, a.p.leg, s.Dev.MAC)
	if len(right.Stations) == 0 && len(right.Voids) > 0 {
		// With the right address, the frame would not even leave for there.
		s.Then = func() {
			a.entry.MAC = s.Dev.MAC
			a.unforwarded(right)
		}
	}
	s.Sent = true
	if !comes {
		a.sent()
		a.report(f)
		return s, true
	}
	a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, quote(a.entry.Line()))
	s.Deaf = f
	return s, true
}

// wouldBeAnswered reports whether an ARP request for the next hop would be
// answered now.
func (a *arping) wouldBeAnswered() bool {
	for _, s := range a.w.explore(a.n, a.link, a.p.leg, nil).Stations {
		if s.Space != nil && len(s.Obstacles) == 0 && a.answers(s).Yes {
			return true
		}
	}
	return false
}

// lostInTunnel is found when a frame that does not come out of a tunnel was sent
// to the wrong end of it.
func (a *arping) lostInTunnel(x *fabric.Explorer, lost fabric.Station) (s fabric.Station, ok, found bool) {
	if lost.Space != nil {
		return fabric.Station{}, false, false
	}
	f, s, found := a.elsewhere(x)
	if found {
		a.sent()
		a.report(f)
	}
	return s, s.Space != nil, found
}
