package trace

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/listening"
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
func (w *walk) receive(n *machine.Space, p journey.Packet, dev table.Link) {
	if w.strayed {
		return
	}
	p.Below = false
	w.upFromBridge(n, p, dev)
	w.wired(n, p, hop.StageReceive, dev.Name)
	p.OIF = 0
	w.input(n, p, dev)
}

// upFromBridge passes a frame by the rules that a bridge asks before it hands it up: only then
// it is seen on the bridge's own device (br_pass_frame_up()).
func (w *walk) upFromBridge(n *machine.Space, p journey.Packet, dev table.Link) {
	if dev.Kind == "bridge" {
		w.linkFilter(n, p, eval.LinkHook{Family: "bridge", Hook: "input", OIF: dev.Name})
	}
}

// input takes a packet from the device to the routing decision.
func (w *walk) input(n *machine.Space, p journey.Packet, dev table.Link) {
	was := p.Dst
	if p.IsReply() {
		w.BackOnTrack(n)
	}
	w.linkFilter(n, p, eval.OnDevice("ingress", dev.Name))
	p, ok := w.filter(n, w.Enters(n, p), "prerouting", dev.Name, "")
	if !ok {
		return
	}
	w.filteredBelow(n, p, dev)
	if p.IsReply() {
		p.Dst = w.Mended.Restored(n, p.Dst)
		p.Filtered.Dst = p.Dst
	}
	if f, ok := w.Addressless(n, p, dev.Name); ok {
		w.fault(n, p, hop.StageRoute, dev.Name, f)
	}
	query := p.Query()
	query.IIF = dev.Index
	route := w.Mended.Route(n, query)
	if p.Dst != was {
		w.lostBelow(n, p, dev, route)
	}
	port, handed := p.Filtered.Handed()
	handed = handed && p.IsRequest()
	if handed && route.Kind != machine.KindLocal && p.Filtered.Marked() && w.belowBridge(n, p, dev.Name) {
		handed = false
		w.Notice(p.Leg, service.Unassigned{At: at(n), Flow: p.Flow(), Port: port, Bridge: dev.Name, Passed: true})
	}
	if route.Kind == machine.KindForwardingOff && !handed || route.Kind == machine.KindRPFilter || route.Kind == machine.KindMartian {
		w.refused(n, p, dev, route)
		// As though the packet had been let in: where would it go?
		query.Src, query.IIF = netip.Addr{}, 0
		route = w.Mended.Route(n, query)
	}
	switch {
	case handed:
		if route.Kind != machine.KindLocal && route.Kind != machine.KindError && p.Filtered.Marked() {
			w.fault(n, p, hop.StageRoute, dev.Name, absent.Undelivered(n, p.Flow(), port, p.Mark, route))
		}
		w.handOver(n, p, dev.Name, port)
	case route.Kind == machine.KindLocal:
		w.deliver(n, p, dev.Name)
	case route.Kind == machine.KindUnicast:
		w.forward(n, p, dev, route)
	default:
		switch route = w.noRoute(n, p, route); route.Kind {
		case machine.KindUnicast:
			w.forward(n, p, dev, route)
		case machine.KindLocal:
			w.deliver(n, p, dev.Name)
		}
	}
}

// belowBridge reports whether the rules of IP have seen a packet in the bridge that it came in by: what
// TPROXY has done there is forgotten when the bridge hands it up.
func (w *walk) belowBridge(n *machine.Space, p journey.Packet, dev string) bool {
	link, err := n.Link(dev)
	on, _ := n.BridgeNetfilter(p.Dst.Is6())
	return err == nil && link.Kind == "bridge" && on
}

// handOver takes a request to the socket that TPROXY has handed it to, past INPUT.
func (w *walk) handOver(n *machine.Space, p journey.Packet, dev string, port uint16) {
	if p, ok := w.filter(n, p, "input", dev, ""); ok {
		if w.belowBridge(n, p, dev) {
			if heard, err := listening.Find(w.World, n, p.Flow(), dev); err == nil && heard.By == nil && p.Filtered.Marked() {
				w.fault(n, p, hop.StageDeliver, dev, service.Unassigned{At: at(n), Flow: p.Flow(), Port: port, Bridge: dev})
			}
		}
		w.giveUp(n, p, hop.StageDeliver, dev, wHanded.Of(port))
	}
}

