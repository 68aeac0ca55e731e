package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Circles is the fault of a packet that comes to a namespace a second time as it
// came there the first: it goes round until its TTL is spent. The place to mend
// is where the way to its destination would have to leave the circle.
func (j *Judge) Circles(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer, opened netip.Addr) cause.Finding {
	f := cause.Circle{At: at(n), Flow: p.Flow(), Line: route.Line}
	circle := j.Circle(n, p.Leg)
	if len(circle) == 1 && (dev.VXLAN != nil || dev.Tunnel != nil) && n.Local(opened) {
		f.Into, f.Own = dev, opened
	}
	for _, space := range circle {
		if way, tunnel, ok := j.outOfCircle(space, p, circle); ok {
			f.At, f.Way, f.Tunnel = at(space), way, tunnel
			break
		}
	}
	return f
}

// outOfCircle is the route, or the entry of a tunnel's forwarding database, by
// which a packet would leave the circle.
func (j *Judge) outOfCircle(n *machine.Space, p journey.Packet, circle []*machine.Space) (remedy.Turn, remedy.TunnelEntry, bool) {
	route := n.Route(machine.RouteQuery{Dst: p.Dst, Mark: p.Mark})
	if route.Kind != machine.KindUnicast {
		return remedy.Turn{}, remedy.TunnelEntry{}, false
	}
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		return remedy.Turn{}, remedy.TunnelEntry{}, false
	}
	if link.VXLAN != nil {
		entry, ok := j.outOfTunnel(n, link, route, p)
		return remedy.Turn{}, entry, ok
	}
	way, ok := j.backwards(n, p.Dst)
	if p.Leg == flows.LegRequest || !ok || way.Dev.Index == route.Dev {
		way, ok = j.wayTo(n, p.Dst, route.Dev)
	}
	if !ok || way.Far.Space != nil && slices.Contains(circle, way.Far.Space) {
		if way, ok = j.wayBy(n, p.Dst, circle...); !ok || way.Dev.Index == route.Dev { // by routers that follow
			return remedy.Turn{}, remedy.TunnelEntry{}, false
		}
	}
	return way.Turn(n, p.Dst, route), remedy.TunnelEntry{}, true
}

// IntoItself is the finding of a tunnel's own packet, p, that would go into the tunnel again.
func (j *Judge) IntoItself(n *machine.Space, link table.Link, to netip.AddrPort, p journey.Packet) (cause.Finding, bool) {
	route := n.Route(p.Query())
	if route.Dev != link.Index {
		return nil, false
	}
	f := device.EndpointInTunnel{At: at(n), Link: link, Endpoint: to, Line: route.Line}
	if way, ok := j.wayTo(n, p.Dst, link.Index); ok {
		f.Way = way.InsteadTo(n, p.Dst)
	} else if snap, err := n.Snapshot(table.Links | table.Routes); err == nil {
		for _, r := range snap.Routes {
			if r.Type == "unicast" && r.Default() && r.Dev != link.Name && r.Via.IsValid() && r.Via.Is6() == p.Dst.Is6() {
				f.Way = remedy.Way{Netns: n.Name, Dst: p.Dst, Via: r.Via, Dev: r.Dev, Replace: machine.HasHostRoute(n, p.Dst)}
				break
			}
		}
	}
	return f, true
}

// outOfTunnel: the tunnel's other end is the namespace itself.
func (j *Judge) outOfTunnel(n *machine.Space, link table.Link, route machine.RouteAnswer, p journey.Packet) (remedy.TunnelEntry, bool) {
	a := &Search{Judge: j, Space: n, Packet: p, Link: link, NextHop: p.Dst}
	if route.Via.IsValid() {
		a.NextHop = route.Via
	}
	if entry, ok, err := n.NextHopNeighbour(link.Index, a.NextHop); err == nil && ok {
		a.Entry = entry
	}
	f, _, ok := a.Elsewhere(j.Explore(n, link, p.Leg, a.Entry.MAC))
	return f.Right, ok
}
