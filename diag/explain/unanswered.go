package explain

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// unanswered says why nobody gives the MAC address of the next hop, and returns
// the station that would once the fault is mended.
func (a *arping) unanswered(x *explorer) (station, bool) {
	for _, judge := range []func(*explorer) (Fault, station, bool){a.elsewhere, a.refusing, a.widerThanTheWire, a.behind, a.beside, a.misrouted} {
		f, s, ok := judge(x)
		if !ok {
			continue
		}
		if s.node != nil {
			a.noteObstacles(s)
		}
		a.report(f)
		return s, s.node != nil
	}
	if len(x.voids) > 0 {
		return a.unforwarded(x)
	}
	return a.nobody(x)
}

// report notes a fault of the neighbour's stage with the entry as evidence.
func (a *arping) report(f Fault) {
	if a.entry.Dst.IsValid() {
		f.Evidence = append([]string{a.entry.Line()}, f.Evidence...)
	}
	a.w.fault(a.n, a.e, StageNeighbour, a.link.Name, f)
}

// refusing is a station that has a reason of its own not to answer.
func (a *arping) refusing(x *explorer) (Fault, station, bool) {
	for _, s := range x.stations {
		if s.node == nil {
			continue
		}
		answer := a.answers(s)
		f, ok := a.refusal(s, answer)
		if !ok {
			continue
		}
		f.Evidence = answer.Evidence
		return f, s, true
	}
	return Fault{}, station{}, false
}

// refusal is the fault behind one of the reasons of an ARPAnswer.
func (a *arping) refusal(s station, answer machine.ARPAnswer) (Fault, bool) {
	switch answer.Why {
	case machine.ARPForwardingOff:
		return Fault{
			Code: cause.ProxyARPNeedsForwarding, Netns: s.node.Name,
			Detail: say("proxy_arp is on for %s, but it answers only for what it would forward, and its forwarding is off", s.dev.Name),
			fix:    []change.Command{change.SysctlSet(s.node.Name, "1", "net", "ipv4", "conf", s.dev.Name, "forwarding")},
		}, true
	case machine.ARPNoRoute, machine.ARPRejectRoute, machine.ARPSameDevice:
		return Fault{
			Code: cause.ProxyARPNoRoute, Netns: s.node.Name,
			Detail: say("proxy_arp is on for %s, but there is no route to %s through another device", s.dev.Name, a.nexthop),
			fix:    a.proxied(s, answer),
		}, true
	case machine.ARPRPFilter:
		return Fault{
			Code: cause.RPFilter, Netns: s.node.Name,
			Detail: say("the ARP request's sender %s would not be reached through %s, so rp_filter drops it", a.sender, s.dev.Name),
			fix:    []change.Command{wayOut{dev: s.dev}.command(s.node.Name, routeVerb(s.node, a.sender), a.sender)},
		}, true
	case machine.ARPMartian:
		return Fault{
			Code: cause.MartianSource, Netns: s.node.Name,
			Detail: say("the ARP request's sender %s is an address of %s itself, which takes it from nobody else", a.sender, title(s.node)),
			fix:    withoutAddress(s.node, a.sender),
		}, true
	case machine.ARPIgnore:
		return a.ignoring(s), true
	case machine.ARPFilter:
		return Fault{
			Code: cause.NeighbourUnanswered, Netns: a.n.Name,
			Detail: say("arp_filter keeps %s silent: what goes to %s would leave by another device", s.dev.Name, a.sender),
			fix:    []change.Command{wayOut{dev: s.dev}.command(s.node.Name, routeVerb(s.node, a.sender), a.sender)},
		}, true
	}
	return Fault{}, false
}

// proxied gives a proxy a reason to answer: a route to the destination where it
// is somebody's, or else the address itself, which a gateway needs to have no more
// than that.
func (a *arping) proxied(s station, answer machine.ARPAnswer) []change.Command {
	if a.nexthop == a.e.dst && answer.Why == machine.ARPRejectRoute {
		fix, _ := a.w.exempt(s.node, a.e, s.node.Route(machine.RouteQuery{Dst: a.nexthop}))
		return fix
	}
	if way, ok := a.w.wayTo(s.node, a.nexthop, s.dev.Index); ok && a.nexthop == a.e.dst {
		return []change.Command{way.command(s.node.Name, routeVerb(s.node, a.nexthop), a.nexthop)}
	}
	return []change.Command{change.In(s.node.Name, "ip", "addr", "add", a.nexthop.String()+"/32", "dev", s.dev.Name)}
}

