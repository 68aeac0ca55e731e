package explain

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"nstutor/diag"
)

// resolved are the states in which the kernel uses the MAC address it has.
var resolved = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}

// nextStation finds where the frame goes that is to reach the next hop: whose
// MAC address it will have, and who takes a frame for it. It is false when the
// walk cannot go on.
func (w *walk) nextStation(n *Node, e echo, link diag.Link, nexthop netip.Addr) (station, bool) {
	entry, known, err := n.NextHopNeighbour(link.Index, nexthop)
	if err != nil {
		w.giveUp(n, e, StageNeighbour, link.Name, quote(err))
		return station{}, false
	}
	a := &arping{w: w, n: n, e: e, link: link, nexthop: nexthop, sender: n.arpSender(link, e.src, nexthop)}
	if mac, ok := w.learned(n, link.Index, nexthop); ok && (!known || entry.State != "PERMANENT") {
		entry = diag.Neighbour{Dst: nexthop, Dev: link.Name, MAC: mac, State: "STALE"}
		known = true
	}
	if link.Has("NOARP") && link.Type == "ether" && !known {
		// What sends no ARP requests takes its own MAC address for everybody's
		// (arp_constructor()).
		entry = diag.Neighbour{Dst: nexthop, Dev: link.Name, MAC: link.MAC, State: "NOARP"}
		known = true
	}
	if known {
		a.entry = entry
	}
	if e.outer == nil {
		w.arping = a
	}
	if known && slices.Contains(resolved, entry.State) {
		return a.byEntry()
	}
	return a.byAsking()
}

// misled is the fault of a frame that came to n although the next hop is
// somebody else: the neighbour table had a MAC address which is n's, or there are
// two who have the address.
func (a *arping) misled(n *Node) (Fault, station, bool) {
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
	fix := Fix{a.n.Name, fmt.Sprintf("ip neigh del %s dev %s", a.nexthop, a.link.Name)}
	f := Fault{
		Code: NeighbourWrongMAC, Netns: a.n.Name, sure: true,
		Detail:   say("the entry for %s says %s, which is %s of %s; %s of %s has the address", a.nexthop, wrong.dev.MAC, wrong.dev.Name, n.title(), right.dev.Name, right.node.title()),
		Evidence: []string{a.entry.Line(), right.dev.AddressLine()}, fix: []Fix{fix},
	}
	if a.answers(wrong).Yes {
		f.Code, f.Netns = DuplicateAddress, n.Name
		f.Detail = say("both %s in %s and %s in %s answer for %s, and the packet came to the wrong one", right.dev.Name, right.node.title(), wrong.dev.Name, n.title(), a.nexthop)
		f.Evidence = []string{right.dev.AddressLine(), wrong.dev.AddressLine()}
		f.fix = append(n.withoutAddress(a.nexthop), fix)
	}
	return f, right, true
}

// arping is the search for the station behind a next hop.
type arping struct {
	w       *walk
	n       *Node
	e       echo
	link    diag.Link
	nexthop netip.Addr
	sender  netip.Addr     // of an ARP request
	entry   diag.Neighbour // zero when there is none
	byTable bool           // the frame has its MAC address from the neighbour table
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
	if len(misses) == 0 && a.entry.State != "PERMANENT" && a.entry.State != "NOARP" && len(x.unseen) == 0 {
		// What the entry says is nowhere any more. The kernel will find that out.
		return a.byAsking()
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
		far, known := a.w.otherEnd(x.voids[0], func(n *Node, dev diag.Link) bool { return n.answersARP(dev, a.nexthop, a.sender).Yes })
		if known && !bytes.Equal(far.dev.MAC, a.entry.MAC) {
			return a.wrongMAC(station{node: far.node, dev: far.dev})
		}
		return a.unforwarded(x)
	case len(x.unseen) > 0:
		return a.outOfSight(x)
	}
	a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, Fault{
		Code: NeighbourWrongMAC, Netns: a.n.Name,
		Detail:   say("the entry for %s says %s, which nobody on the wire of %s has", a.nexthop, a.entry.MAC, a.link.Name),
		Evidence: []string{a.entry.Line()},
		fix:      []Fix{{a.n.Name, "ip neigh del " + a.nexthop.String() + " dev " + a.link.Name}},
	})
	return station{}, false
}

