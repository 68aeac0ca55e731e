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
	"nstutor/internal/change"
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
		if d := j.missedBy(passed); d != nil {
			return d
		}
	}
	for _, passed := range j.Ways() {
		if d := j.raised(n, passed); d != nil {
			return d
		}
	}
	return nil
}

// Misruled looks for a space that the request passed by a table which a policy rule has asked,
// where the main table has a route to who has the destination.
func (j *Judge) Misruled(p journey.Packet) *Detour {
	for _, passed := range j.Ways() {
		now := passed.Route
		if now.By.Action == "" || now.By.L3mdev || passed.Packet.Dst != p.Dst {
			continue
		}
		rest, link, ok := machine.MainRoute(passed.Space, p.Dst)
		if !ok || link.Index == now.Dev {
			continue
		}
		next := rest.Via
		if !next.IsValid() {
			next = p.Dst
		}
		for _, s := range j.Explore(passed.Space, link, p.Leg, nil).Stations {
			if s.Space == nil || len(s.Obstacles) > 0 || !s.Has(next) || !j.leads(s.Space, p.Dst, passed.Space) {
				continue
			}
			way := fabric.WayOut{Dev: link, Via: rest.Via, Far: s}
			turn := remedy.Turn{Way: way.To(passed.Space, p.Dst), To: change.Only(p.Dst), Before: now.By.Priority}
			return &Detour{Passage: passed, Way: way, Finding: cause.Missed{At: at(passed.Space), Way: turn, Dev: now.DevName, Line: now.Line}}
		}
	}
	return nil
}

// Beside is the detour of a request that the rules of n stop on its way out by the default
// route, where the destination is on a wire of n's own.
func (j *Judge) Beside(n *machine.Space, p journey.Packet) *Detour {
	i := len(j.Passed) - 1
	if i < 0 || j.Passed[i].Space != n || j.Passed[i].Packet.Dst != p.Dst || !j.Passed[i].Route.Entry.Default() {
		return nil
	}
	return j.missedBy(j.Passed[i])
}

// Unpassed is the finding of a request that left a space by the default route, where a
// neighbour on one of its wires leads to who has the destination.
func (j *Judge) Unpassed(p journey.Passage) (cause.Finding, bool) {
	if !p.Route.Entry.Default() || p.Packet.Dst != j.Asks.Dst || len(fabric.Owners(j.World.All(), p.Packet.Dst)) == 0 {
		return nil, false
	}
	way, ok := j.wayTo(p.Space, p.Packet.Dst, 0)
	if !ok {
		way, ok = j.wayBy(p.Space, p.Packet.Dst)
	}
	if !ok || way.Via == p.Route.Via || !way.Via.IsValid() {
		return nil, false
	}
	return cause.Missed{At: at(p.Space), Way: way.Turn(p.Space, p.Packet.Dst, p.Route), Dev: p.Route.DevName, Line: p.Route.Line}, true
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

// missedBy is the detour around the device that the owner of the destination is behind,
// where a request passed by a space on his wire; nil where it did not.
func (j *Judge) missedBy(p journey.Passage) *Detour {
	for _, owner := range fabric.Owners(j.World.All(), p.Packet.Dst) {
		stations := j.Explore(owner.Space, owner.Dev, p.Packet.Leg, nil).Stations
		i := slices.IndexFunc(stations, func(s fabric.Station) bool { return s.Space == p.Space && s.Dev.Index != p.Route.Dev })
		if i < 0 {
			continue
		}
		dev := stations[i].Dev
		d := &Detour{Passage: p, Way: fabric.WayOut{Dev: dev, Far: fabric.Station{Space: owner.Space, Dev: owner.Dev}}}
		way := d.Way.Turn(p.Space, p.Packet.Dst, p.Route)
		d.Finding = cause.Missed{At: at(p.Space), Way: way, Dev: p.Route.DevName, Line: p.Route.Line}
		nameless, lost := owner.GatewayMissing(p.Space, dev, owner.Gateway(p.Packet.Dst), stations)
		if lost {
			d.Finding = nameless
		}
		if _, near := machine.PrefixOver(p.Space, dev, p.Packet.Dst); near && !dev.Up() {
			way = remedy.Turn{Way: remedy.Way{Netns: p.Space.Name, Dst: p.Packet.Dst}} // the kernel's own comes back with it
		}
		if !dev.Up() {
			d.Finding = cause.RouteDown{At: at(p.Space), Link: dev, Way: way, Lost: nameless.Address}
		}
		return d
	}
	return nil
}
