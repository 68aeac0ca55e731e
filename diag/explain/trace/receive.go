package trace

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/outdated"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/explain/translated"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// receive takes a frame from the wire to the routing decision.
func (w *walk) receive(n *machine.Space, p packet, dev table.Link) {
	if w.strayed {
		return
	}
	p.below = false
	w.wired(n, p, hop.StageReceive, dev.Name)
	p.oif = 0
	w.input(n, p, dev)
}

// input takes a packet from the device to the routing decision.
func (w *walk) input(n *machine.Space, p packet, dev table.Link) {
	if p.isReply() {
		w.backOnTrack(n)
	}
	if dev.Kind == "bridge" {
		w.linkFilter(n, p, eval.LinkHook{Family: "bridge", Hook: "input", OIF: dev.Name})
	}
	w.linkFilter(n, p, eval.OnDevice("ingress", dev.Name))
	p, ok := w.filter(n, w.enters(n, p), "prerouting", dev.Name, "")
	if !ok {
		return
	}
	w.filteredBelow(n, p, dev)
	if p.isReply() {
		p.dst = w.mended.Restored(n, p.dst)
		p.filtered.Dst = p.dst
	}
	query := p.query()
	query.IIF = dev.Index
	route := w.mended.Route(n, query)
	if route.Kind == machine.KindForwardingOff || route.Kind == machine.KindRPFilter || route.Kind == machine.KindMartian {
		w.refused(n, p, dev, route)
		// As though the packet had been let in: where would it go?
		query.Src, query.IIF = netip.Addr{}, 0
		route = w.mended.Route(n, query)
	}
	switch route.Kind {
	case machine.KindLocal:
		w.deliver(n, p, dev.Name)
	case machine.KindUnicast:
		w.forward(n, p, dev, route)
	default:
		if route = w.noRoute(n, p, route); route.Kind == machine.KindUnicast {
			w.forward(n, p, dev, route)
		}
	}
}

// forward passes a packet on.
func (w *walk) forward(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) {
	p.ttl--
	key := visit{n, dev.Index, p.flow()}
	if p.ttl <= 0 && !w.been[key] {
		w.fault(n, p, hop.StageRoute, dev.Name, w.spent(n, p, dev.Name))
		p.ttl = maxHops
	}
	if w.been[key] {
		w.circles(n, p, dev, route)
		return
	}
	w.been[key] = true
	if scopes.OfLink(p.src) && p.isRequest() && len(w.began) > 0 {
		free := func(l table.Link) remedy.Address { return w.address(p.origin, l, p.dst) }
		w.fault(n, p, hop.StageRoute, dev.Name, scopes.Source(p.origin, w.began[0].route.DevName, p.src, p.dst, n, free))
	}
	if p.isRequest() {
		w.passed = append(w.passed, passage{n, route, dev.Name, p})
	}
	w.mind(n, p, route)
	w.hop(n, p, hop.StageRoute, route.DevName, quote(route.Line))
	w.admitted(n, p, dev.Name, true)
	w.claimed(n, p, route.DevName)
	p = w.keptBelow(n, p, dev, route)
	p, ok := w.filter(n, p, "forward", dev.Name, route.DevName)
	if !ok {
		return
	}
	w.leave(n, p, dev.Name, route)
}

// deliver hands a packet to the namespace it is for.
func (w *walk) deliver(n *machine.Space, p packet, dev string) {
	p, ok := w.filter(n, p, "input", dev, "")
	if !ok {
		return
	}
	w.admitted(n, p, dev, false)
	if p.encap != nil {
		w.hop(n, p, hop.StageDeliver, dev, wOpens.Of(title(n)))
		w.landed, w.opened = n, p.dst
		return
	}
	if p.leg == flows.LegReply && n != w.from {
		w.impostor(n, p, dev)
		return
	}
	if p.leg == flows.LegReply {
		w.bypassed(n, p, dev)
		w.hop(n, p, hop.StageDeliver, dev, wBack.Of(p.dst))
		w.ended = true
		return
	}
	w.reached = p.flow()
	w.listen(n, p, dev)
	w.originate(n, w.back(p).by(n, dev))
}

// maxFilters bounds the base chains of one hook that drop a packet one behind the
// other.
const maxFilters = 16

