package trace

import (
	"bytes"
	"cmp"
	"net/netip"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
	"nstutor/diag/table"
)

// outside is where the walk left what can be seen.
type outside struct {
	fabric.Edge
	search *judge.Search  // whom the last frame that was seen is for
	packet journey.Packet // in it, as it left
}

// passes goes to an edge for what is not here: the neighbour table or ARP gives the
// address of somebody beyond it.
func (w *walk) passes(a *judge.Search, x *fabric.Explorer) (fabric.Station, bool) {
	if f, ok := a.Stacked(x); ok && f.Link.Sharing != "vepa" && !judge.Resolved(a.Entry) {
		w.report(a, f) // of vepa, a switch may give the frame back
		return fabric.Station{}, false
	}
	edge, _ := x.Out()
	edge = edge.Rather(a.NextHop, a.Entry.MAC)
	s := fabric.Station{Edge: &edge, Way: edge.Way, Sent: true}
	if !judge.Resolved(a.Entry) && !a.Link.Has("NOARP") && w.outside == nil {
		w.outside = &outside{*s.Edge, a, a.Packet}
	}
	switch {
	case a.Entry.Dst.IsValid():
		w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name, quote(a.Entry.Line()))
	case !a.Link.Has("NOARP"):
		w.hop(a.Space, a.Packet, hop.StageNeighbour, a.Link.Name,
			wBeyond.Of(a.NextHop, s.Edge.Dev.Name))
	}
	return s, true
}

// Hides says that a network of an own address, of which nobody is known on its wire, comes before a
// route by a router.
func (b *Beyond) Hides() (lines []Text) {
	for _, passed := range b.search.Ways() {
		if r, ok := absent.Hidden(passed.Space, b.packet.Dst, passed.Route); ok && passed.Space == b.Edge.Space {
			lines = append(lines, wHides.Of(quote(passed.Route.Entry.Line()), b.packet.Dst, quote(r.Line())))
		}
	}
	return lines
}

// depart notes that a packet has left what can be seen, and goes on as though
// whoever is beyond answered: the reply comes in where the request went out.
func (w *walk) depart(n *machine.Space, p journey.Packet, link table.Link, at *fabric.Edge) {
	if w.strayed {
		return
	}
	left := &outside{*at, w.asking, p}
	end := at.Space.FarEnd(at.Dev, p.Dst)
	if f := cmp.Or(cause.Unhanded(cause.At(at.Space.Name), at.Dev, p.Dst, end), w.enclosed(at, end)); f != nil {
		w.fault(at.Space, p, hop.StageSend, at.Dev.Name, f)
	}
	if w.outside == nil {
		w.outside = left
	}
	if p.Encap != nil {
		w.tunnelled = left
		return
	}
	if p.Leg == flows.LegReply {
		// Whether it finds its way back is decided beyond.
		if w.Parted == nil {
			if f := w.Unreturned(n, p); f != nil {
				w.doubt(n, p, hop.StageSend, link.Name, f)
			}
			return
		}
		if f := w.Astray(); cause.DownDevice(f) != "" {
			w.fault(n, p, hop.StageSend, link.Name, f)
			w.turnBack()
		} else {
			w.doubt(n, p, hop.StageSend, link.Name, f)
		}
		return
	}
	if w.Direct.By != nil {
		return // whoever has it answers from where he is, and not by the director
	}
	if w.arrival.Dev == "" { // or else whoever is beyond knows the way back
		if f, ok := translated.Away(n, p.Filtered, p.Src, link); ok {
			w.doubt(n, p, hop.StageSend, link.Name, f)
		}
		switch f, ok := w.Untranslated(n, p, link); {
		case ok && len(w.Faults) > 0 && !machine.Private(p.Dst) && !machine.Routed(n, p.Src):
			w.stop(n, p, hop.StageSend, link.Name, f) // no packet can tell before those are mended
		case ok:
			w.doubt(n, p, hop.StageSend, link.Name, f)
		}
		if machine.Private(p.Src) && !machine.Private(p.Dst) {
			if f, _, _ := w.Chosen(p.Src, p.Dst, cause.Lookup{}, func(a netip.Addr) bool { return !machine.Private(a) }); f != nil {
				w.doubt(n, p, hop.StageSend, link.Name, f)
			}
		}
	}
	w.returns(w.Back(p), fabric.Site{Space: n, Dev: link}, *at)
}

// returns has a reply come back to a device by an edge; or by another device of the
// namespace, where it was seen.
func (w *walk) returns(p journey.Packet, to fabric.Site, from fabric.Edge) {
	if w.arrival.TTL > 0 {
		p.TTL = w.arrival.TTL
	}
	if dev, err := from.Space.Link(w.arrival.Dev); w.arrival.Dev != "" && err == nil && dev.Index != from.Dev.Index {
		from.Dev, to = dev, fabric.Site{Space: from.Space, Dev: dev}
		if bridge, err := from.Space.Link(dev.Master); dev.Port != nil && err == nil {
			to.Dev = bridge
		}
	}
	w.admit(p, to, from)
}

// admit takes a packet that comes in at an edge to the device of a namespace
// that its frame is for. Whoever sends it cuts it to what that wire takes, or has a
// reason not to that cannot be seen.
func (w *walk) admit(p journey.Packet, to fabric.Site, from fabric.Edge) {
	p.Length = min(p.Length, from.Dev.MTU)
	x := &fabric.Explorer{Net: paths{w}, Leg: p.Leg, MAC: to.Dev.MAC, Above: machine.Stacked(to.Dev)}
	other := w.arrival.MAC != nil && !bytes.Equal(w.arrival.MAC, to.Dev.MAC)
	if other {
		x.MAC = w.arrival.MAC
	}
	if from.Dev.MasterKind == "openvswitch" {
		x.From(from.Space, from.Dev) // the reply comes from within
	} else {
		x.Back(from.Dev, from)
	}
	for _, s := range x.Stations {
		if other && !bytes.Equal(s.Dev.MAC, x.MAC) || !other && (s.Space != to.Space || s.Dev.Index != to.Dev.Index) {
			continue
		}
		s.Sent = true
		for i, c := range s.Crossings {
			w.meet(s.Space, p, s, i)
			var ok bool
			if p, ok = w.cross(p, c); !ok {
				return
			}
		}
		w.meet(s.Space, p, s, len(s.Crossings))
		w.taken(s.Space, p, s.Dev)
		w.receive(s.Space, p, s.Dev)
		return
	}
	w.giveUp(from.Space, p, hop.StageReceive, from.Dev.Name,
		wHowUnknown.Of(from.Dev.Name, to.Dev.Name))
}

// throughTunnel goes on behind a tunnel whose carrying packet has left what can
// be seen: the reply comes in a packet of its own, from the tunnel's other end.
func (w *walk) throughTunnel(n *machine.Space, p journey.Packet, link table.Link, c fabric.Crossing) {
	left := w.tunnelled
	w.tunnelled = nil
	if p.Leg == flows.LegReply {
		return
	}
	carrier := enveloped(c, w.Back(p))
	carrier.Src, carrier.Dst = c.Remote, left.packet.Src
	w.landed = nil
	w.admit(carrier, fabric.Site{Space: left.search.Space, Dev: left.search.Link}, left.Edge)
	if w.landed != nil {
		w.admit(w.Back(p), fabric.Site{Space: n, Dev: link}, fabric.Edge{Space: c.Space, Dev: c.Dev})
	}
}
