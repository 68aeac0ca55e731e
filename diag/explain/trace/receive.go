package trace

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// receive takes a frame from the wire to the routing decision.
func (w *walk) receive(n *machine.Space, e echo, dev table.Link) {
	if w.strayed {
		return
	}
	e.below = false
	w.wired(n, e, StageReceive, dev.Name)
	w.input(n, e, dev)
}

// input takes a packet from the device to the routing decision.
func (w *walk) input(n *machine.Space, e echo, dev table.Link) {
	if e.leg == LegReply && e.outer == nil {
		w.backOnTrack(n)
	}
	if dev.Kind == "bridge" {
		w.linkFilter(n, e, eval.LinkHook{Family: "bridge", Hook: "input", OIF: dev.Name})
	}
	w.linkFilter(n, e, eval.OnDevice("ingress", dev.Name))
	e, ok := w.filter(n, w.enters(n, e), "prerouting", dev.Name, "")
	if !ok {
		return
	}
	w.filteredBelow(n, e, dev)
	e = w.restore(n, e)
	query := e.query()
	query.IIF = dev.Index
	route := w.route(n, query)
	if route.Kind == machine.KindForwardingOff || route.Kind == machine.KindRPFilter || route.Kind == machine.KindMartian {
		w.refused(n, e, dev, route)
		// As though the packet had been let in: where would it go?
		query.Src, query.IIF = netip.Addr{}, 0
		route = w.route(n, query)
	}
	switch route.Kind {
	case machine.KindLocal:
		w.deliver(n, e, dev.Name)
	case machine.KindUnicast:
		w.forward(n, e, dev, route)
	default:
		if route = w.noRoute(n, e, route); route.Kind == machine.KindUnicast {
			w.forward(n, e, dev, route)
		}
	}
}

// forward passes a packet on.
func (w *walk) forward(n *machine.Space, e echo, dev table.Link, route machine.RouteAnswer) {
	e.ttl--
	key := visit{n, dev.Index, e.flow()}
	if e.ttl <= 0 && !w.been[key] {
		w.fault(n, e, StageRoute, dev.Name, w.spent(n, e))
		e.ttl = maxHops
	}
	if w.been[key] {
		w.circles(n, e, dev, route)
		return
	}
	w.been[key] = true
	if e.leg == LegRequest && e.outer == nil {
		w.passed = append(w.passed, passage{n, route, dev.Name, e})
	}
	w.mind(n, e, route)
	w.hop(n, e, StageRoute, route.DevName, quote(route.Line))
	w.claimed(n, e, route.DevName)
	e = w.keptBelow(n, e, dev, route)
	e, ok := w.filter(n, e, "forward", dev.Name, route.DevName)
	if !ok {
		return
	}
	w.leave(n, e, dev.Name, route)
}

// deliver hands a packet to the namespace it is for.
func (w *walk) deliver(n *machine.Space, e echo, dev string) {
	e, ok := w.filter(n, e, "input", dev, "")
	if !ok {
		return
	}
	if e.outer != nil {
		w.hop(n, e, StageDeliver, dev, say.T("%s opens the packet of the tunnel", "%s 解开隧道封装", title(n)))
		w.landed = n
		return
	}
	if e.leg == LegReply && n != w.from {
		w.impostor(n, e, dev)
		return
	}
	if e.leg == LegReply {
		w.bypassed(n, e, dev)
		w.hop(n, e, StageDeliver, dev, say.T("the reply is back at %s", "应答回到 %s", e.dst))
		w.ended = true
		return
	}
	w.reached = e.flow()
	w.listen(n, e, dev)
	w.originate(n, w.back(e))
}

// maxFilters bounds the base chains of one hook that drop a packet one behind the
// other.
const maxFilters = 16

// filter runs the packet through the rules behind one hook, and continues as
// though what they drop were let through. It is false when they cannot be
// judged.
func (w *walk) filter(n *machine.Space, e echo, hook, iif, oif string) (echo, bool) {
	dev := cmp.Or(iif, oif)
	if hook == "postrouting" {
		dev = oif
	}
	rules, err := n.Rules()
	if err != nil {
		w.overlook(n, e, StageFilter, dev, cause.RulesUnread{At: at(n), Err: err})
		return e, true
	}
	w.untracked(n, e, rules, hook)
	before := e
	if e.leg == LegRequest && e.outer == nil && (hook == "prerouting" || hook == "output") {
		w.hooked = append(w.hooked, passage{node: n, iif: iif, echo: e})
	}
	p := e.packet
	p.IIF, p.OIF, p.TTL = iif, oif, e.ttl
	result := eval.Traverse(rules, hook, p, n.Env())
	var open []*netfilter.Chain
	for result.Drops() && len(open) < maxFilters {
		w.fault(n, e, StageFilter, dev, w.filtered(n, e, hook, result))
		open = append(open, result.Chain)
		result = eval.Traverse(rules, hook, p, n.Env(), open...)
	}
	var ways []eval.Branch
	if result.Verdict == eval.VerdictUnknown {
		ways = eval.Branches(rules, hook, p, n.Env(), open...)
		if way, ok := w.draw(e, ways); ok {
			result = way
		}
	}
	switch result.Verdict {
	case eval.VerdictDrop, eval.VerdictReject:
		if len(ways) > 0 { // this way ends here, and there are others
			w.fault(n, e, StageFilter, dev, w.filtered(n, e, hook, result))
			w.strayed = true
		}
		return e, true
	case eval.VerdictUnknown:
		unsure := cause.RulesUnjudged{Hook: hook, Flow: e.flow(), Rules: result.Unsure, Ways: ways}
		if result.NAT != nil {
			w.giveUp(n, e, StageFilter, dev, unsure.Said())
			return e, false
		}
		w.overlook(n, e, StageFilter, dev, unsure)
	}
	e.packet = result.Packet
	if nat := result.NAT; nat != nil {
		w.hop(n, e, StageFilter, dev, nat.Said())
		e.disguises += disguise(e, hook)
	}
	e.src, e.dst, e.mark = e.packet.Src, e.packet.Dst, e.packet.Mark
	if e.outer == nil {
		e.sport, e.dport = e.packet.SrcPort, e.packet.DstPort
	}
	if e.leg == LegRequest && e.outer == nil {
		w.last[n] = e.packet
		w.turn(n, before, e)
	}
	return e, true
}

// bridgeFilter runs the packet through the rules of IP that a bridge has for
// what it passes on (br_netfilter), if it has any.
func (w *walk) bridgeFilter(n *machine.Space, e echo, bridge string) (echo, bool) {
	if on, _ := n.BridgeNetfilter(e.dst.Is6()); !on {
		return e, true
	}
	e = w.enters(n, e)
	before := e
	for _, hook := range []struct{ name, iif, oif string }{{"prerouting", bridge, ""}, {"forward", bridge, bridge}, {"postrouting", "", bridge}} {
		var ok bool
		if e, ok = w.filter(n, e, hook.name, hook.iif, hook.oif); !ok {
			return e, false
		}
	}
	if e.dst != before.dst {
		w.giveUp(n, e, StageFilter, bridge, say.T("a rule of %s sends the frame elsewhere, which is not followed", "%s 上的规则把帧改送别处，未跟踪下去", bridge))
		return e, false
	}
	return e, true
}