// filter runs the packet through the rules behind one hook, and continues as
// though what they drop were let through. It is false when they cannot be
// judged.
func (w *walk) filter(n *machine.Space, p packet, hook, iif, oif string) (packet, bool) {
	dev := cmp.Or(iif, oif)
	if hook == "postrouting" {
		dev = oif
	}
	rules, err := n.Rules()
	if err != nil {
		w.overlook(n, p, hop.StageFilter, dev, cause.RulesUnread{At: at(n), Err: err})
		return p, true
	}
	_, known := w.last[n]
	if f, full := outdated.Full(n, hook, known && p.isReply()); full {
		w.fault(n, p, hop.StageFilter, "", f)
	}
	p = w.recall(n, p, rules, hook, iif, oif)
	before := p
	if p.isRequest() && (hook == "prerouting" || hook == "output") {
		w.hooked = append(w.hooked, passage{node: n, iif: iif, packet: p})
	}
	seen := p.filtered
	seen.IIF, seen.OIF, seen.TTL = iif, oif, p.ttl
	w.connections.Leaves(n, seen, rules, hook)
	result := eval.Traverse(rules, hook, seen, n.Env())
	if result.AsSender {
		w.hop(n, p, hop.StageFilter, dev, seen.Socket.Said())
	}
	var open []*netfilter.Chain
	for result.Drops() && len(open) < maxFilters {
		w.fault(n, p, hop.StageFilter, dev, w.filtered(n, p, hook, result))
		open = append(open, result.Chain)
		result = eval.Traverse(rules, hook, seen, n.Env(), open...)
	}
	var ways []eval.Branch
	if result.Verdict == eval.VerdictUnknown {
		ways = eval.Branches(rules, hook, seen, n.Env(), open...)
		if way, ok := w.draw(n, p, ways); ok {
			result = way
		}
	}
	switch result.Verdict {
	case eval.VerdictDrop, eval.VerdictReject:
		if len(ways) > 0 { // this way ends here, and there are others
			w.fault(n, p, hop.StageFilter, dev, w.filtered(n, p, hook, result))
			w.strayed = true
		}
		return p, true
	case eval.VerdictUnknown:
		unsure := cause.RulesUnjudged{Hook: hook, Flow: p.flow(), Rules: result.Unsure, Ways: ways}
		if result.NAT != nil || result.Elsewhere {
			w.giveUp(n, p, hop.StageFilter, dev, unsure.Said())
			return p, false
		}
		w.overlook(n, p, hop.StageFilter, dev, unsure)
	}
	p.filtered = result.Packet
	if by, ok := p.filtered.Untracked(); ok && p.isReply() {
		w.kept[n] = by
	}
	if nat := result.NAT; nat != nil {
		w.hop(n, p, hop.StageFilter, dev, nat.Said())
		p.disguises += disguise(p, hook)
		if f, ok := translated.Exhausted(n, p.filtered, before.sport); ok && hook == "postrouting" && p.isRequest() {
			w.fault(n, p, hop.StageFilter, dev, f)
		}
	}
	if zones, ok := p.filtered.Zones(); ok && hook == "prerouting" {
		w.fault(n, p, hop.StageFilter, dev, service.OtherZone{At: at(n), Flow: p.flow(), Zones: zones})
		w.strayed = true
		return p, false
	}
	p.src, p.dst, p.mark = p.filtered.Src, p.filtered.Dst, p.filtered.Mark
	if ttl := p.filtered.TTL; ttl != 0 && ttl != p.ttl {
		p.ttl, p.shortened = ttl, &cause.TTLSet{At: at(n), TTL: ttl, By: p.filtered.Shortened()}
	}
	if p.encap == nil {
		p.sport, p.dport = p.filtered.SrcPort, p.filtered.DstPort
	}
	if p.isRequest() {
		w.last[n] = p.filtered
		w.turn(n, before, p)
	}
	return p, true
}

// bridgeFilter runs the packet through the rules of IP that a bridge has for
// what it passes on (br_netfilter), if it has any.
func (w *walk) bridgeFilter(n *machine.Space, p packet, bridge string) (packet, bool) {
	if on, _ := n.BridgeNetfilter(p.dst.Is6()); !on {
		return p, true
	}
	p = w.enters(n, p)
	before := p
	for _, hook := range []struct{ name, iif, oif string }{{"prerouting", bridge, ""}, {"forward", bridge, bridge}, {"postrouting", "", bridge}} {
		var ok bool
		if p, ok = w.filter(n, p, hook.name, hook.iif, hook.oif); !ok {
			return p, false
		}
	}
	if p.dst != before.dst {
		w.giveUp(n, p, hop.StageFilter, bridge, wSentElsewhere.Of(bridge))
		return p, false
	}
	return p, true
}