// wrongMAC is the fault of an entry whose frames s ignores, although it is whom
// they should reach.
func (a *arping) wrongMAC(s station) (station, bool) {
	fix := "ip neigh del " + a.nexthop.String() + " dev " + a.link.Name
	if !a.wouldBeAnswered() {
		fix = "ip neigh replace " + a.nexthop.String() + " lladdr " + s.dev.MAC.String() + " dev " + a.link.Name + " nud permanent"
	}
	if a.entry.State == "NOARP" && a.link.Has("NOARP") {
		fix = "ip link set " + a.link.Name + " arp on"
	}
	if bridge, ok := a.missedBridge(s); ok {
		a.report(a.portless(site{s.node, bridge}, s, bridge))
		return station{node: s.node, dev: bridge}, true
	}
	f := Fault{
		Code: NeighbourWrongMAC, Netns: a.n.Name,
		Detail:   say("the entry for %s says %s, but %s at the other end is %s: it ignores the frame", a.nexthop, a.entry.MAC, s.dev.Name, s.dev.MAC),
		Evidence: []string{a.entry.Line(), s.dev.AddressLine()},
		fix:      []Fix{{a.n.Name, fix}},
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
func (a *arping) missedBridge(s station) (diag.Link, bool) {
	addrs, err := s.node.Addrs(s.dev.Index)
	if s.dev.Kind != "veth" || err != nil || hasIPv4(addrs) {
		return diag.Link{}, false
	}
	devices, err := s.node.Devices()
	if err != nil {
		return diag.Link{}, false
	}
	for _, d := range devices {
		if d.Link.Bridge != nil && bytes.Equal(d.Link.MAC, a.entry.MAC) {
			return d.Link, true
		}
	}
	return diag.Link{}, false
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

// answers asks a station who has the next hop.
func (a *arping) answers(s station) ARPAnswer {
	return s.node.answersARP(s.dev, a.nexthop, a.sender)
}

// byAsking goes by who would answer an ARP request.
func (a *arping) byAsking() (station, bool) {
	x := a.w.ask(a.n, a.link, a.e.leg, a.sender, a.nexthop)
	var yes, lost []station
	for _, s := range x.stations {
		switch {
		case s.node == nil:
			lost = append(lost, s)
		case a.answers(s).Yes:
			yes = append(yes, s)
		}
	}
	if s, ok := nearest(yes); ok {
		a.noteObstacles(s)
		a.rivals(s, yes)
		a.teach(s)
		a.w.unsent = a.w.unsent || s.tunnelled() && !a.w.answerable(a, s)
		if len(x.bridges) > 0 && len(s.obstacles) == 0 {
			if s, ok, found := a.unicast(s); found {
				return s, ok
			}
		}
		by := a.answers(s).By
		if by == ARPProxy {
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say("%s answers for %s by proxy ARP", s.dev.Name, a.nexthop))
		} else {
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say("%s answers for %s", s.dev.Name, a.nexthop))
		}
		return s, true
	}
	if s, ok := nearest(lost); ok {
		if s, ok, found := a.lostInTunnel(x, s); found {
			return s, ok
		}
		a.noteObstacles(s)
		if s.tunnelled() {
			a.w.unsent = true
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say("%s asks who has %s through the tunnel", a.link.Name, a.nexthop))
		}
		return s, true
	}
	if len(x.unseen) > 0 {
		return a.outOfSight(x)
	}
	return a.unanswered(x)
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

// unicast is found when broadcasts come to a station, but frames for it alone do
// not, or its answer does not come back.
func (a *arping) unicast(s station) (_ station, ok, found bool) {
	there := a.w.explore(a.n, a.link, a.e.leg, s.dev.MAC)
	if !there.reaches(s) {
		s, ok := a.outOfFDB(there)
		return s, ok, true
	}
	back := a.w.explore(s.node, s.dev, a.e.leg, a.link.MAC)
	for _, o := range slices.Concat(there.to(s.node, s.dev), back.to(a.n, a.link)) {
		a.noteObstacles(o)
	}
	return s, true, false
}

// to are the ways to a device that have something in between.
func (x *explorer) to(n *Node, dev diag.Link) []station {
	return slices.DeleteFunc(slices.Clone(x.stations), func(s station) bool {
		return s.node != n || s.dev.Index != dev.Index || len(s.obstacles) == 0
	})
}

// answerable reports whether an ARP request through tunnels, and its answer, get
// where they are to.
func (w *walk) answerable(a *arping, s station) bool {
	if len(s.obstacles) > 0 {
		return false
	}
	back := w.explore(s.node, s.dev, LegReply, a.link.MAC)
	there, ok := nearest(slices.DeleteFunc(back.stations, func(o station) bool { return o.node != a.n || o.dev.Index != a.link.Index }))
	return ok && len(there.obstacles) == 0
}

// reaches reports whether a frame comes to the station.
func (x *explorer) reaches(s station) bool {
	return len(x.unseen) > 0 || len(x.voids) > 0 || slices.ContainsFunc(x.stations, func(o station) bool {
		return o.node == nil || o.node == s.node && o.dev.Index == s.dev.Index
	})
}

// nearest is the station with the fewest obstacles.
func nearest(stations []station) (station, bool) {
	if len(stations) == 0 {
		return station{}, false
	}
	return slices.MinFunc(stations, func(a, b station) int { return len(a.obstacles) - len(b.obstacles) }), true
}

// noteObstacles notes what is in the way of frames to a station. What the
// carrying packet of a tunnel meets is noted when the walk comes there.
func (a *arping) noteObstacles(s station) {
	for _, o := range s.obstacles {
		if o.node != nil {
			a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, o.met(a.n))
		}
	}
}

// met is the fault of an obstacle for frames that n sends.
func (o obstacle) met(n *Node) Fault {
	f := o.fault
	if f.Code == NeighbourUnanswered {
		f.Netns = n.Name // who asks
	}
	return f
}

// rivals doubts the way when several stations with different MAC addresses
// answer: the one whose answer is first wins.
func (a *arping) rivals(chosen station, yes []station) {
	for _, s := range yes {
		if len(s.obstacles) > len(chosen.obstacles) || bytes.Equal(s.dev.MAC, chosen.dev.MAC) || s.node == chosen.node {
			continue
		}
		if a.answers(s).By != ARPOwner || a.answers(chosen).By != ARPOwner {
			continue
		}
		a.w.doubt(a.n, a.e, StageNeighbour, a.link.Name, Fault{
			Code: DuplicateAddress, Netns: s.node.Name,
			Detail:   say("both %s in %s and %s in %s answer for %s: whose answer comes first has the packet", chosen.dev.Name, chosen.node.title(), s.dev.Name, s.node.title(), a.nexthop),
			Evidence: []string{chosen.dev.AddressLine(), s.dev.AddressLine()},
			fix:      s.node.withoutAddress(a.nexthop),
		})
		return
	}
}

// outOfSight ends the walk where nothing can be seen any more, but for what the
// neighbour table says.
func (a *arping) outOfSight(x *explorer) (station, bool) {
	a.w.blind = a
	a.w.giveUp(a.n, a.e, StageSend, a.link.Name, x.unseen[0])
	return station{}, false
}