// forward passes a packet on.
func (w *walk) forward(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) {
	p.TTL--
	key := visit{n, dev.Index, p.Flow()}
	if p.TTL <= 0 && !w.been[key] {
		w.fault(n, p, hop.StageRoute, dev.Name, w.Spent(n, p, dev.Name))
		p.TTL = journey.MaxHops
	}
	if w.been[key] {
		w.fault(n, p, hop.StageRoute, dev.Name, w.Circles(n, p, dev, route, w.opened))
		return
	}
	w.been[key] = true
	// Of what goes back to where it came from, the kernel does not ask that (ip6_forward()).
	if scopes.OfLink(p.Src) && p.IsRequest() && len(w.Began) > 0 && route.DevName != dev.Name {
		free := func(l table.Link) remedy.Address { return w.Address(p.Origin, l, p.Dst) }
		w.fault(n, p, hop.StageRoute, dev.Name, w.Owned(p.Origin, scopes.Source(p.Origin, w.Began[0].Route.DevName, p.Src, p.Dst, n, free)))
	}
	if p.IsRequest() {
		w.Passed = append(w.Passed, journey.Passage{Space: n, Route: route, IIF: dev.Name, Packet: p})
	}
	w.Mind(n, p, route)
	w.hop(n, p, hop.StageRoute, route.DevName, routed(route))
	w.admitted(n, p, dev.Name, true)
	w.claimed(n, p, route.DevName)
	p = w.keptBelow(n, p, dev, route)
	p, ok := w.filter(n, p, "forward", dev.Name, route.DevName)
	if !ok {
		return
	}
	w.leave(n, w.restored(n, p), dev.Name, route)
}

// deliver hands a packet to the namespace it is for.
func (w *walk) deliver(n *machine.Space, p journey.Packet, dev string) {
	p, ok := w.filter(n, p, "input", dev, "")
	if !ok {
		return
	}
	w.admitted(n, p, dev, false)
	if p.Encap != nil {
		w.hop(n, p, hop.StageDeliver, dev, wOpens.Of(title(n)))
		w.landed, w.opened = n, p.Dst
		return
	}
	if w.balanced(n, p, dev) {
		return
	}
	p = w.restored(n, p)
	if p.Leg == flows.LegReply && n != w.From {
		w.fault(n, p, hop.StageDeliver, dev, w.Impostor(n, p))
		return
	}
	if p.Leg == flows.LegReply {
		if f, ok := w.Bypassed(p); ok {
			w.fault(n, p, hop.StageDeliver, dev, f)
		}
		w.hop(n, p, hop.StageDeliver, dev, wBack.Of(p.Dst))
		w.ended = true
		return
	}
	w.take(n, p, dev)
}

// take hands a request to the socket that it is for, and has that answer.
func (w *walk) take(n *machine.Space, p journey.Packet, dev string) {
	w.Reached = p.Flow()
	w.listen(n, p, dev)
	w.originate(n, w.Back(p).By(n, dev))
}

// maxFilters bounds the base chains of one hook that drop a packet one behind the
// other.
const maxFilters = 16

// filter runs the packet through the rules behind one hook, and continues as
// though what they drop were let through. It is false when they cannot be
// judged.
func (w *walk) filter(n *machine.Space, p journey.Packet, hook, iif, oif string) (journey.Packet, bool) {
	dev := cmp.Or(iif, oif)
	if hook == "postrouting" {
		dev = oif
	}
	rules, err := w.Mended.Rules(n)
	if err != nil {
		w.overlook(n, p, hop.StageFilter, dev, cause.RulesUnread{At: at(n), Err: err})
		return p, true
	}
	_, known := w.Last[n]
	if f, full := outdated.Full(n, hook, known && p.IsReply()); full {
		w.fault(n, p, hop.StageFilter, "", f)
	}
	p = w.recall(n, p, rules, hook, iif, oif)
	if p.IsRequest() && (hook == "prerouting" || hook == "output") {
		w.Hooked = append(w.Hooked, journey.Passage{Space: n, IIF: iif, Packet: p})
	}
	seen := p.Filtered
	seen.IIF, seen.OIF, seen.TTL = iif, oif, p.TTL
	w.Connections.Leaves(n, seen, rules, hook)
	result, ways := w.traverse(n, p, dev, rules, hook, seen)
	switch result.Verdict {
	case eval.VerdictDrop, eval.VerdictReject:
		if len(ways) > 0 { // this way ends here, and there are others
			w.fault(n, p, hop.StageFilter, dev, w.Filtered(n, p, hook, result))
			w.strayed = true
		}
		return p, true
	case eval.VerdictUnknown:
		unsure := w.unjudged(n, p, hook, hook, result)
		if unsure.Ways = ways; len(ways) > 1 {
			unsure.Stop = nil
		}
		if result.NAT != nil || result.Elsewhere {
			w.giveUp(n, p, hop.StageFilter, dev, unsure.Said())
			return p, false
		}
		w.overlook(n, p, hop.StageFilter, dev, unsure)
	}
	return w.changed(n, p, dev, hook, result)
}

