package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/translated"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// noWayBack: the answering side has no route to the source. When the request
// left its node by a default route, the outside cannot be expected to have one:
// the source should have been rewritten there. Or another source should have been taken.
func (j *Judge) noWayBack(n *machine.Space, p journey.Packet, l cause.Lookup) Ruling {
	by, route, ok := j.Exit()
	if !ok {
		by, route, ok = j.kept()
	}
	if ok && by != n && translated.WouldHelp(by, route, n, p.Dst, p.Src) {
		r := Ruling{By: by, Finding: cause.Unmasqueraded{At: at(by), Src: p.Dst, Net: j.LeftFrom(by, p.Dst), Out: route.DevName, Line: route.Line, Lookup: l, Exempt: j.exemptAt(by)}}
		if own, err := by.Env().MasqueradeAddr(route.DevName, p.Src); err == nil {
			r.Source = own
		}
		return r
	}
	answers := func(a netip.Addr) bool { return n.Route(machine.RouteQuery{Dst: a}).Kind == machine.KindUnicast }
	if f, by, better := j.Chosen(p.Dst, p.Src, l, answers); f != nil {
		return Ruling{Finding: f, Source: better, By: by}
	}
	way, known := j.backwards(n, p.Dst)
	if !known {
		return Ruling{Finding: cause.NoWayBack{At: at(n), Lookup: l}}
	}
	pinned, ok := j.unnamed(n, way, p)
	if ok {
		way.Via = pinned
	}
	back := way.To(n, p.Dst)
	switch {
	case ok || j.wayOfAll(n, way):
		back.Dst = netip.Addr{}
	case !back.Via.IsValid():
		back = onWire(n, way.Dev, back)
	}
	return Ruling{Finding: cause.NoWayBack{At: at(n), Lookup: l, Way: back}, Next: way.Route(p.Src)}
}

// unnamed is the gateway of one who gets requests from a router without an address, as a pod
// does, where nobody on the wire answers for who has asked.
func (j *Judge) unnamed(n *machine.Space, way fabric.WayOut, p journey.Packet) (netip.Addr, bool) {
	guessed := p.Dst.Is6() && !machine.LikelyHop(n, way.Dev.Name, p.Dst).IsValid()
	if way.Via.IsValid() || guessed || n.Route(machine.RouteQuery{Dst: machine.Elsewhere(p.Dst)}).Kind != machine.KindNone {
		return netip.Addr{}, false
	}
	wire := j.Explore(n, way.Dev, flows.LegRequest, nil)
	if !wire.Whole() || slices.ContainsFunc(wire.Stations, func(s fabric.Station) bool {
		return s.Space != nil && s.Space != n && (s.Has(p.Dst) || s.Space.Answers(s.Dev, p.Dst, p.Src).Yes)
	}) {
		return netip.Addr{}, false
	}
	d := machine.Device{Link: way.Dev}
	if own, near := machine.PrefixOver(n, way.Dev, p.Src); near {
		d.Addrs = []table.Addr{{Prefix: own}}
	} else { // it is given the address before
		d.Addrs = []table.Addr{{Prefix: change.Single(p.Src)}}
	}
	if d.Addrs[0].Prefix.Contains(p.Dst) {
		return netip.Addr{}, false
	}
	via, _ := fabric.Gateway(n, d, p.Dst, wire)
	return via, via.IsValid()
}

// kept is who has passed the request on with the source that it came with, though a rule of nat
// would have given it another one: a rule there keeps connection tracking from it.
func (j *Judge) kept() (*machine.Space, machine.RouteAnswer, bool) {
	for _, passed := range slices.Backward(j.Passed) {
		if j.exemptAt(passed.Space).Translated {
			return passed.Space, passed.Route, true
		}
	}
	return nil, machine.RouteAnswer{}, false
}

// Nameless is the finding of a bridge without the address that its pods have for a gateway.
func (j *Judge) Nameless() cause.Finding {
	if len(j.Began) == 0 {
		return nil
	}
	n, out := j.Parted.Space, j.Began[0].Route
	bridge, err := n.Link(j.CameIn(n))
	if err != nil || bridge.Bridge == nil {
		return nil
	}
	dev, err := j.From.LinkByIndex(out.Dev)
	if err != nil {
		return nil
	}
	f, missing := fabric.Site{Space: j.From, Dev: dev}.GatewayMissing(n, bridge, out.Via, nil)
	if !missing {
		return nil
	}
	return f
}

// Astray is the fault of a reply that is lost where its request never was.
func (j *Judge) Astray() cause.Finding {
	p := j.Parted
	if f, ok := absent.Narrower(p.Space, p.Dst, p.Route); ok {
		return f
	}
	way, _ := j.backwards(p.Space, p.Dst)
	return j.astray(p.Space, p.Reply, p.Route, way)
}

