package trace

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// nextStation finds where the frame goes that is to reach the next hop: whose
// MAC address it will have, and who takes a frame for it. It is false when the
// walk cannot go on.
func (w *walk) nextStation(n *machine.Space, p journey.Packet, link table.Link, nexthop netip.Addr) (fabric.Station, bool) {
	entry, known, err := n.NextHopNeighbour(link.Index, nexthop)
	if err != nil {
		w.giveUp(n, p, hop.StageNeighbour, link.Name, quote(err))
		return fabric.Station{}, false
	}
	a := &judge.Search{Judge: w.Judge, Space: n, Packet: p, Link: link, NextHop: nexthop}
	a.Sender = w.Mended.Sender(n, link, machine.ARPSender(n, link, p.Src, nexthop))
	if mac, ok := w.Lessons.Neighbour(n, link.Index, nexthop); ok && (!known || entry.State != "PERMANENT") {
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
		a.Entry = entry
	}
	if !known {
		if use, ok := w.World.FullNeighbours(n); ok {
			w.doubt(n, p, hop.StageNeighbour, link.Name, full.NoRoom{NextHop: a.Hop(), Table: use})
		}
	}
	w.asking = a
	if p.Encap == nil {
		w.Sought = a
	}
	if link.Tunnel != nil && link.Type != "ether" {
		return w.byTunnel(a)
	}
	if known && judge.Resolved(entry) {
		return w.byEntry(a)
	}
	if f, bridge, ok := a.Enslaved(); ok {
		w.unsent = true
		w.report(a, f)
		return w.nextStation(n, p, bridge, nexthop)
	}
	s, ok := w.byAsking(a)
	if s.Space != nil && s.Tunnelled() {
		w.hearAnswer(a, s)
	}
	if s.Space != nil && a.NextHop.Is6() {
		w.advertised(a, s)
	}
	return s, ok
}

// advertised takes the answer of IPv6 back, which goes to who asks as any packet does: an entry
// that somebody has written for him, with another's MAC address, leads it astray.
func (w *walk) advertised(a *judge.Search, s fabric.Station) {
	entry, ok, err := s.Space.NextHopNeighbour(s.Dev.Index, a.Sender)
	if err != nil || !ok || entry.State != "PERMANENT" || bytes.Equal(entry.MAC, a.Link.MAC) || len(s.Obstacles) > 0 {
		return
	}
	p := a.Packet
	p.Src, p.Dst = a.NextHop, a.Sender
	back := &judge.Search{Judge: a.Judge, Space: s.Space, Packet: p, Link: s.Dev, NextHop: a.Sender, Sender: a.NextHop, Entry: entry, ByTable: true}
	x := a.Explore(s.Space, s.Dev, p.Leg, entry.MAC)
	hits, misses := back.Hit(x)
	if len(hits) > 0 {
		return
	}
	o := back.Ignored(x, misses)
	if f := cmp.Or(o.Finding, o.Station.Deaf); f != nil {
		w.unsent = true
		w.report(a, f)
	}
}

// byTunnel goes through a tunnel of IP packets: whoever opens them has them.
func (w *walk) byTunnel(a *judge.Search) (fabric.Station, bool) {
	x := &fabric.Explorer{Net: a.Net, Leg: a.Packet.Leg, Of: a.NextHop}
	x.From(a.Space, a.Link)
	s, ok := fabric.Nearest(x.Stations)
	switch {
	case ok:
		s.Sent = true // what is in its way is noted there
		return s, true
	case len(x.Edges) > 0:
		return w.passes(a, x)
	case len(x.Unseen) > 0:
		return w.outOfSight(a, x)
	}
	return s, false
}