// ignoring: arp_ignore counts as the greater of all and the device. Where it is
// the device's own, that is the place to mend; otherwise the address on the
// device itself leaves every other device as it is.
func (a *arping) ignoring(s station) Fault {
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name,
		Detail: say("%s has the address %s on another device, and arp_ignore keeps %s silent about it", title(s.node), a.nexthop, s.dev.Name),
		fix:    []change.Command{change.In(s.node.Name, "ip", "addr", "add", a.nexthop.String()+"/32", "dev", s.dev.Name)},
	}
	switch {
	case s.node.Conf("all", "arp_ignore") == 0:
		f.fix = []change.Command{change.SysctlSet(s.node.Name, "0", "net", "ipv4", "conf", s.dev.Name, "arp_ignore")}
	case has(s, a.nexthop):
		f.Detail = say("%s has the address %s, and arp_ignore keeps it silent about it", s.dev.Name, a.nexthop)
		f.fix = []change.Command{change.SysctlSet(s.node.Name, "1", "net", "ipv4", "conf", "all", "arp_ignore")}
		if s.node.Conf(s.dev.Name, "arp_ignore") > 1 {
			f.fix = append(f.fix, change.SysctlSet(s.node.Name, "1", "net", "ipv4", "conf", s.dev.Name, "arp_ignore"))
		}
	}
	return f
}

func hasIPv4(addrs []table.Addr) bool {
	for _, addr := range addrs {
		if addr.Family() == 4 {
			return true
		}
	}
	return false
}

// behind: the destination is behind somebody on the wire who passes packets on,
// and answers for nobody but himself.
func (a *arping) behind(x *explorer) (Fault, station, bool) {
	if a.nexthop != a.e.dst {
		return Fault{}, station{}, false
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
		return Fault{
			Code: cause.NeighbourUnanswered, Netns: a.n.Name, Evidence: answer.Evidence,
			Detail: say("%s takes %s for a neighbour, but it is behind %s; a route through that would do as well as proxy ARP there",
				title(a.n), a.nexthop, title(s.node)),
			fix: []change.Command{change.SysctlSet(s.node.Name, "1", "net", "ipv4", "conf", s.dev.Name, "proxy_arp")},
		}, s, true
	}
	return Fault{}, station{}, false
}

// misrouted: the destination is elsewhere, and the route leads to the wrong
// wire.
func (a *arping) misrouted(x *explorer) (Fault, station, bool) {
	if a.nexthop != a.e.dst {
		return Fault{}, station{}, false
	}
	way, ok := a.w.wayTo(a.n, a.e.dst, a.link.Index)
	if !ok {
		return Fault{}, station{}, false
	}
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name, Evidence: whoIsThere(x),
		Detail: say("the route says that %s is on the wire of %s, where nobody has it: it is behind %s", a.e.dst, a.link.Name, way.dev.Name),
		fix:    []change.Command{way.command(a.n.Name, "replace", a.e.dst)},
	}
	return f, station{}, true
}

// nobody: no station has the address, and none knows of it.
func (a *arping) nobody(x *explorer) (station, bool) {
	if a.nexthop == a.e.dst {
		f := Fault{
			Code: cause.DestinationAbsent, Netns: a.n.Name, Evidence: whoIsThere(x),
			Detail: say("%s is on the wire of %s according to the route, but nobody there has it", a.nexthop, a.link.Name),
		}
		if a.e.outer != nil || a.e.leg == LegReply {
			f.Code = cause.NeighbourUnanswered // it is not the ping's destination
		}
		a.report(f)
		return station{}, false
	}
	s, ok := a.router(x)
	if !ok {
		a.report(Fault{
			Code: cause.NeighbourUnanswered, Netns: a.n.Name,
			Detail:   say("%s asks who has %s, and there is nobody on its wire", a.link.Name, a.nexthop),
			Evidence: []string{a.link.Line()},
		})
		return station{}, false
	}
	a.noteObstacles(s)
	length := a.w.prefixLen(a.n, a.link, a.nexthop)
	a.w.granted = append(a.w.granted, grant{s.node, netip.PrefixFrom(a.nexthop, length).Masked(), s.dev})
	answer := a.answers(s)
	a.report(Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name,
		Detail:   say("%s asks who has %s, and nobody answers; proxy ARP on %s would do as well as the address", a.link.Name, a.nexthop, s.dev.Name),
		Evidence: append(whoIsThere(x), answer.Evidence...),
		fix:      []change.Command{change.In(s.node.Name, "ip", "addr", "add", netip.PrefixFrom(a.nexthop, length).String(), "dev", s.dev.Name)},
	})
	return s, true
}

// whoIsThere are the stations on a wire, with the addresses that they have there.
func whoIsThere(x *explorer) []string {
	const enough = 4
	var lines []string
	for _, s := range x.stations {
		if s.node == nil || len(lines) == enough {
			continue
		}
		line := s.node.Calls() + " " + s.dev.Name + ":"
		addrs, _ := s.node.Addrs(s.dev.Index)
		for _, a := range addrs {
			if a.Family() == 4 {
				line += " inet " + a.Prefix.String()
			}
		}
		lines = append(lines, line)
	}
	return lines
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

// prefixLen is that of the device's own prefix which covers addr, or 32.
func (w *walk) prefixLen(n *machine.Space, link table.Link, addr netip.Addr) int {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return addr.BitLen()
	}
	for _, own := range addrs {
		if own.Prefix.Contains(addr) {
			return own.Prefix.Bits()
		}
	}
	return addr.BitLen()
}
