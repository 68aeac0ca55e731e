package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// circles is the fault of a packet that comes to a namespace a second time as it
// came there the first: it goes round until its TTL is spent. The place to mend
// is where the way to its destination would have to leave the circle.
func (w *walk) circles(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) {
	f := cause.Circle{At: at(n), Flow: p.flow(), Line: route.Line}
	circle := w.circle(n, p)
	if own := w.opened; len(circle) == 1 && (dev.VXLAN != nil || dev.Tunnel != nil) && n.Local(own) {
		f.Into, f.Own = dev, own
	}
	for _, node := range circle {
		if way, tunnel, ok := w.outOfCircle(node, p, circle); ok {
			f.At, f.Way, f.Tunnel = at(node), way, tunnel
			break
		}
	}
	w.fault(n, p, hop.StageRoute, dev.Name, f)
}

// circle are the namespaces that the packet passes again and again, from n on.
func (w *walk) circle(n *machine.Space, p packet) []*machine.Space {
	nodes := []*machine.Space{n}
	for i := len(w.hops) - 1; i >= 0; i-- {
		h := w.hops[i]
		if h.Leg != p.leg || h.Stage != hop.StageRoute || h.Space == nil || h.Carrying {
			continue
		}
		if h.Space == n {
			break
		}
		nodes = append(nodes, h.Space)
	}
	return nodes
}

// outOfCircle is the route, or the entry of a tunnel's forwarding database, by
// which a packet would leave the circle.
func (w *walk) outOfCircle(n *machine.Space, p packet, circle []*machine.Space) (remedy.Turn, remedy.TunnelEntry, bool) {
	route := n.Route(machine.RouteQuery{Dst: p.dst, Mark: p.mark})
	if route.Kind != machine.KindUnicast {
		return remedy.Turn{}, remedy.TunnelEntry{}, false
	}
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		return remedy.Turn{}, remedy.TunnelEntry{}, false
	}
	if link.VXLAN != nil {
		entry, ok := w.outOfTunnel(n, link, route, p)
		return remedy.Turn{}, entry, ok
	}
	way, ok := w.backwards(n, p.dst)
	if p.leg == flows.LegRequest || !ok || way.Dev.Index == route.Dev {
		way, ok = w.wayTo(n, p.dst, route.Dev)
	}
	if !ok || way.Far.Space != nil && slices.Contains(circle, way.Far.Space) {
		return remedy.Turn{}, remedy.TunnelEntry{}, false
	}
	return way.Turn(n, p.dst, route), remedy.TunnelEntry{}, true
}

// outOfTunnel: the tunnel's other end is the namespace itself.
func (w *walk) outOfTunnel(n *machine.Space, link table.Link, route machine.RouteAnswer, p packet) (remedy.TunnelEntry, bool) {
	a := &arping{w: w, n: n, p: p, link: link, nexthop: p.dst}
	if route.Via.IsValid() {
		a.nexthop = route.Via
	}
	if entry, ok, err := n.NextHopNeighbour(link.Index, a.nexthop); err == nil && ok {
		a.entry = entry
	}
	f, _, ok := a.elsewhere(w.explore(n, link, p.leg, a.entry.MAC))
	return f.Right, ok
}
