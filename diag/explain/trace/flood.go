package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Flood follows a packet that a VXLAN device sends to its group to all on the wire below it.
func (p paths) Flood(n *machine.Space, link table.Link, leg flows.Leg) []fabric.Flooded {
	group := link.VXLAN.Remote
	t := p.aside(n, group)
	if t.depth > maxNesting {
		return []fabric.Flooded{{Lost: wTunnelled.Of()}}
	}
	below, ok := t.below(n, link)
	if !ok {
		return []fabric.Flooded{{Lost: t.lostAt()}}
	}
	under, err := below.LinkByIndex(link.VXLAN.Underlay)
	if err != nil {
		return []fabric.Flooded{{Lost: say.Quote(err)}}
	}
	packet := envelope(link, journey.Packet{Leg: leg}, group)
	packet.Origin = below
	if !packet.Src.IsValid() {
		packet.Src = below.Route(machine.RouteQuery{Dst: group, OIF: under.Index}).Src
	}
	if !under.Up() {
		t.fault(below, packet, hop.StageSend, under.Name, fabric.Down(below, under))
	}
	if packet, ok = t.output(below, packet, under.Name); ok {
		packet, ok = t.filter(below, packet, "postrouting", "", under.Name)
	}
	if !ok {
		return []fabric.Flooded{{Lost: t.lostAt()}}
	}
	t.linkFilter(below, packet, eval.OnDevice("egress", under.Name))
	x := &fabric.Explorer{Net: p, Leg: leg}
	x.From(below, under)
	all := []fabric.Flooded{}
	for _, s := range x.Stations {
		if s.Space != nil {
			all = append(all, p.joined(t, s, packet, link)...)
		}
	}
	for _, e := range x.Edges {
		all = append(all, fabric.Flooded{Edge: &e, Faults: append(t.found(), met(below, e.Way)...)})
	}
	for _, why := range x.Unseen {
		all = append(all, fabric.Flooded{Lost: why})
	}
	return all
}

// joined is what the namespace of a station does with such a packet, which a walk has sent.
func (p paths) joined(sent *walk, s fabric.Station, packet journey.Packet, link table.Link) []fabric.Flooded {
	devices, err := s.Space.Devices()
	if err != nil {
		return []fabric.Flooded{{Lost: say.Quote(err)}}
	}
	var apart []fabric.Device
	for _, d := range devices {
		joined, near := fabric.Joins(d.Link, link.VXLAN, s.Dev.Index)
		if near {
			apart = append(apart, fabric.Device{Netns: s.Space.Name, Link: d.Link})
		}
		if !joined {
			continue
		}
		in := p.aside(s.Space, packet.Dst)
		in.linkFilter(s.Space, packet, eval.OnDevice("ingress", s.Dev.Name))
		packet, ok := in.filter(s.Space, packet, "prerouting", s.Dev.Name, "")
		if ok {
			packet, ok = in.filter(s.Space, packet, "input", s.Dev.Name, "")
		}
		if !ok {
			return []fabric.Flooded{{Lost: in.lostAt()}}
		}
		return []fabric.Flooded{{
			Member: fabric.Site{Space: s.Space, Dev: d.Link}, End: fabric.OwnEnd(s.Space, d.Link),
			Faults: append(append(sent.found(), met(packet.Origin, s.Way)...), in.found()...),
		}}
	}
	return []fabric.Flooded{{There: apart}}
}

// found are the faults of a walk.
func (w *walk) found() (faults []cause.Finding) {
	for _, f := range w.Faults {
		faults = append(faults, f.Finding)
	}
	return faults
}

// met are the faults on a way, for what n sends.
func met(n *machine.Space, v fabric.Way) (faults []cause.Finding) {
	for _, o := range v.Obstacles {
		faults = append(faults, o.Met(n))
	}
	return faults
}

// lostAt is the last that is known of what cannot be followed.
func (w *walk) lostAt() Text {
	if len(w.Hops) == 0 {
		return wItsWay.Of()
	}
	return w.Hops[len(w.Hops)-1].Detail
}
