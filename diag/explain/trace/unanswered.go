package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/explain/vip"
	"nstutor/diag/table"
)

// unanswered says why nobody gives the MAC address of the next hop, and returns
// the station that would once the fault is mended.
func (a *arping) unanswered(x *fabric.Explorer) (fabric.Station, bool) {
	if f, s, ok := a.elsewhere(x); ok {
		return a.accuse(f, s)
	}
	if s, ok := a.plugged(x); ok {
		return s, true
	}
	for _, judge := range []func(*fabric.Explorer) (cause.Finding, fabric.Station, bool){a.untagged, a.beneath, a.overhead, a.atop, a.refusing, a.widerThanTheWire, a.shadowed, a.behind, a.beside, a.misrouted} {
		if f, s, ok := judge(x); ok {
			return a.accuse(f, s)
		}
	}
	if len(x.Voids) > 0 {
		return a.unforwarded(x)
	}
	return a.nobody(x)
}

// accuse reports a fault, and what is in the way of who would answer without it.
func (a *arping) accuse(f cause.Finding, s fabric.Station) (fabric.Station, bool) {
	if s.Space != nil {
		a.noteObstacles(s)
	}
	a.report(f)
	return s, s.Space != nil
}

// taken is the route that the packet goes by. The kernel says it of no source that is not
// the namespace's own.
func (a *arping) taken() machine.RouteAnswer {
	q := a.p.query()
	if !a.n.Local(q.Src) {
		q.Src = netip.Addr{}
	}
	return a.n.Route(q)
}

// hop is whom the namespace looks for, and what its table has for that.
func (a *arping) hop() cause.NextHop {
	return cause.NextHop{Asker: a.n.Name, Dev: a.link.Name, Addr: a.nexthop, Entry: a.entry}
}

// report notes a fault of the neighbour's stage.
func (a *arping) report(f cause.Finding) {
	a.w.fault(a.n, a.p, hop.StageNeighbour, a.link.Name, f)
}

// refusing is a station that has a reason of its own not to answer.
func (a *arping) refusing(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, s := range x.Stations {
		if s.Space == nil {
			continue
		}
		if f := a.refusal(s, a.answers(s)); f != nil {
			return f, s, true
		}
	}
	return nil, fabric.Station{}, false
}

// refusal is the fault behind one of the reasons of an ARPAnswer, or nil.
func (a *arping) refusal(s fabric.Station, answer machine.ARPAnswer) cause.Finding {
	proof := answer.Evidence
	switch answer.Why {
	case machine.ARPForwardingOff:
		return cause.ProxyUnforwarding{At: at(s.Space), Dev: s.Dev.Name, Hop: a.hop(), Proof: proof, AllOff: s.Space.ForwardsNowhere()}
	case machine.ARPNoRoute, machine.ARPRejectRoute, machine.ARPSameDevice:
		return a.unproxied(s, answer)
	case machine.ARPRPFilter:
		return fabric.AskerElsewhere(s.Space, s.Dev, a.sender, a.hop(), answer)
	case machine.ARPMartian:
		return cause.OwnSender{At: at(s.Space), Sender: a.sender, Hop: a.hop(), Proof: proof, Own: remedy.OwnAddress(s.Space, a.sender)}
	case machine.NDPTentative:
		return scopes.Unconfirmed(s.Space, s.Dev, a.nexthop, a.hop())
	case machine.ARPLate:
		a.w.mended.Own(s.Space, a.nexthop)
		return cause.LocalLate{NextHop: a.hop(), Station: s.Device(), Rule: answer.Rule, Proof: proof}
	case machine.ARPIgnore:
		return cause.ARPIgnored{
			NextHop: a.hop(), Station: s.Device(), Proof: proof, Here: s.Has(a.nexthop),
			All: s.Space.Conf("all", "arp_ignore"), Own: s.Space.Conf(s.Dev.Name, "arp_ignore"),
		}
	case machine.ARPFilter:
		back := fabric.WayOut{Dev: s.Dev}.InsteadTo(s.Space, a.sender)
		return cause.ARPFiltered{NextHop: a.hop(), Sender: a.sender, Station: s.Device(), Proof: proof, Way: back}
	}
	return nil
}

