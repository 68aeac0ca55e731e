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
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// noRoute notes why a lookup has no way for the packet. It returns the route
// that the fix would add, so that the walk can go on behind it, or one that
// leads nowhere.
func (w *walk) noRoute(n *machine.Space, p packet, route machine.RouteAnswer) machine.RouteAnswer {
	var f cause.Finding
	next := machine.RouteAnswer{}
	if ignored, ok := absent.Ignored(n, p.dst, route); ok {
		w.hop(n, p, hop.StageRoute, ignored.DevName, wNotUsed.Of(ignored.Line))
		return ignored
	}
	switch route.Kind {
	case machine.KindBlackhole, machine.KindUnreachable, machine.KindProhibit, machine.KindThrow, machine.KindNone:
		lookup := cause.Lookup{Dst: p.dst, Answer: route}
		if leak, way, ok := w.besideVRF(n, p, lookup); ok {
			f, next = leak, way
		} else if others, ok := absent.From(n, p.src, p.isReply(), lookup); ok {
			f = others
		} else if route.Kind == machine.KindNone {
			f, next = w.unrouted(n, p, lookup)
		} else {
			f, next = w.rejected(n, p, route)
		}
	case machine.KindMartian:
		f, next = cause.LoopbackLeaves{At: at(n), Flow: p.flow(), Dev: route.DevName, Lookup: route.Evidence}, route
		next.Kind = machine.KindUnicast
	case machine.KindBroadcast:
		f = cause.Broadcast{At: at(n), Dst: p.dst, Lookup: route.Evidence}
	default:
		if p.encap != nil && n == p.origin && !n.Local(p.src) {
			f = w.sourceless(n, p)
			break
		}
		why := say.Quote(route.Kind)
		if route.Err != nil {
			why = say.Quote(route.Err)
		}
		w.giveUp(n, p, hop.StageRoute, route.DevName, wAnswer.Of(why))
		return next
	}
	if f == nil {
		return next
	}
	w.fault(n, p, hop.StageRoute, route.DevName, f)
	if f.Code() == cause.NotMasqueraded && w.masquerade(n, p) {
		return machine.RouteAnswer{}
	}
	if route.Kind.Rejects() && next.Kind != machine.KindUnicast && len(f.Fix()) > 0 { // what is taken away was all there is
		f, next = w.unrouted(n, p, cause.Lookup{Dst: p.dst, Answer: machine.RouteAnswer{Kind: machine.KindNone}})
		w.fault(n, p, hop.StageRoute, route.DevName, f)
	}
	if next.Kind == machine.KindUnicast {
		w.mended.Lead(n, p.dst, next)
	}
	return next
}

// rejected is the finding of a route or a policy rule that rejects the packet, and
// the route that the packet takes past it.
func (w *walk) rejected(n *machine.Space, p packet, route machine.RouteAnswer) (cause.Finding, machine.RouteAnswer) {
	exemption, next := w.exempt(n, p, route)
	r := cause.Rejection{At: at(n), Lookup: route.Evidence, Exemption: exemption}
	switch route.Kind {
	case machine.KindBlackhole:
		return cause.Swallowed{Rejection: r}, next
	case machine.KindUnreachable:
		return cause.Refused{Rejection: r}, next
	case machine.KindProhibit:
		return cause.Forbidden{Rejection: r}, next
	}
	return cause.Thrown{Rejection: r, Reply: p.leg == flows.LegReply}, next
}

// masquerade goes on as though the request had been masqueraded where it left its node.
func (w *walk) masquerade(n *machine.Space, p packet) bool {
	node, exit, ok := w.exit()
	if !ok {
		return false
	}
	own, err := node.Env().MasqueradeAddr(exit.DevName, p.src)
	return err == nil && w.sentFrom(own, node, n, p)
}