// astray is the finding of a reply that leaves by a route that leads away, where its request
// came by another way, and why it does. Without a device that way is not known.
func (j *Judge) astray(n *machine.Space, reply journey.Packet, now machine.RouteAnswer, way fabric.WayOut) cause.Astray {
	dst := reply.Dst
	f := cause.Astray{At: at(n), Dst: dst, Dev: now.DevName, Line: now.Line, By: now.By}
	if way.Dev.Name != "" {
		f.Way, f.From = way.Turn(n, dst, now), way.ForSource(n, reply.Src, now)
	}
	if u, ok := absent.BackUnasked(n, reply.Src, dst); ok { // its table is there
		f.From = remedy.Origin{Src: reply.Src, Way: remedy.Way{Netns: n.Name, Table: u.Route.Table}}
	}
	dev, err := n.Link(now.DevName)
	if err != nil || now.Via.IsValid() {
		return f
	}
	own, near := machine.PrefixOver(n, dev, dst)
	if !near || own.Masked() != now.Entry.Dst {
		return f
	}
	f.Own = own
	if in, err := n.Link(j.CameIn(n)); err == nil && in.Index != dev.Index {
		if same, near := machine.PrefixOver(n, in, dst); near && same.Masked() == own.Masked() {
			f.Came = in.Name
		}
	}
	return f
}

// Unreturned is the finding of a reply that goes out of sight by another router than the
// one that handed its request over.
func (j *Judge) Unreturned(n *machine.Space, p journey.Packet) cause.Finding {
	way, ok := j.backwards(n, p.Dst)
	now := j.Mended.Route(n, p.Query())
	if !ok || !way.Via.IsValid() || way.Via == now.Via {
		return nil
	}
	if i := len(j.Turned) - 1; i >= 0 && j.Turned[i].Space != n {
		by := j.Turned[i].Space
		return service.Bypassed{At: at(by), Flow: p.Flow(), Asked: j.Asks, Client: p.Dst, Past: now.Line, Exempt: j.exemptAt(by)}
	}
	return j.astray(n, p, now, way)
}

// Shadowed reports whether the reply left its request's way by a route without which
// it would not have.
func (j *Judge) Shadowed() bool {
	return j.wayBack(j.Parted.Space, j.Parted.Dst, j.Parted.Route).Stray.Type != ""
}

// wayBack is a route to the reply's destination by the way that the request
// came.
func (j *Judge) wayBack(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) remedy.Turn {
	way, ok := j.backwards(n, dst)
	if !ok {
		return remedy.Turn{}
	}
	return way.Turn(n, dst, now)
}

// backwards is the device that the request came in by, and the router who sent
// it there, if that was not the one who asked.
func (j *Judge) backwards(n *machine.Space, dst netip.Addr) (fabric.WayOut, bool) {
	for i, h := range slices.Backward(j.Hops) {
		if !journey.Received(h, n) {
			continue
		}
		dev, err := n.Link(h.Device)
		if err != nil || dev.Port != nil {
			continue
		}
		way := fabric.WayOut{Dev: dev}
		if sender, out, ok := j.SentBy(i); ok && sender != j.From {
			if way.Via = machine.AddressFor(sender, out, n, dev, dst); way.Via == dst {
				way.Via = netip.Addr{} // it sends as the one for whom the reply is
			}
		} else if pinned := machine.LikelyHop(n, dev.Name, dst); pinned.IsValid() && pinned != dst {
			way.Via = pinned
		}
		return way, true
	}
	return fabric.WayOut{}, false
}

// soughtInVain is the finding of a reply that nobody takes, where its address was given
// to the request on its way.
func (j *Judge) soughtInVain(p journey.Packet) (cause.Finding, bool) {
	for _, h := range j.Hops {
		if p.Leg != flows.LegReply || h.Leg != flows.LegRequest || h.Stage != hop.StageSend || h.Carrying || h.Space == nil {
			continue
		}
		if link, err := h.Space.Link(h.Device); err == nil {
			if f, ok := translated.Away(h.Space, j.Last[h.Space], p.Dst, link); ok {
				return f, true
			}
		}
	}
	return nil, false
}

// besideVRF is the finding of a reply that is looked up in a VRF which has no way
// for it, where the main table has one.
func (j *Judge) besideVRF(n *machine.Space, p journey.Packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	vrf, in := j.VRF(n)
	if vrf.VRF == 0 || !p.IsReply() {
		return nil, machine.RouteAnswer{}, false
	}
	rest, link, ok := machine.MainRoute(n, p.Dst)
	if !ok || machine.PrefixBits(rest.Dst) == 0 {
		return nil, machine.RouteAnswer{}, false
	}
	way := fabric.WayOut{Dev: link, Via: rest.Via, Onlink: rest.Onlink}
	leak := way.To(n, p.Dst)
	leak.Table, leak.Net = vrf.VRF, rest.Dst
	return cause.NoWayBack{At: at(n), Lookup: l, Way: leak, VRF: vrf, In: in.Name}, way.Route(p.Src), true
}