// unproxied is the finding of a proxy that has no reason to answer, with one: a
// route to the destination where it is somebody's, or else the address itself.
func (a *arping) unproxied(s fabric.Station, answer machine.ARPAnswer) cause.Finding {
	f := cause.ProxyUnrouted{At: at(s.Space), Dev: s.Dev.Name, Hop: a.hop(), Proof: answer.Evidence}
	if a.nexthop == a.p.dst && answer.Why == machine.ARPRejectRoute {
		f.Exemption, _ = a.w.exempt(s.Space, a.p, s.Space.Route(machine.RouteQuery{Dst: a.nexthop}))
		return f
	}
	if way, ok := a.w.wayTo(s.Space, a.nexthop, s.Dev.Index); ok && a.nexthop == a.p.dst {
		f.Way = way.InsteadTo(s.Space, a.nexthop)
		return f
	}
	f.Address = remedy.Address{Netns: s.Space.Name, Prefix: netip.PrefixFrom(a.nexthop, a.nexthop.BitLen()), Dev: s.Dev.Name}
	return f
}

// behind: the destination is behind somebody on the wire who passes packets on,
// and answers for nobody but himself.
func (a *arping) behind(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.nexthop != a.p.dst {
		return nil, fabric.Station{}, false
	}
	for _, s := range x.Stations {
		if s.Space == nil || !s.Space.PassesOn(s.Dev.Name, a.nexthop) {
			continue
		}
		answer := a.answers(s)
		if answer.Why != machine.ARPProxyOff {
			continue
		}
		if way, ok := a.w.wayTo(s.Space, a.nexthop, s.Dev.Index); !ok || way.Via.IsValid() {
			continue
		}
		return cause.BehindRouter{NextHop: a.hop(), Router: s.Device(), Proof: answer.Evidence}, s, true
	}
	return nil, fabric.Station{}, false
}

// shadowed: a route leads to the wrong wire, and without it another one would lead to
// the destination.
func (a *arping) shadowed(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	f, s, ok := a.misrouted(x)
	if !ok {
		return nil, s, false
	}
	m, ok := f.(cause.WrongWire)
	if !ok {
		return nil, s, false
	}
	dev, err := a.n.Link(m.Way.Dev)
	if err != nil {
		return nil, s, false
	}
	m.Stray = fabric.WayOut{Dev: dev, Via: m.Way.Via}.Turn(a.n, a.p.dst, a.taken())
	return m, s, m.Stray.Stray.Type != ""
}

// misrouted: the destination is elsewhere, and the route leads to the wrong
// wire.
func (a *arping) misrouted(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.nexthop != a.p.dst {
		return nil, fabric.Station{}, false
	}
	found, ok := a.w.wayTo(a.n, a.p.dst, a.link.Index)
	if !ok {
		found, ok = fabric.Wider(slices.Collect(a.w.world.Connected(a.n, machine.ByWire)), a.n, a.p.dst, a.taken())
	}
	if !ok {
		return nil, fabric.Station{}, false
	}
	if scopes.OfLink(a.nexthop) {
		return cause.OtherLink{NextHop: a.hop(), Behind: found.Dev.Name, Line: a.link.Line()}, fabric.Station{}, true
	}
	way := found.To(a.n, a.p.dst)
	way.Replace = true
	return cause.WrongWire{NextHop: a.hop(), Way: way, Line: a.taken().Line, Stations: x.Present()}, fabric.Station{}, true
}

