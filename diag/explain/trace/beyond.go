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
	"nstutor/diag/explain/translated"
	"nstutor/diag/table"
)

// outside is where the walk left what can be seen.
type outside struct {
	fabric.Edge
	asking *arping // whom the last frame that was seen is for
	packet packet  // in it, as it left
}

// passes goes to the first edge for what is not here: the neighbour table or ARP
// gives the address of somebody beyond it.
func (a *arping) passes(x *fabric.Explorer) (fabric.Station, bool) {
	for _, judge := range []func(*fabric.Explorer) (cause.Finding, fabric.Station, bool){a.beneath, a.overhead} {
		f, s, ok := judge(x)
		if b, is := f.(cause.Beneath); ok && is && b.Link.Sharing != "vepa" && !slices.Contains(resolved, a.entry.State) {
			return a.accuse(f, s) // of vepa, a switch may give the frame back
		}
	}
	s := fabric.Station{Edge: &x.Edges[0], Way: x.Edges[0].Way, Sent: true}
	if !slices.Contains(resolved, a.entry.State) && !a.link.Has("NOARP") && a.w.outside == nil {
		a.w.outside = &outside{*s.Edge, a, a.p}
	}
	switch {
	case a.entry.Dst.IsValid():
		a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, quote(a.entry.Line()))
	case !a.link.Has("NOARP"):
		a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name,
			wBeyond.Of(a.nexthop, s.Edge.Dev.Name))
	}
	return s, true
}

// depart notes that a packet has left what can be seen, and goes on as though
// whoever is beyond answered: the reply comes in where the request went out.
func (w *walk) depart(n *machine.Space, p packet, link table.Link, at *fabric.Edge) {
	if w.strayed {
		return
	}
	left := &outside{*at, w.asking, p}
	if f := cause.Unhanded(cause.At(at.Space.Name), at.Dev, p.dst, at.Space.FarEnd(at.Dev, p.dst)); f != nil {
		w.fault(at.Space, p, hop.StageSend, at.Dev.Name, f)
	}
	if w.outside == nil {
		w.outside = left
	}
	if p.encap != nil {
		w.tunnelled = left
		return
	}
	if p.leg == flows.LegReply {
		// Whether it finds its way back is decided beyond.
		if w.parted == nil {
			if f := w.unreturned(n, p); f != nil {
				w.doubt(n, p, hop.StageSend, link.Name, f)
			}
			return
		}
		if f := w.astray(); cause.DownDevice(f) != "" {
			w.fault(n, p, hop.StageSend, link.Name, f)
			w.turnBack()
		} else {
			w.doubt(n, p, hop.StageSend, link.Name, f)
		}
		return
	}
	if w.arrival.Dev == "" { // or else whoever is beyond knows the way back
		if f, ok := translated.Away(n, p.filtered, p.src, link); ok {
			w.doubt(n, p, hop.StageSend, link.Name, f)
		}
		w.untranslated(n, p, link)
		if machine.Private(p.src) && !machine.Private(p.dst) {
			if f, _, _ := w.chosen(p.src, p.dst, cause.Lookup{}, func(a netip.Addr) bool { return !machine.Private(a) }); f != nil {
				w.doubt(n, p, hop.StageSend, link.Name, f)
			}
		}
	}
	w.returns(w.back(p), fabric.Site{Space: n, Dev: link}, *at)
}

// returns has a reply come back to a device by an edge; or by another device of the
// namespace, where it was seen.
func (w *walk) returns(p packet, to fabric.Site, from fabric.Edge) {
	if w.arrival.TTL > 0 {
		p.ttl = w.arrival.TTL
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
func (w *walk) admit(p packet, to fabric.Site, from fabric.Edge) {
	p.length = min(p.length, from.Dev.MTU)
	x := &fabric.Explorer{Net: paths{w}, Leg: p.leg, MAC: to.Dev.MAC, Above: machine.Stacked(to.Dev)}
	other := w.arrival.MAC != nil && !bytes.Equal(w.arrival.MAC, to.Dev.MAC)
	if other {
		x.MAC = w.arrival.MAC
	}
	if from.Dev.MasterKind == "openvswitch" {
		x.From(from.Space, from.Dev) // the reply comes from within
	} else {
		x.Into(from.Space, from.Dev)
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
func (w *walk) throughTunnel(n *machine.Space, p packet, link table.Link, c fabric.Crossing) {
	left := w.tunnelled
	w.tunnelled = nil
	if p.leg == flows.LegReply {
		return
	}
	carrier := envelope(c.Dev, w.back(p), c.Remote)
	carrier.src, carrier.dst = c.Remote, left.packet.src
	w.landed = nil
	w.admit(carrier, fabric.Site{Space: left.asking.n, Dev: left.asking.link}, left.Edge)
	if w.landed != nil {
		w.admit(w.back(p), fabric.Site{Space: n, Dev: link}, fabric.Edge{Space: c.Space, Dev: c.Dev})
	}
}

// untranslated doubts a request that leaves by the way out with the private
// address of somebody behind this namespace.
func (w *walk) untranslated(n *machine.Space, p packet, link table.Link) {
	if len(w.passed) == 0 {
		return
	}
	passed := w.passed[len(w.passed)-1]
	if passed.node != n || !translated.Wanted(n, p.src, p.dst, link, passed.route) {
		return
	}
	w.doubt(n, p, hop.StageSend, link.Name, cause.Untranslated{At: at(n), Src: p.src, Net: n.Leaving(w.from, p.filtered, p.src, link.Name), Out: link.Name, Line: passed.route.Line, Exempt: w.exemptAt(n)})
}

// foreign reports whether the entry is of nobody that can be seen.
func (a *arping) foreign(x *fabric.Explorer) bool {
	if len(x.Edges) == 0 {
		return false
	}
	for _, s := range x.Stations {
		if s.Space != nil && (bytes.Equal(s.Dev.MAC, a.entry.MAC) || a.answers(s).Yes) {
			return false
		}
	}
	return true
}
