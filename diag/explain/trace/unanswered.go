package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
)

// unanswered says why nobody gives the MAC address of the next hop, and returns
// the station that would once the fault is mended.
func (a *arping) unanswered(x *explorer) (station, bool) {
	if f, s, ok := a.elsewhere(x); ok {
		return a.accuse(f, s)
	}
	for _, judge := range []func(*explorer) (cause.Finding, station, bool){a.untagged, a.beneath, a.atop, a.refusing, a.widerThanTheWire, a.behind, a.beside, a.misrouted} {
		if f, s, ok := judge(x); ok {
			return a.accuse(f, s)
		}
	}
	if len(x.voids) > 0 {
		return a.unforwarded(x)
	}
	return a.nobody(x)
}

// accuse reports a fault, and what is in the way of who would answer without it.
func (a *arping) accuse(f cause.Finding, s station) (station, bool) {
	if s.node != nil {
		a.noteObstacles(s)
	}
	a.report(f)
	return s, s.node != nil
}

// hop is whom the namespace looks for, and what its table has for that.
func (a *arping) hop() cause.NextHop {
	return cause.NextHop{Asker: a.n.Name, Dev: a.link.Name, Addr: a.nexthop, Entry: a.entry}
}

// report notes a fault of the neighbour's stage.
func (a *arping) report(f cause.Finding) {
	a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, f)
}

// refusing is a station that has a reason of its own not to answer.
func (a *arping) refusing(x *explorer) (cause.Finding, station, bool) {
	for _, s := range x.stations {
		if s.node == nil {
			continue
		}
		if f := a.refusal(s, a.answers(s)); f != nil {
			return f, s, true
		}
	}
	return nil, station{}, false
}

// refusal is the fault behind one of the reasons of an ARPAnswer, or nil.
func (a *arping) refusal(s station, answer machine.ARPAnswer) cause.Finding {
	proof := answer.Evidence
	switch answer.Why {
	case machine.ARPForwardingOff:
		return cause.ProxyUnforwarding{At: at(s.node), Dev: s.dev.Name, Hop: a.hop(), Proof: proof}
	case machine.ARPNoRoute, machine.ARPRejectRoute, machine.ARPSameDevice:
		return a.unproxied(s, answer)
	case machine.ARPRPFilter:
		back := wayOut{dev: s.dev}.insteadTo(s.node, a.sender)
		return cause.AskerElsewhere{At: at(s.node), Sender: a.sender, Dev: s.dev.Name, Hop: a.hop(), Proof: proof, Way: back}
	case machine.ARPMartian:
		return cause.OwnSender{At: at(s.node), Sender: a.sender, Hop: a.hop(), Proof: proof, Own: ownAddress(s.node, a.sender)}
	case machine.ARPIgnore:
		return cause.ARPIgnored{
			NextHop: a.hop(), Station: s.device(), Proof: proof, Here: has(s, a.nexthop),
			All: s.node.Conf("all", "arp_ignore"), Own: s.node.Conf(s.dev.Name, "arp_ignore"),
		}
	case machine.ARPFilter:
		back := wayOut{dev: s.dev}.insteadTo(s.node, a.sender)
		return cause.ARPFiltered{NextHop: a.hop(), Sender: a.sender, Station: s.device(), Proof: proof, Way: back}
	}
	return nil
}

// unproxied is the finding of a proxy that has no reason to answer, with one: a
// route to the destination where it is somebody's, or else the address itself.
func (a *arping) unproxied(s station, answer machine.ARPAnswer) cause.Finding {
	f := cause.ProxyUnrouted{At: at(s.node), Dev: s.dev.Name, Hop: a.hop(), Proof: answer.Evidence}
	if a.nexthop == a.e.dst && answer.Why == machine.ARPRejectRoute {
		f.Exemption, _ = a.w.exempt(s.node, a.e, s.node.Route(machine.RouteQuery{Dst: a.nexthop}))
		return f
	}
	if way, ok := a.w.wayTo(s.node, a.nexthop, s.dev.Index); ok && a.nexthop == a.e.dst {
		f.Way = way.insteadTo(s.node, a.nexthop)
		return f
	}
	f.Address = cause.Address{Netns: s.node.Name, Prefix: netip.PrefixFrom(a.nexthop, a.nexthop.BitLen()), Dev: s.dev.Name}
	return f
}

