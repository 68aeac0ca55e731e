package trace

import (
	"bytes"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// resolved are the states in which the kernel uses the MAC address it has.
var resolved = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}

// nextStation finds where the frame goes that is to reach the next hop: whose
// MAC address it will have, and who takes a frame for it. It is false when the
// walk cannot go on.
func (w *walk) nextStation(n *machine.Space, p packet, link table.Link, nexthop netip.Addr) (fabric.Station, bool) {
	entry, known, err := n.NextHopNeighbour(link.Index, nexthop)
	if err != nil {
		w.giveUp(n, p, hop.StageNeighbour, link.Name, quote(err))
		return fabric.Station{}, false
	}
	a := &arping{w: w, n: n, p: p, link: link, nexthop: nexthop, sender: machine.ARPSender(n, link, p.src, nexthop)}
	if mac, ok := w.lessons.Neighbour(n, link.Index, nexthop); ok && (!known || entry.State != "PERMANENT") {
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
	if !known {
		if full, ok := w.world.FullNeighbours(n); ok {
			w.doubt(n, p, hop.StageNeighbour, link.Name, cause.NoRoom{NextHop: a.hop(), Table: full})
		}
	}
	w.asking = a
	if p.encap == nil {
		w.arping = a
	}
	if link.Tunnel != nil && link.Type != "ether" {
		return a.byTunnel()
	}
	if known && slices.Contains(resolved, entry.State) {
		return a.byEntry()
	}
	s, ok := a.byAsking()
	if s.Space != nil && s.Tunnelled() {
		a.hearAnswer(s)
	}
	return s, ok
}

// byTunnel goes through a tunnel of IP packets: whoever opens them has them.
func (a *arping) byTunnel() (fabric.Station, bool) {
	x := &fabric.Explorer{Net: paths{a.w}, Leg: a.p.leg, Of: a.nexthop}
	x.From(a.n, a.link)
	s, ok := fabric.Nearest(x.Stations)
	switch {
	case ok:
		s.Sent = true // what is in its way is noted there
		return s, true
	case len(x.Edges) > 0:
		return a.passes(x)
	case len(x.Unseen) > 0:
		return a.outOfSight(x)
	}
	return s, false
}

// arping is the search for the station behind a next hop.
type arping struct {
	w       *walk
	n       *machine.Space
	p       packet
	link    table.Link
	nexthop netip.Addr
	sender  netip.Addr      // of an ARP request
	entry   table.Neighbour // zero when there is none
	byTable bool            // the frame has its MAC address from the neighbour table
}

// answers asks a station who has the next hop.
func (a *arping) answers(s fabric.Station) machine.ARPAnswer {
	return s.Space.Answers(s.Dev, a.nexthop, a.sender)
}

// byAsking goes by who would answer an ARP request.
func (a *arping) byAsking() (fabric.Station, bool) {
	x := a.w.ask(a.n, a.link, a.p.leg, a.sender, a.nexthop, false)
	yes, lost := a.answering(x)
	if len(yes)+len(lost) == 0 {
		x = a.w.ask(a.n, a.link, a.p.leg, a.sender, a.nexthop, true)
		yes, lost = a.answering(x)
	}
	if s, ok := fabric.Nearest(yes); ok {
		a.noteObstacles(s)
		if f, ok := a.ownMAC(s); ok {
			a.w.unsent = true
			a.report(f)
			return s, true
		}
		contested := a.rivals(s, yes)
		a.namesake(x, s, nil)
		a.w.lessons.Teach(a.sender, a.link.MAC, s)
		if len(x.Bridges) > 0 && len(s.Obstacles) == 0 && !contested {
			if s, ok, found := a.unicast(s); found {
				return s, ok
			}
		}
		by := a.answers(s).By
		if by == machine.ARPProxy {
			a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, wProxied.Of(s.Dev.Name, a.nexthop))
		} else {
			a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, wAnswers.Of(s.Dev.Name, a.nexthop))
		}
		return s, true
	}
	if s, ok := fabric.Nearest(lost); ok {
		if s, ok, found := a.lostInTunnel(x, s); found {
			return s, ok
		}
		a.noteObstacles(s)
		if s.Tunnelled() {
			a.w.unsent = true
			a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, wAsksThrough.Of(a.link.Name, a.nexthop))
		}
		return s, true
	}
	switch {
	case len(x.Edges) > 0 && !x.Severed(a.link):
		return a.passes(x)
	case len(x.Unseen) > 0:
		return a.outOfSight(x)
	}
	return a.unanswered(x)
}

