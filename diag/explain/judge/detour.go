package judge

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Detour is the way that a request should have taken: it passed a space on whose own
// wire the destination is, and was sent elsewhere.
type Detour struct {
	Passage journey.Passage
	Way     fabric.WayOut
	Finding cause.Finding
}

// Missed looks for such a space among those that the request passed before
// it came to n.
func (j *Judge) Missed(n *machine.Space, p journey.Packet) *Detour {
	for _, passed := range j.Ways() {
		if passed.Space == n && n.Route(machine.RouteQuery{Dst: p.Dst}).Dev == passed.Route.Dev || passed.Packet.Dst != p.Dst {
			continue
		}
		for _, owner := range fabric.Owners(j.World.All(), p.Dst) {
			for _, s := range j.Explore(owner.Space, owner.Dev, p.Leg, nil).Stations {
				if s.Space == passed.Space && s.Dev.Index != passed.Route.Dev {
					return j.missedAt(passed, owner, s)
				}
			}
		}
	}
	for _, passed := range j.Ways() {
		if d := j.raised(n, passed); d != nil {
			return d
		}
	}
	return nil
}

// DeadLeg looks for a route with several next hops that the request passed, one of
// which is where it is lost while another one leads on.
func (j *Judge) DeadLeg(n *machine.Space, p journey.Packet, f cause.Finding) *Detour {
	if f.Code() == cause.ForwardingOff && n.Route(machine.RouteQuery{Dst: p.Dst}).Kind == machine.KindUnicast {
		return nil // it is meant to be a router
	}
	for _, passed := range slices.Backward(j.Ways()) {
		hops := passed.Route.Entry.Nexthops
		if passed.Space == n || len(hops) < 2 || passed.Packet.Dst != p.Dst {
			continue
		}
		dead := slices.IndexFunc(hops, func(h table.Nexthop) bool { return h.Via == passed.Route.Via && h.Dev == passed.Route.DevName })
		for i, h := range hops {
			if i == dead || dead < 0 || !fabric.LeadsBy(slices.Collect(j.World.Connected(n, machine.ByWire)), h.Via, n, p.Dst) {
				continue
			}
			dev, err := passed.Space.Link(h.Dev)
			if err != nil {
				continue
			}
			way := fabric.WayOut{Dev: dev, Via: h.Via, Onlink: h.Onlink}
			if j.alike(passed, way, f) {
				continue
			}
			rest := fabric.Anew(passed.Space, slices.Delete(slices.Clone(hops), dead, dead+1))
			return &Detour{passed, way, cause.DeadLeg{
				At: at(passed.Space), Dst: p.Dst, Dead: hops[dead].Via, Line: passed.Route.Line, Behind: f,
				Rewrite: remedy.Rewrite{Netns: passed.Space.Name, Route: remedy.Through(passed.Route.Entry, rest...)},
			}}
		}
	}
	return nil
}

// alike reports whether a request comes to the same fault by another way.
func (j *Judge) alike(from journey.Passage, way fabric.WayOut, f cause.Finding) bool {
	met, ok := j.Aside(from, way.Route(from.Packet.Src))
	return !ok || slices.ContainsFunc(met, func(o journey.Found) bool {
		return o.Leg == flows.LegRequest && o.Code() == f.Code() && o.Netns() == f.Netns()
	})
}

// missedAt is the detour around the device that the owner of the destination is
// behind.
func (j *Judge) missedAt(p journey.Passage, owner fabric.Site, s fabric.Station) *Detour {
	d := &Detour{Passage: p, Way: fabric.WayOut{Dev: s.Dev, Far: fabric.Station{Space: owner.Space, Dev: owner.Dev}}}
	way := d.Way.Turn(p.Space, p.Packet.Dst, p.Route)
	d.Finding = cause.Missed{At: at(p.Space), Way: way, Dev: p.Route.DevName, Line: p.Route.Line}
	if address, ok := owner.GatewayMissing(p.Space, s.Dev); ok {
		d.Finding = cause.GatewayNameless{At: at(p.Space), Link: s.Dev, Address: address}
	}
	if !s.Dev.Up() {
		d.Finding = cause.RouteDown{At: at(p.Space), Link: s.Dev, Way: way}
	}
	return d
}
