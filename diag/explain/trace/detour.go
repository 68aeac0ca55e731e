package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// detour is the way that a request should have taken: it passed a namespace on
// whose own wire the destination is, and was sent elsewhere.
type detour struct {
	passage passage
	way     fabric.WayOut
	fault   cause.Finding
}

// missed looks for such a namespace among those that the request passed before
// it came to n.
func (w *walk) missed(n *machine.Space, p packet) *detour {
	for _, passed := range slices.Concat(w.began, w.passed) {
		if passed.node == n && n.Route(machine.RouteQuery{Dst: p.dst}).Dev == passed.route.Dev || passed.packet.dst != p.dst {
			continue
		}
		for _, owner := range fabric.Owners(w.world.All(), p.dst) {
			for _, s := range w.explore(owner.Space, owner.Dev, p.leg, nil).Stations {
				if s.Space == passed.node && s.Dev.Index != passed.route.Dev {
					return w.missedAt(passed, owner, s)
				}
			}
		}
	}
	return nil
}

// deadLeg looks for a route with several next hops that the request passed, one of
// which is where it is lost while another one leads on.
func (w *walk) deadLeg(n *machine.Space, p packet, f cause.Finding) *detour {
	if f.Code() == cause.ForwardingOff && n.Route(machine.RouteQuery{Dst: p.dst}).Kind == machine.KindUnicast {
		return nil // it is meant to be a router
	}
	for _, passed := range slices.Backward(slices.Concat(w.began, w.passed)) {
		hops := passed.route.Entry.Nexthops
		if passed.node == n || len(hops) < 2 || passed.packet.dst != p.dst {
			continue
		}
		dead := slices.IndexFunc(hops, func(h table.Nexthop) bool { return h.Via == passed.route.Via && h.Dev == passed.route.DevName })
		for i, h := range hops {
			if i == dead || dead < 0 || !fabric.LeadsBy(slices.Collect(w.world.Connected(n, machine.ByWire)), h.Via, n, p.dst) {
				continue
			}
			dev, err := passed.node.Link(h.Dev)
			if err != nil {
				continue
			}
			way := fabric.WayOut{Dev: dev, Via: h.Via, Onlink: h.Onlink}
			if w.alike(passed, way, f) {
				continue
			}
			rest := fabric.Anew(passed.node, slices.Delete(slices.Clone(hops), dead, dead+1))
			return &detour{passed, way, cause.DeadLeg{
				At: at(passed.node), Dst: p.dst, Dead: hops[dead].Via, Line: passed.route.Line, Behind: f,
				Rewrite: remedy.Rewrite{Netns: passed.node.Name, Route: remedy.Through(passed.route.Entry, rest...)},
			}}
		}
	}
	return nil
}

// alike reports whether a request comes to the same fault by another way.
func (w *walk) alike(from passage, way fabric.WayOut, f cause.Finding) bool {
	t := w.aside(from.node, w.dest)
	if t.depth > maxNesting {
		return true
	}
	t.leave(from.node, from.packet, from.iif, way.Route(from.packet.src))
	return slices.ContainsFunc(t.faults, func(o Found) bool { return o.Leg == flows.LegRequest && o.Code() == f.Code() && o.Netns() == f.Netns() })
}

// missedAt is the detour around the device that the owner of the destination is
// behind.
func (w *walk) missedAt(p passage, owner fabric.Site, s fabric.Station) *detour {
	d := &detour{passage: p, way: fabric.WayOut{Dev: s.Dev, Far: fabric.Station{Space: owner.Space, Dev: owner.Dev}}}
	way := d.way.Turn(p.node, p.packet.dst, p.route)
	d.fault = cause.Missed{At: at(p.node), Way: way, Dev: p.route.DevName, Line: p.route.Line}
	if address, ok := owner.GatewayMissing(p.node, s.Dev); ok {
		d.fault = cause.GatewayNameless{At: at(p.node), Link: s.Dev, Address: address}
	}
	if !s.Dev.Up() {
		d.fault = cause.RouteDown{At: at(p.node), Link: s.Dev, Way: way}
	}
	return d
}

// resume goes on from where the request should have turned off.
func (w *walk) resume(d *detour) {
	w.strayed = false
	p := d.passage.packet
	w.leave(d.passage.node, p, d.passage.iif, d.way.Route(p.src))
	w.strayed = true
}