// answering are the stations that would answer the request, and the tunnels that
// it gets lost in.
func (a *arping) answering(x *fabric.Explorer) (yes, lost []fabric.Station) {
	for _, s := range x.Stations {
		switch {
		case s.Space == nil:
			lost = append(lost, s)
		case a.answers(s).Yes && s.Dev.Sharing != "l3" && s.Dev.Sharing != "l3s":
			yes = append(yes, s)
		}
	}
	return yes, lost
}

// unicast is found when broadcasts come to a station, but frames for it alone do
// not, or its answer does not come back.
func (a *arping) unicast(s fabric.Station) (_ fabric.Station, ok, found bool) {
	there := a.w.explore(a.n, a.link, a.p.leg, s.Dev.MAC)
	if !there.Reaches(s) {
		s, ok := a.outOfFDB(there)
		return s, ok, true
	}
	back := a.w.explore(s.Space, s.Dev, a.p.leg, a.link.MAC)
	for _, o := range slices.Concat(there.To(s.Space, s.Dev), back.To(a.n, a.link)) {
		a.noteObstacles(o)
	}
	return s, true, false
}

// hearAnswer takes the answer to an ARP request through tunnels back to who asks. What
// is in its way keeps the packet from being sent, by whatever way its own reply comes.
func (a *arping) hearAnswer(s fabric.Station) {
	if len(s.Obstacles) > 0 { // which are met on the way there
		a.w.unsent = true
		return
	}
	back := a.w.explore(s.Space, s.Dev, flows.LegReply, a.link.MAC)
	there, ok := fabric.Nearest(slices.DeleteFunc(back.Stations, func(o fabric.Station) bool { return o.Space != a.n || o.Dev.Index != a.link.Index }))
	for _, o := range there.Obstacles {
		a.w.fault(a.n, a.p, hop.StageNeighbour, a.link.Name, o.Met(s.Space))
	}
	a.w.unsent = a.w.unsent || !ok || len(there.Obstacles) > 0
}

// noteObstacles notes what is in the way of frames to a station. What the
// carrying packet of a tunnel meets is noted when the walk comes there.
func (a *arping) noteObstacles(s fabric.Station) {
	for _, o := range s.Obstacles {
		if o.Space != nil {
			a.w.fault(a.n, a.p, hop.StageNeighbour, a.link.Name, o.Met(a.n))
		}
	}
}

// rivals doubts the way when several stations with different MAC addresses
// answer: the one whose answer is first wins, and what is in the way to one of them
// proves nothing.
func (a *arping) rivals(chosen fabric.Station, yes []fabric.Station) bool {
	for _, s := range yes {
		if len(s.Obstacles) > len(chosen.Obstacles) || bytes.Equal(s.Dev.MAC, chosen.Dev.MAC) || s.Space == chosen.Space {
			continue
		}
		if a.answers(s).By != machine.ARPOwner || a.answers(chosen).By != machine.ARPOwner {
			continue
		}
		a.w.doubt(a.n, a.p, hop.StageNeighbour, a.link.Name, cause.Rivals{
			At: at(s.Space), Addr: a.nexthop, Chosen: chosen.Device(), Other: s.Device(), Own: remedy.OwnAddress(s.Space, a.nexthop),
		})
		return true
	}
	return false
}

// outOfSight ends the walk where it cannot be followed any more.
func (a *arping) outOfSight(x *fabric.Explorer) (fabric.Station, bool) {
	a.w.giveUp(a.n, a.p, hop.StageSend, a.link.Name, x.Unseen[0])
	return fabric.Station{}, false
}