// byAsking goes by who would answer an ARP request.
func (w *walk) byAsking(a *judge.Search) (fabric.Station, bool) {
	x := a.Ask(a.Space, a.Link, a.Packet.Leg, a.Sender, a.NextHop, false)
	yes, lost := a.Answering(x)
	if len(yes)+len(lost) == 0 {
		x = a.Ask(a.Space, a.Link, a.Packet.Leg, a.Sender, a.NextHop, true)
		yes, lost = a.Answering(x)
	}
	if s, ok := fabric.Nearest(yes); ok {
		s = w.chosen(a, s, yes)
		w.noteObstacles(a, s)
		if f, ok := a.OwnMAC(s); ok {
			w.unsent = true
			w.report(a, f)
			return s, true
		}
		rival := a.Rival(s, yes)
		for _, f := range []cause.Finding{rival, a.Namesake(x, s)} {
			if f != nil {
				w.doubt(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, f)
			}
		}
		w.Notice(a.Packet.Leg, a.Twice(x, s, x.Bridges))
		w.Lessons.Teach(a.Sender, a.Link.MAC, s)
		if len(x.Bridges) > 0 && len(s.Obstacles) == 0 && rival == nil {
			if s, ok, found := w.unicast(a, s); found {
				return s, ok
			}
		}
		by := a.Answers(s).By
		if by == machine.ARPProxy {
			w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, wProxied.Of(s.Dev.Name, a.NextHop))
		} else {
			w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, wAnswers.Of(s.Dev.Name, a.NextHop))
		}
		return s, true
	}
	if s, ok := fabric.Nearest(lost); ok && !x.Leaves() {
		if s, ok, found := w.lostInTunnel(a, x, s); found {
			return s, ok
		}
		w.noteObstacles(a, s)
		if s.Tunnelled() {
			w.unsent = true
			w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, wAsksThrough.Of(a.Link.Name, a.NextHop))
		}
		return s, true
	}
	switch {
	case len(x.Edges) > 0 && !x.Severed(a.Link):
		return w.passes(a, x)
	case len(x.Unseen) > 0:
		return w.outOfSight(a, x)
	}
	return w.conclude(a, x, a.Unanswered(x))
}

// unicast is found when broadcasts come to a station, but frames for it alone do
// not, or its answer does not come back.
func (w *walk) unicast(a *judge.Search, s fabric.Station) (_ fabric.Station, ok, found bool) {
	there := a.Send(s.Dev.MAC, false)
	if !there.Reaches(s) {
		s, ok := w.conclude(a, there, a.OutOfFDB(there))
		return s, ok, true
	}
	back := a.Explore(s.Space, s.Dev, a.Packet.Leg, a.Link.MAC)
	for _, o := range slices.Concat(there.To(s.Space, s.Dev), back.To(a.Space, a.Link)) {
		w.noteObstacles(a, o)
	}
	return s, true, false
}

// hearAnswer takes the answer to an ARP request through tunnels back to who asks. What
// is in its way keeps the packet from being sent, by whatever way its own reply comes.
func (w *walk) hearAnswer(a *judge.Search, s fabric.Station) {
	if len(s.Obstacles) > 0 { // which are met on the way there
		w.unsent = true
		return
	}
	back := a.Explore(s.Space, s.Dev, flows.LegReply, a.Link.MAC)
	there, ok := fabric.Nearest(slices.DeleteFunc(back.Stations, func(o fabric.Station) bool { return o.Space != a.Space || o.Dev.Index != a.Link.Index }))
	for _, o := range there.Obstacles {
		w.fault(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, o.Met(s.Space))
	}
	w.unsent = w.unsent || !ok || len(there.Obstacles) > 0
}

// noteObstacles notes what is in the way of frames to a station. What the
// carrying packet of a tunnel meets is noted when the walk comes there.
func (w *walk) noteObstacles(a *judge.Search, s fabric.Station) {
	for _, o := range s.Obstacles {
		if o.Space != nil {
			w.fault(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, o.Met(a.Space))
		}
	}
}

// outOfSight ends the walk where it cannot be followed any more.
func (w *walk) outOfSight(a *judge.Search, x *fabric.Explorer) (fabric.Station, bool) {
	w.giveUp(a.Space, a.Packet, hop.StageSend, a.Link.Name, x.Unseen[0])
	return fabric.Station{}, false
}

