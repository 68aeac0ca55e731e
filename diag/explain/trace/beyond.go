package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// edge is a device whose other end is somebody else's: a NIC, a tap, a veth into
// a namespace that cannot be seen. What leaves by it can be seen leaving, and
// what comes back by it coming in.
type edge struct {
	node *machine.Space
	dev  table.Link
	why  Text // what is not seen there
	way
}

// outside is where the walk left what can be seen.
type outside struct {
	edge
	asking *arping // whom the last frame that was seen is for
	echo   echo    // in it, as it left
}

// passes goes to the first edge for what is not here: the neighbour table or ARP
// gives the address of somebody beyond it.
func (a *arping) passes(x *explorer) (station, bool) {
	s := station{edge: &x.edges[0], way: x.edges[0].way, sent: true}
	if !slices.Contains(resolved, a.entry.State) && !a.link.Has("NOARP") && a.w.outside == nil {
		a.w.outside = &outside{*s.edge, a, a.e}
	}
	switch {
	case a.entry.Dst.IsValid():
		a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, quote(a.entry.Line()))
	case !a.link.Has("NOARP"):
		a.w.hop(a.n, a.e, StageNeighbour, a.link.Name,
			say.T("who has %s is beyond %s", "谁有 %s，要看 %s 的外面", a.nexthop, s.edge.dev.Name))
	}
	return s, true
}

// depart notes that a packet has left what can be seen, and goes on as though
// whoever is beyond answered: the reply comes in where the request went out.
func (w *walk) depart(n *machine.Space, e echo, link table.Link, at *edge) {
	if w.strayed {
		return
	}
	left := &outside{*at, w.asking, e}
	if w.outside == nil {
		w.outside = left
	}
	if e.outer != nil {
		w.tunnelled = left
		return
	}
	if e.leg == LegReply {
		// Whether it finds its way back is decided beyond.
		if w.parted != nil {
			w.doubt(n, e, StageSend, link.Name, w.astray())
		}
		return
	}
	w.untranslated(n, e, link)
	w.admit(w.back(e), site{n, link}, *at)
}

// admit takes a packet that comes in at an edge to the device of a namespace
// that its frame is for.
func (w *walk) admit(e echo, to site, from edge) {
	x := &explorer{w: w, leg: e.leg, mac: to.dev.MAC, above: machine.Stacked(to.dev), been: map[place]bool{}}
	x.arrive(from.node, from.dev, way{})
	for _, s := range x.stations {
		if s.node != to.node || s.dev.Index != to.dev.Index {
			continue
		}
		s.sent = true
		for i, c := range s.crossings {
			w.meet(s.node, e, s, i)
			var ok bool
			if e, ok = w.cross(e, c); !ok {
				return
			}
		}
		w.meet(s.node, e, s, len(s.crossings))
		w.taken(s.node, e, s.dev)
		w.receive(s.node, e, s.dev)
		return
	}
	w.giveUp(from.node, e, StageReceive, from.dev.Name,
		say.T("how a frame gets from %s to %s cannot be told", "帧怎样从 %s 到 %s，无法判断", from.dev.Name, to.dev.Name))
}

// throughTunnel goes on behind a tunnel whose carrying packet has left what can
// be seen: the reply comes in a packet of its own, from the tunnel's other end.
func (w *walk) throughTunnel(n *machine.Space, e echo, link table.Link, c crossing) {
	left := w.tunnelled
	w.tunnelled = nil
	if e.leg == LegReply {
		return
	}
	carrier := envelope(c.dev, w.back(e), c.remote)
	carrier.src, carrier.dst = c.remote, left.echo.src
	w.landed = nil
	w.admit(carrier, site{left.asking.n, left.asking.link}, left.edge)
	if w.landed != nil {
		w.admit(w.back(e), site{n, link}, edge{node: c.node, dev: c.dev})
	}
}

// untranslated doubts a request that leaves by the way out with the private
// address of somebody behind this namespace: nobody outside can be expected to
// have a route back to it. A route by a router of one's own is another matter:
// who wrote it wrote the way back, too.
func (w *walk) untranslated(n *machine.Space, e echo, link table.Link) {
	if len(w.passed) == 0 {
		return
	}
	p := w.passed[len(w.passed)-1]
	if p.node != n || !machine.Private(e.src) || n.Route(machine.RouteQuery{Dst: e.src}).Kind == machine.KindLocal {
		return
	}
	if p.route.Via.IsValid() && !p.route.Entry.Default() {
		return
	}
	if _, ok := machine.PrefixOver(n, link, e.src); ok {
		return // it is at home there
	}
	w.doubt(n, e, StageSend, link.Name, cause.Untranslated{At: at(n), Src: e.src, Out: link.Name, Line: p.route.Line})
}

// foreign reports whether the entry is of nobody that can be seen.
func (a *arping) foreign(x *explorer) bool {
	if len(x.edges) == 0 {
		return false
	}
	for _, s := range x.stations {
		if s.node != nil && (bytes.Equal(s.dev.MAC, a.entry.MAC) || a.answers(s).Yes) {
			return false
		}
	}
	return true
}
