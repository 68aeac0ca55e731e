package trace

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// refused notes why the input lookup turned the packet away.
func (w *walk) refused(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) {
	if route.Kind == machine.KindMartian && n == p.origin && p.encap == nil && p.src != p.dst {
		w.circles(n, p, dev, route) // it is back where it came from
		w.strayed = true
		return
	}
	var f cause.Finding
	if a := w.arping; route.Kind == machine.KindForwardingOff && p.encap == nil && a != nil && a.link.Index != 0 {
		if wrong, right, ok := a.misled(n); ok {
			w.fault(a.n, p, hop.StageNeighbour, a.link.Name, wrong)
			w.retake(a, p, right)
			return
		}
	}
	if a := w.asking; route.Kind == machine.KindForwardingOff && p.encap == nil && a != nil && a.nexthop != p.dst && route.Dev == dev.Index {
		if wrong, right, ok := a.noRouter(n); ok {
			w.fault(a.n, a.p, hop.StageNeighbour, a.link.Name, wrong)
			w.retake(a, p, right)
			return
		}
	}
	switch route.Kind {
	case machine.KindForwardingOff:
		direct := w.arping == nil || w.arping.nexthop == p.dst
		if route.Dev == dev.Index && direct || route.Dev == 0 && (direct || !machine.Somewhere(w.world.Connected(n, machine.ByWire), p.dst)) {
			f = w.notHere(n, p, dev)
			break
		}
		f = cause.Unforwarded{At: at(n), Dst: p.dst, Dev: dev.Name, Lookup: route.Evidence, AllOff: n.ForwardsNowhere()}
	case machine.KindRPFilter:
		f = w.irreversible(n, p, dev, route)
	default:
		f = w.implausible(n, p, dev, route)
	}
	w.fault(n, p, hop.StageRoute, dev.Name, f)
}

// spent is the fault of a packet that did not begin with enough hops to live, or was
// given too few by a rule.
func (w *walk) spent(n *machine.Space, p packet, dev string) cause.Finding {
	if p.shortened != nil {
		f := *p.shortened
		f.Spent = n.Name
		return f
	}
	if p.encap != nil && fabric.TunnelTTL(p.encap.dev) != 0 {
		return device.TunnelSpent{At: at(p.origin), Link: p.encap.dev, Spent: n.Name}
	}
	if p.origin == nil { // it came from where nothing can be seen
		return cause.TTLArrived{At: at(n), Dev: dev, Src: p.src}
	}
	return cause.TTLSpent{At: at(p.origin), TTL: machine.DefaultTTL(p.origin), Spent: n.Name}
}

// retake goes on with the station that the frame should have come to.
func (w *walk) retake(a *arping, p packet, right fabric.Station) {
	w.arping = nil
	w.travel(a.n, p, a.link, right)
	w.strayed = true
}

// implausible is the finding of a source that n takes from nobody else.
func (w *walk) implausible(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) cause.Finding {
	f := cause.ImpossibleSource{At: at(n), Flow: p.flow(), Dev: dev.Name, Lookup: route.Evidence, Own: remedy.OwnAddress(n, p.src)}
	if len(w.passed) > 0 && p.src == p.dst && p.leg == flows.LegRequest {
		// What was sent to a service comes back to who asked.
		by := w.passed[len(w.passed)-1].node
		service := at(by)
		f.Service, f.Exempt = &service, w.exemptAt(by)
	}
	return f
}

// notHere: the packet is for nobody in this namespace, and there is nowhere
// that the namespace could pass it on to.
func (w *walk) notHere(n *machine.Space, p packet, dev table.Link) cause.Finding {
	if addrs, err := n.Addrs(dev.Index); err == nil && !machine.HasFamily(addrs, p.dst) {
		own := netip.PrefixFrom(p.dst, p.dst.BitLen())
		if a := w.arping; a != nil && a.nexthop == p.dst {
			own = netip.PrefixFrom(p.dst, a.n.PrefixLen(a.link, p.dst))
			w.mended.Connect(n, own, dev)
		}
		return cause.Nameless{At: at(n), Link: dev, Own: own}
	}
	return cause.NotHere{At: at(n), Link: dev, Dst: p.dst}
}

// irreversible is the finding of a packet that rp_filter drops: where the loose
// mode is not enough, a route to its source is missing.
func (w *walk) irreversible(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) cause.Finding {
	if p.isRequest() && n.Route(machine.RouteQuery{Dst: p.src}).Kind == machine.KindNone {
		if f, _ := w.noWayBack(n, w.back(p), cause.Lookup{Dst: p.src, Answer: route}); f.Code() == cause.NotMasqueraded {
			return f
		}
	}
	f := cause.OtherWayBack{At: at(n), Src: p.src, Dev: dev.Name, Lookup: route.Evidence}
	marked := n.Route(machine.RouteQuery{Dst: p.src, Mark: p.mark})
	if p.mark != 0 && marked.Kind == machine.KindUnicast && marked.Dev == dev.Index && !n.ConfOr(dev.Name, "src_valid_mark") {
		f.Mark, f.Marked = p.mark, marked.Line
		return f
	}
	turn, now, found := fabric.WayOut{Dev: dev}.Back(n, p.src, p.dst)
	if found {
		f.Stray = turn
		return f
	}
	addrs, err := n.Addrs(dev.Index)
	if err == nil && machine.HasFamily(addrs, p.dst) && now.Kind == machine.KindUnicast && n.Conf(dev.Name, "rp_filter") != 2 {
		f.Loose = true
		return f
	}
	way, ok := w.wayTo(n, p.src, 0)
	if p.isRequest() {
		way, ok = w.backwards(n, p.src)
	}
	if !ok || way.Dev.Index != dev.Index {
		way = fabric.WayOut{Dev: dev}
	}
	f.Way = way.InsteadTo(n, p.src)
	return f
}

// impostor: the reply has come to a namespace that is not the one which asked,
// but has its address.
func (w *walk) impostor(n *machine.Space, p packet, dev string) {
	if f, ok := w.soughtInVain(p); ok {
		w.fault(n, p, hop.StageDeliver, dev, f)
		return
	}
	f := cause.Impostor{At: at(n), Addr: p.dst, Having: machine.AddressesOf(n, p.dst), Own: remedy.OwnAddress(n, p.dst)}
	if parted := w.parted; parted != nil {
		f.Parted = &cause.Parting{Line: parted.route.Line, Way: w.wayBack(parted.node, p.dst, parted.route)}
	} else if a := w.arping; a != nil && a.byTable {
		hop := a.hop()
		f.Hop = &hop
	}
	w.fault(n, p, hop.StageDeliver, dev, f)
}