// byEntry goes by the MAC address that the neighbour table has.
func (w *walk) byEntry(a *judge.Search) (fabric.Station, bool) {
	a.ByTable = true
	if bytes.Equal(a.Entry.MAC, a.Link.MAC) && a.Entry.State != "NOARP" {
		for _, s := range a.Send(nil, false).Stations {
			if f, ok := a.OwnMAC(s); ok {
				w.sent(a)
				w.report(a, f)
				return fabric.Station{}, false
			}
		}
	}
	x := a.Send(a.Entry.MAC, false)
	hits, misses := a.Hit(x)
	if len(hits) == 0 {
		x = a.Send(a.Entry.MAC, true)
		hits, misses = a.Hit(x)
	}
	if s, ok := fabric.Nearest(hits); ok && (s.Space != nil || !x.Leaves()) {
		if s, ok, found := w.lostInTunnel(a, x, s); found {
			return s, ok
		}
		if around := a.Around(s, x.Bridges); around != nil {
			if f := a.Namesake(around, s); f != nil {
				w.doubt(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, f)
			}
			w.Notice(a.Packet.Leg, a.Twice(around, s, x.Bridges))
		}
		for _, f := range a.Again(s, x.Bridges) {
			w.unasked = append(w.unasked, journey.Find(a.Packet.Leg, f))
		}
		w.Lessons.Snoop(a.Link.MAC, s)
		w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, quote(a.Entry.Line()))
		s.Sent = true
		return s, true
	}
	if a.Foreign(x) {
		if f := a.Stolen(x.Bridges); f != nil {
			w.doubt(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, f)
			w.Notice(a.Packet.Leg, f)
		}
		return w.passes(a, x)
	}
	return w.conclude(a, x, a.Ignored(x, misses))
}

// lostInTunnel is found when a frame that does not come out of a tunnel was sent
// to the wrong end of it.
func (w *walk) lostInTunnel(a *judge.Search, x *fabric.Explorer, lost fabric.Station) (s fabric.Station, ok, found bool) {
	if lost.Space != nil {
		return fabric.Station{}, false, false
	}
	f, s, found := a.Elsewhere(x)
	if found {
		w.sent(a)
		w.report(a, f)
	}
	return s, s.Space != nil, found
}

// conclude notes what became of a search.
func (w *walk) conclude(a *judge.Search, x *fabric.Explorer, o judge.Outcome) (fabric.Station, bool) {
	switch {
	case o.Unseen:
		return w.outOfSight(a, x)
	case o.Used:
		w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, quote(a.Entry.Line()))
	case o.Left:
		w.sent(a)
	}
	if o.Finding != nil {
		if !o.Station.Sent { // or else it meets them there
			w.noteObstacles(a, o.Station)
		}
		w.report(a, o.Finding)
	}
	again := turning{a.Space, o.Out.Index, o.Via, a.Packet.Flow()}
	if o.Via.IsValid() && w.others[again] {
		return fabric.Station{}, false
	}
	w.others[again] = true
	if o.Out.Name != "" {
		p := w.rechosen(a.Space, a.Packet, o.Out.Name)
		if s, ok := w.nextStation(a.Space, p, o.Out, o.Via); ok {
			w.travel(a.Space, p, o.Out, s)
		}
		return fabric.Station{}, false
	}
	if o.Via.IsValid() {
		return w.nextStation(a.Space, a.Packet, a.Link, o.Via)
	}
	return o.Station, o.Station.Space != nil
}

// report notes a fault of the neighbour's stage.
func (w *walk) report(a *judge.Search, f cause.Finding) {
	w.fault(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, f)
}

// sent notes that the frame leaves its device, for the neighbour table has a MAC
// address for it.
func (w *walk) sent(a *judge.Search) {
	if a.ByTable && len(w.Faults) == 0 {
		w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, quote(a.Entry.Line()))
		w.wired(a.Space, a.Packet, hop.StageSend, a.Link.Name)
	}
}