// unrouted tells apart what it can mean that there is no route.
func (w *walk) unrouted(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer) {
	if p.dst.IsLoopback() {
		return cause.LoopbackUnrouted{At: at(n), Lookup: l}, machine.RouteAnswer{}
	}
	if f, next, ok := w.tooNarrow(n, p.dst); ok {
		return f, next
	}
	if p.isReply() {
		return w.noWayBack(n, p, l)
	}
	if way, ok := w.wayTo(n, p.dst, 0); ok && (n != p.origin || p.encap != nil) {
		missing := way.To(n, p.dst)
		if way.Via.IsValid() && p.dst.Is4() && !machine.Private(p.dst) && !n.HasOtherDefault(machine.MainTable, "") {
			missing.Dst = netip.Addr{} // it is not the only one that has no way out
		}
		return cause.Unrouted{At: at(n), Lookup: l, Way: missing}, way.Route(p.src)
	}
	if f, next, ok := w.behindDown(n, p, l); ok {
		return f, next
	}
	if f, next, ok := w.behindDead(n, p, l); ok {
		return f, next
	}
	if n != p.origin {
		if f, ok := absent.Withdrawn(w.world, n, p.dst, l); ok {
			return f, machine.RouteAnswer{}
		}
		return cause.Unrouted{At: at(n), Lookup: l}, machine.RouteAnswer{}
	}
	return w.unroutedOrigin(n, p, l)
}

// behindDown: a namespace that passes packets on has a device that is down, and with
// it the route that the packet should take.
func (w *walk) behindDown(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	devices, err := n.DevicesFor(p.dst)
	if err != nil || n == p.origin {
		return nil, machine.RouteAnswer{}, false
	}
	var down []machine.Device
	for _, d := range devices {
		if !d.Link.Up() && len(d.Addrs) > 0 && d.Link.Master == "" {
			down = append(down, d)
		}
	}
	for _, d := range down {
		via, knows := w.gateway(n, d, p.dst)
		if !knows && len(down) > 1 {
			continue
		}
		f, next := w.throughDevice(n, p, l, d)
		if !knows && !next.Via.IsValid() || knows {
			return f, next, true
		}
		// Whom the default route led to is not to be seen.
		return cause.RoutesDown{At: at(n), Link: d.Link, Lookup: l}, machine.RouteAnswer{Kind: machine.KindUnicast, Via: via, Dev: d.Link.Index, DevName: d.Link.Name, Src: p.src}, true
	}
	return nil, machine.RouteAnswer{}, false
}