// traverse is what the rules behind a hook make of a packet, as seen there, with those let
// through that it stops at. Where they draw by lot, it is one of the ways.
func (w *walk) traverse(n *machine.Space, p journey.Packet, dev string, rules *netfilter.RuleSet, hook string, seen eval.Packet) (eval.Result, []eval.Branch) {
	result := eval.Traverse(rules, hook, seen, n.Env())
	if result.AsSender {
		w.hop(n, p, hop.StageFilter, dev, seen.Socket.Said())
	}
	var open []*netfilter.Chain
	for result.Drops() && len(open) < maxFilters {
		w.fault(n, p, hop.StageFilter, dev, w.Filtered(n, p, hook, result))
		open = append(open, result.Chain)
		result = eval.Traverse(rules, hook, seen, n.Env(), open...)
	}
	if result.Verdict != eval.VerdictUnknown {
		return result, nil
	}
	ways := eval.Branches(rules, hook, seen, n.Env(), open...)
	if way, ok := w.draw(n, p, ways); ok {
		result = way
	}
	return result, ways
}

// changed is the packet as rules have left it. It is false when none of it comes further.
func (w *walk) changed(n *machine.Space, p journey.Packet, dev, hook string, result eval.Result) (journey.Packet, bool) {
	before := p
	p.Filtered = result.Packet
	if by, ok := p.Filtered.Untracked(); ok && p.IsReply() {
		w.Kept[n] = by
	}
	if nat := result.NAT; nat != nil {
		w.hop(n, p, hop.StageFilter, dev, nat.Said())
		p.Disguises += journey.Disguise(p, hook)
		if f, ok := translated.Exhausted(n, p.Filtered, before.SrcPort); ok && hook == "postrouting" && p.IsRequest() {
			w.fault(n, p, hop.StageFilter, dev, f)
		}
	}
	if zones, ok := p.Filtered.Zones(); ok && zones.Translated && hook == "prerouting" {
		w.fault(n, p, hop.StageFilter, dev, service.OtherZone{At: at(n), Flow: p.Flow(), Zones: zones})
		w.strayed = true
		return p, false
	}
	p.Src, p.Dst, p.Mark = p.Filtered.Src, p.Filtered.Dst, p.Filtered.Mark
	if ttl := p.Filtered.TTL; ttl != 0 && ttl != p.TTL {
		p.TTL, p.Shortened = ttl, &cause.TTLSet{At: at(n), TTL: ttl, By: p.Filtered.Shortened()}
	}
	if p.Encap == nil {
		p.SrcPort, p.DstPort = p.Filtered.SrcPort, p.Filtered.DstPort
	}
	if p.IsRequest() {
		w.Last[n] = p.Filtered
		w.Turn(n, before, p)
	}
	return p, true
}

// bridgeFilter runs the packet through the rules of IP that a bridge has for
// what it passes on (br_netfilter), if it has any.
func (w *walk) bridgeFilter(p journey.Packet, c fabric.Crossing) (journey.Packet, bool) {
	n, bridge := c.Space, c.Bridged
	if on, _ := n.BridgeNetfilter(p.Dst.Is6()); !on {
		return p, true
	}
	p = w.Enters(n, p)
	p.Filtered.Ports = eval.Ports{In: c.From, Out: c.Dev.Name}
	before := p
	for _, hook := range []struct{ name, iif, oif string }{{"prerouting", bridge, ""}, {"forward", bridge, bridge}, {"postrouting", "", bridge}} {
		var ok bool
		if p, ok = w.filter(n, p, hook.name, hook.iif, hook.oif); !ok {
			return p, false
		}
	}
	if p.Dst != before.Dst {
		w.giveUp(n, p, hop.StageFilter, bridge, wSentElsewhere.Of(bridge))
		return p, false
	}
	p.Filtered.Ports = eval.Ports{}
	return p, true
}