// behind: the destination is behind somebody on the wire who passes packets on,
// and answers for nobody but himself.
func (a *arping) behind(x *explorer) (cause.Finding, station, bool) {
	if a.nexthop != a.e.dst {
		return nil, station{}, false
	}
	for _, s := range x.stations {
		if s.node == nil || s.node.Conf(s.dev.Name, "forwarding") != 1 {
			continue
		}
		answer := a.answers(s)
		if answer.Why != machine.ARPProxyOff {
			continue
		}
		if way, ok := a.w.wayTo(s.node, a.nexthop, s.dev.Index); !ok || way.via.IsValid() {
			continue
		}
		return cause.BehindRouter{NextHop: a.hop(), Router: s.device(), Proof: answer.Evidence}, s, true
	}
	return nil, station{}, false
}

// misrouted: the destination is elsewhere, and the route leads to the wrong
// wire.
func (a *arping) misrouted(x *explorer) (cause.Finding, station, bool) {
	if a.nexthop != a.e.dst {
		return nil, station{}, false
	}
	found, ok := a.w.wayTo(a.n, a.e.dst, a.link.Index)
	if !ok {
		return nil, station{}, false
	}
	way := found.to(a.n, a.e.dst)
	way.Replace = true
	return cause.WrongWire{NextHop: a.hop(), Way: way, Stations: whoIsThere(x)}, station{}, true
}

// nobody: no station has the address, and none knows of it.
func (a *arping) nobody(x *explorer) (station, bool) {
	if a.nexthop == a.e.dst {
		onTheWay := a.e.outer != nil || a.e.leg == LegReply
		a.report(cause.NobodyHas{NextHop: a.hop(), Stations: whoIsThere(x), OnTheWay: onTheWay})
		return station{}, false
	}
	s, ok := a.router(x)
	if !ok {
		a.report(cause.EmptyWire{NextHop: a.hop(), Line: a.link.Line()})
		return station{}, false
	}
	a.noteObstacles(s)
	length := a.n.PrefixLen(a.link, a.nexthop)
	a.w.granted = append(a.w.granted, grant{s.node, netip.PrefixFrom(a.nexthop, length).Masked(), s.dev})
	a.report(cause.NoRouter{
		NextHop: a.hop(), Stations: whoIsThere(x), Proof: a.answers(s).Evidence,
		Address: cause.Address{Netns: s.node.Name, Prefix: netip.PrefixFrom(a.nexthop, length), Dev: s.dev.Name},
	})
	return s, true
}

// whoIsThere are the stations on a wire, with the addresses that they have there.
func whoIsThere(x *explorer) []cause.Station {
	const enough = 4
	var there []cause.Station
	for _, s := range x.stations {
		if s.node == nil || len(there) == enough {
			continue
		}
		one := cause.Station{Netns: s.node.Name, Dev: s.dev.Name}
		addrs, _ := s.node.Addrs(s.dev.Index)
		for _, a := range addrs {
			if a.Family() == 4 {
				one.Addrs = append(one.Addrs, a.Prefix)
			}
		}
		there = append(there, one)
	}
	return there
}

// router is the station that is most likely meant to be the next hop: one that
// has a way to the destination, or else the first.
func (a *arping) router(x *explorer) (station, bool) {
	var first station
	for _, s := range x.stations {
		if s.node == nil {
			continue
		}
		if first.node == nil {
			first = s
		}
		route := s.node.Route(machine.RouteQuery{Dst: a.e.dst})
		if route.Kind == machine.KindLocal || route.Kind == machine.KindUnicast && route.Dev != s.dev.Index {
			return s, true
		}
	}
	return first, first.node != nil
}