// behindDead: the same of a device that is on, where its wire is dead for what is down
// behind it. A routing daemon brings the route back by itself.
func (w *walk) behindDead(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	devices, err := n.DevicesFor(p.dst)
	if err != nil || n == p.origin {
		return nil, machine.RouteAnswer{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || d.Link.Carrier() || d.Link.Master != "" {
			continue
		}
		for _, s := range w.explore(n, d.Link, flows.LegRequest, nil).Stations {
			if s.Space == nil || s.Space == n || len(s.Obstacles) == 0 {
				continue
			}
			via, ok := s.LeadsOn(d, p.dst)
			if !ok {
				continue
			}
			dead, way := s.Obstacles[0], fabric.WayOut{Dev: d.Link, Via: via}
			if absent.Announced(n) {
				return dead.Met(n), way.Route(p.src), true
			}
			w.fault(n, p, hop.StageRoute, d.Link.Name, dead.Met(n))
			return cause.Unrouted{At: at(n), Lookup: l, Way: way.To(n, p.dst)}, way.Route(p.src), true
		}
	}
	return nil, machine.RouteAnswer{}, false
}

// unroutedOrigin: the sender itself has no route. It lacks an address, or its
// device is down, or there is no default route.
func (w *walk) unroutedOrigin(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer) {
	devices, err := n.DevicesFor(p.dst)
	if err != nil {
		return cause.Unrouted{At: at(n), Lookup: l}, machine.RouteAnswer{}
	}
	var first *machine.Device
	for i, d := range devices {
		if len(d.Addrs) == 0 {
			continue
		}
		if first == nil {
			first = &devices[i]
		}
		if _, knows := w.gateway(n, d, p.dst); knows {
			return w.throughDevice(n, p, l, d)
		}
	}
	if first != nil {
		return w.throughDevice(n, p, l, *first)
	}
	f := cause.Addressless{At: at(n), Lookup: l}
	if len(devices) == 1 {
		f.Free, f.Down = w.address(n, devices[0].Link, p.dst), !devices[0].Link.Up()
		if own := f.Free.Prefix; own.IsValid() && !own.Contains(p.dst) {
			d := devices[0]
			d.Addrs = []table.Addr{{Prefix: own}}
			via, _ := w.gateway(n, d, p.dst)
			f.Default = remedy.Way{Netns: n.Name, Dev: d.Link.Name, Via: via, Onlink: !own.Contains(via)}
		}
	}
	return f, machine.RouteAnswer{}
}

// anonymous: there is a way, but no address that the packet could come from. IPv4 sends
// it from 0.0.0.0, which nobody answers (ip_route_input_slow()); IPv6 does not send it.
func (w *walk) anonymous(n *machine.Space, p packet, route machine.RouteAnswer) (f cause.Addressless, ok bool) {
	if p.src.IsValid() || p.encap != nil {
		return f, false
	}
	devices, err := n.DevicesFor(p.dst)
	if err != nil || slices.ContainsFunc(devices, func(d machine.Device) bool { return len(d.Addrs) > 0 }) {
		return f, false
	}
	f = cause.Addressless{At: at(n), Lookup: cause.Lookup{Dst: p.dst, Answer: route}}
	for _, d := range devices {
		if free := w.address(n, d.Link, p.dst); free.Prefix.IsValid() && (!f.Free.Prefix.IsValid() || d.Link.Index == route.Dev) {
			f.Free, f.Down = free, !d.Link.Up()
		}
	}
	return f, true
}

// address is a free address for a device that has none to send to dst from, where its
// wire tells which network it is in.
func (w *walk) address(n *machine.Space, link table.Link, dst netip.Addr) remedy.Address {
	fits := func(p netip.Prefix) bool { return p.Addr().Is4() == dst.Is4() && !scopes.OfLink(p.Addr()) }
	free := fabric.FreeAddress(w.world.All(), w.explore(n, link, flows.LegRequest, nil).Stations, n, link.Name, fits)
	free.Shut = dst.Is6() && n.Shut(link.Name)
	return free
}

// throughDevice: the device with an address could be the way, were it up, or
// were there a default route by it.
func (w *walk) throughDevice(n *machine.Space, p packet, l cause.Lookup, d machine.Device) (cause.Finding, machine.RouteAnswer) {
	own := d.Addrs[0].Prefix
	gateway, _ := w.gateway(n, d, p.dst)
	byDefault := remedy.Way{Netns: n.Name, Dev: d.Link.Name, Via: gateway, Onlink: !own.Contains(gateway) && !(gateway.Is6() && gateway.IsLinkLocalUnicast())}
	next := machine.RouteAnswer{Kind: machine.KindUnicast, Via: gateway, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}
	switch {
	case d.Link.Up() && p.dst.Is6() && !gateway.IsValid():
		told, heeds, settings := n.Advertised(d.Link.Name)
		return cause.Unadvertised{At: at(n), Lookup: l, Dev: d.Link.Name, Settings: settings, Deaf: told && !heeds, Off: !told}, machine.RouteAnswer{}
	case d.Link.Up() && !gateway.IsValid():
		return cause.Unrouted{At: at(n), Lookup: l}, machine.RouteAnswer{}
	case d.Link.Up():
		return cause.Unrouted{At: at(n), Lookup: l, Way: byDefault}, next
	case own.Contains(p.dst):
		byDefault, next.Via = remedy.Way{}, netip.Addr{}
	}
	return cause.RoutesDown{At: at(n), Link: d.Link, Lookup: l, Default: byDefault}, next
}

// sourceless is the fault of a tunnel whose own end is no address of its
// namespace: then the kernel has no route for its packets.
func (w *walk) sourceless(n *machine.Space, p packet) cause.Finding {
	f := cause.Sourceless{At: at(n), Flow: p.flow(), Err: n.Route(machine.RouteQuery{Dst: p.dst, Src: p.src}).Err}
	if link, err := n.LinkByIndex(fabric.TunnelBelow(p.encap.dev)); err == nil {
		bits := p.src.BitLen()
		for _, s := range w.explore(n, link, p.leg, nil).Stations {
			if s.Space == nil || s.Space == n {
				continue
			}
			if far, ok := machine.PrefixOver(s.Space, s.Dev, p.src); ok {
				bits = far.Bits()
			}
		}
		f.Address = remedy.Address{Netns: n.Name, Prefix: netip.PrefixFrom(p.src, bits), Dev: link.Name}
	}
	return f
}

func (w *walk) gateway(n *machine.Space, d machine.Device, dst netip.Addr) (_ netip.Addr, knows bool) {
	return fabric.Gateway(n, d, dst, w.explore(n, d.Link, flows.LegRequest, nil).Stations)
}
