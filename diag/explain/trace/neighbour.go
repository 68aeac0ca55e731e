package trace

import (
	"bytes"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// resolved are the states in which the kernel uses the MAC address it has.
var resolved = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}

// nextStation finds where the frame goes that is to reach the next hop: whose
// MAC address it will have, and who takes a frame for it. It is false when the
// walk cannot go on.
func (w *walk) nextStation(n *machine.Space, e echo, link table.Link, nexthop netip.Addr) (station, bool) {
	entry, known, err := n.NextHopNeighbour(link.Index, nexthop)
	if err != nil {
		w.giveUp(n, e, StageNeighbour, link.Name, quote(err))
		return station{}, false
	}
	a := &arping{w: w, n: n, e: e, link: link, nexthop: nexthop, sender: machine.ARPSender(n, link, e.src, nexthop)}
	if mac, ok := w.learned(n, link.Index, nexthop); ok && (!known || entry.State != "PERMANENT") {
		entry = table.Neighbour{Dst: nexthop, Dev: link.Name, MAC: mac, State: "STALE"}
		known = true
	}
	if link.Has("NOARP") && link.Type == "ether" && !known {
		// What sends no ARP requests takes its own MAC address for everybody's
		// (arp_constructor()).
		entry = table.Neighbour{Dst: nexthop, Dev: link.Name, MAC: link.MAC, State: "NOARP"}
		known = true
	}
	if known {
		a.entry = entry
	}
	w.asking = a
	if e.outer == nil {
		w.arping = a
	}
	if known && slices.Contains(resolved, entry.State) {
		return a.byEntry()
	}
	return a.byAsking()
}

// arping is the search for the station behind a next hop.
type arping struct {
	w       *walk
	n       *machine.Space
	e       echo
	link    table.Link
	nexthop netip.Addr
	sender  netip.Addr      // of an ARP request
	entry   table.Neighbour // zero when there is none
	byTable bool            // the frame has its MAC address from the neighbour table
}

// answers asks a station who has the next hop.
func (a *arping) answers(s station) machine.ARPAnswer {
	return s.node.AnswersARP(s.dev, a.nexthop, a.sender)
}

// byAsking goes by who would answer an ARP request.
func (a *arping) byAsking() (station, bool) {
	x := a.w.ask(a.n, a.link, a.e.leg, a.sender, a.nexthop, false)
	yes, lost := a.answering(x)
	if len(yes)+len(lost) == 0 {
		x = a.w.ask(a.n, a.link, a.e.leg, a.sender, a.nexthop, true)
		yes, lost = a.answering(x)
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
		if by == machine.ARPProxy {
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say.T("%s answers for %s by proxy ARP", "%s 用代理 ARP 替 %s 应答", s.dev.Name, a.nexthop))
		} else {
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say.T("%s answers for %s", "%[2]s 由 %[1]s 应答", s.dev.Name, a.nexthop))
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
			a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, say.T("%s asks who has %s through the tunnel", "%s 经隧道发出 who-has %s", a.link.Name, a.nexthop))
		}
		return s, true
	}
	switch {
	case len(x.edges) > 0:
		return a.passes(x)
	case len(x.unseen) > 0:
		return a.outOfSight(x)
	}
	return a.unanswered(x)
}

// answering are the stations that would answer the request, and the tunnels that
// it gets lost in.
func (a *arping) answering(x *explorer) (yes, lost []station) {
	for _, s := range x.stations {
		switch {
		case s.node == nil:
			lost = append(lost, s)
		case a.answers(s).Yes && s.dev.Sharing != "l3" && s.dev.Sharing != "l3s":
			yes = append(yes, s)
		}
	}
	return yes, lost
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
func (x *explorer) to(n *machine.Space, dev table.Link) []station {
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
	return len(x.unseen) > 0 || len(x.edges) > 0 || len(x.voids) > 0 || slices.ContainsFunc(x.stations, func(o station) bool {
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
func (o obstacle) met(n *machine.Space) cause.Finding {
	if f, ok := o.fault.(cause.Asked); ok {
		return f.AskedBy(n.Name)
	}
	return o.fault
}

// rivals doubts the way when several stations with different MAC addresses
// answer: the one whose answer is first wins.
func (a *arping) rivals(chosen station, yes []station) {
	for _, s := range yes {
		if len(s.obstacles) > len(chosen.obstacles) || bytes.Equal(s.dev.MAC, chosen.dev.MAC) || s.node == chosen.node {
			continue
		}
		if a.answers(s).By != machine.ARPOwner || a.answers(chosen).By != machine.ARPOwner {
			continue
		}
		a.w.doubt(a.n, a.e, StageNeighbour, a.link.Name, cause.Rivals{
			At: at(s.node), Addr: a.nexthop, Chosen: chosen.device(), Other: s.device(), Own: ownAddress(s.node, a.nexthop),
		})
		return
	}
}

// outOfSight ends the walk where it cannot be followed any more.
func (a *arping) outOfSight(x *explorer) (station, bool) {
	a.w.giveUp(a.n, a.e, StageSend, a.link.Name, x.unseen[0])
	return station{}, false
}