// nobody: no station has the address, and none knows of it.
func (a *arping) nobody(x *fabric.Explorer) (fabric.Station, bool) {
	if f, ok := a.w.soughtInVain(a.p); ok {
		a.report(f)
		return fabric.Station{}, false
	}
	if a.nexthop == a.p.dst {
		onTheWay := a.p.encap != nil || a.p.leg == flows.LegReply
		own, _ := machine.PrefixOver(a.n, a.link, a.p.dst)
		a.report(cause.NobodyHas{NextHop: a.hop(), Stations: x.Present(), OnTheWay: onTheWay, Bits: own.Bits(), Sent: a.w.leftBehind(a.n, a.p, x), Serving: vip.Serving(x, a.p.flow())})
		return fabric.Station{}, false
	}
	for _, s := range x.Stations {
		if f, right := a.wrongGateway(s, x); right {
			a.report(f)
			return a.w.nextStation(a.n, a.p, a.link, f.Rewrite.Route.Via)
		}
	}
	s, ok := a.router(x)
	if !ok {
		a.report(cause.EmptyWire{NextHop: a.hop(), Line: a.link.Line()})
		return fabric.Station{}, false
	}
	if f, other := absent.Gateway(a.n, a.p.dst, a.taken(), a.hop(), x.Present()); other && !(s.LeadsTo(a.p.dst) && (s.Space.Local(a.p.dst) || s.Space.PassesOn(s.Dev.Name, a.p.dst))) {
		a.report(f)
		return fabric.Station{}, false
	}
	a.noteObstacles(s)
	length := a.n.PrefixLen(a.link, a.nexthop)
	a.w.mended.Connect(s.Space, netip.PrefixFrom(a.nexthop, length), s.Dev)
	a.report(cause.NoRouter{
		NextHop: a.hop(), Stations: x.Present(), Proof: a.answers(s).Evidence,
		Address: remedy.Address{Netns: s.Space.Name, Prefix: netip.PrefixFrom(a.nexthop, length), Dev: s.Dev.Name},
	})
	return s, true
}

// wrongGateway is the finding of a route that names as its gateway somebody who is
// not there, while the router has another address in the same network: it is the
// route that is wrong, for whoever else is there has found the router.
func (a *arping) wrongGateway(s fabric.Station, x *fabric.Explorer) (f cause.WrongGateway, found bool) {
	route := a.taken()
	if route.Via != a.nexthop || route.Entry.Type != "unicast" || len(route.Entry.Nexthops) > 0 || s.Space == nil || !s.LeadsTo(a.p.dst) {
		return f, false
	}
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return f, false
	}
	for _, own := range addrs {
		right := own.Prefix.Addr()
		if _, near := machine.PrefixOver(a.n, a.link, right); !near || right.Is6() != a.nexthop.Is6() || right.IsLinkLocalUnicast() {
			continue
		}
		return cause.WrongGateway{
			NextHop: a.hop(), Line: route.Line, Router: s.Device(), Stations: x.Present(),
			Rewrite: remedy.Rewrite{Netns: a.n.Name, Route: remedy.Through(route.Entry, table.Nexthop{Via: right, Dev: a.link.Name})},
		}, true
	}
	return f, false
}

// noRouter is the finding of a route whose gateway is n, which is no router: it has no
// other way than back, and somebody else on the wire has one.
func (a *arping) noRouter(n *machine.Space) (cause.Finding, fabric.Station, bool) {
	x := a.w.explore(a.n, a.link, a.p.leg, nil)
	x.Of = a.nexthop
	for _, s := range x.Stations {
		if s.Space == nil || s.Space == n || len(s.Obstacles) > 0 || !s.LeadsTo(a.p.dst) {
			continue
		}
		if f, ok := a.wrongGateway(s, x); ok {
			f.Instead = n.Name
			return f, s, true
		}
	}
	return nil, fabric.Station{}, false
}

// router is the station that is most likely meant to be the next hop: one that
// has a way to the destination, or else the first.
func (a *arping) router(x *fabric.Explorer) (fabric.Station, bool) {
	var first fabric.Station
	for _, s := range x.Stations {
		if s.Space == nil {
			continue
		}
		if first.Space == nil {
			first = s
		}
		if s.LeadsTo(a.p.dst) {
			return s, true
		}
	}
	return first, first.Space != nil
}
