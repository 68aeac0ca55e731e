package trace

import (
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// turning is a namespace whose rules sent the request on to another destination, as
// they do for a service.
type turning struct {
	node     *machine.Space
	from, to flows.Flow
}

// turn remembers where the request was sent elsewhere.
func (w *walk) turn(n *machine.Space, before, after packet) {
	if before.dst != after.dst || before.dport != after.dport {
		w.turned = append(w.turned, turning{n, before.flow(), after.flow()})
	}
}

// meant is the request as it was before it was sent on where it is taken.
func (w *walk) meant() flows.Flow {
	if n := len(w.turned); n > 0 && w.listens != nil && w.turned[n-1].node == w.listens.Space {
		return w.turned[n-1].from
	}
	return flows.Flow{}
}

// filteredBelow has a frame be seen on a bridge as the rules of IP have left it, where
// they saw it at the port already.
func (w *walk) filteredBelow(n *machine.Space, p packet, dev table.Link) {
	if dev.Kind != "bridge" {
		return
	}
	if on, _ := n.BridgeNetfilter(p.dst.Is6()); !on {
		return
	}
	for i, h := range slices.Backward(w.hops) {
		if h.Stage != hop.StageReceive {
			continue
		}
		if h.Space == n && h.Device == dev.Name && h.Sighting != nil && h.Sighting.Carrier == (hop.Endpoints{}) && h.Sighting.Flow != p.seenAs() {
			w.hops[i].Sighting.Flow, w.hops[i].Frame = p.seenAs(), nil
		}
		return
	}
}

// bypassed notes a reply that does not come from the address that was asked: it has
// not been back where the request was translated. Where the request has come back to
// whoever asked and was not taken, that is the fault: a hairpin. With accept_local it
// is taken, and the answer never leaves its namespace.
func (w *walk) bypassed(n *machine.Space, p packet, dev string) {
	if p.flow().Echo() || p.src == w.asks.Dst && p.sport == w.asks.DstPort || len(w.turned) == 0 || w.cameBack() {
		return
	}
	t := w.turned[len(w.turned)-1]
	f := service.Bypassed{At: at(t.node), Flow: p.flow(), Asked: w.asks, Client: w.source, Exempt: w.exemptAt(t.node), Kept: w.kept[t.node]}
	if on, possible := t.node.BridgeNetfilter(p.dst.Is6()); possible && !on && w.acrossOneBridge(t.node) {
		f.Bridge = true
	}
	w.fault(n, p, hop.StageDeliver, dev, f)
}

// cameBack reports whether the request was sent back to its sender, who takes none of
// his own.
func (w *walk) cameBack() bool {
	return slices.ContainsFunc(w.faults, func(f Found) bool { return f.Code() == cause.Hairpin })
}

// acrossOneBridge reports whether the request left a namespace by the bridge that it
// came in by.
func (w *walk) acrossOneBridge(n *machine.Space) bool {
	return slices.ContainsFunc(w.passed, func(p passage) bool {
		link, err := n.Link(p.iif)
		return p.node == n && p.iif == p.route.DevName && err == nil && link.Kind == "bridge"
	})
}

// keptBelow notes a request that a bridge keeps to itself although it is for the
// bridge's own MAC address: where the rules of IP see what the bridge passes on, and
// send it on to somebody behind the same bridge, it goes there at once
// (br_nf_pre_routing_finish()). It leaves by the port that it came in by only in
// hairpin mode (should_deliver()).
func (w *walk) keptBelow(n *machine.Space, p packet, dev table.Link, route machine.RouteAnswer) packet {
	if len(w.turned) == 0 || w.turned[len(w.turned)-1].node != n || p.leg != flows.LegRequest {
		return p
	}
	if on, _ := n.BridgeNetfilter(p.dst.Is6()); !on || dev.Kind != "bridge" || route.Dev != dev.Index {
		return p
	}
	p.below, p.ttl = true, p.ttl+1
	for i, h := range slices.Backward(w.hops) {
		if h.Space != n || h.Stage != hop.StageReceive {
			continue
		}
		if h.Device == dev.Name {
			w.hops[i].Sighting, w.hops[i].Frame = nil, nil
		}
		port, err := n.Link(h.Device)
		if err != nil || port.Port == nil {
			continue
		}
		if p.dst == w.source && !port.Port.Hairpin {
			w.fault(n, p, hop.StageSend, port.Name, cause.NoHairpin{At: at(n), Port: port.Name, Bridge: dev.Name, Flow: p.flow()})
		}
		break
	}
	return p
}

// unserved looks, where a request gets nowhere that no rule has sent elsewhere, whether
// it is for a service, and the rules do not know of it, or not where it passes. Where
// somebody would take it as it is, no rule has to.
func (w *walk) unserved() {
	lost := len(w.faults) > 0 && w.faults[0].Leg == flows.LegRequest
	if !lost && w.outside == nil || len(w.turned) > 0 || w.listens != nil || w.connections.Any() {
		return
	}
	f, ok := w.service()
	if !ok {
		return
	}
	// What was met behind it was met by a packet that should not have got there.
	found := Find(flows.LegRequest, f)
	if w.doubtful = &found; lost {
		w.faults = []Found{found}
	}
}

// useless forgets rules that stop a request whose destination a rule has given it, where
// nobody has that: to let it by would help nobody.
func (w *walk) useless() {
	absent := func(f Found) bool {
		return f.Leg == flows.LegRequest && f.Code() == cause.DestinationAbsent && len(f.Mends) == 0
	}
	if len(w.turned) > 0 && slices.ContainsFunc(w.faults, absent) {
		to := w.turned[len(w.turned)-1].to
		w.faults = slices.DeleteFunc(w.faults, func(f Found) bool { return f.Leg == flows.LegRequest && cause.Stops(f.Finding, to) })
	}
}

// service is the finding of a request for a service: the rules of a namespace on its
// way would have sent it on, had they seen it, for what a namespace sends itself passes
// OUTPUT, and what it passes on PREROUTING; or no rule knows of it.
func (w *walk) service() (cause.Finding, bool) {
	on := make([]*machine.Space, 0, len(w.hooked))
	for _, p := range w.hooked {
		packet := p.packet.unknown().filtered
		if f, ok := vip.OtherHook(p.node, packet, p.packet.flow(), p.iif, p.route.DevName); ok && !w.asks.Echo() && !w.connections.Any() {
			return f, true
		}
		if f, ok := vip.OtherAddress(p.node, packet, p.iif, p.route.DevName); ok {
			return f, true
		}
		on = append(on, p.node)
	}
	f, ok := vip.Judge(on, w.asks)
	if got := len(w.passed) > 0 || w.outside != nil; !ok && got {
		// It got to those who could have translated it.
		f, ok = vip.Elsewhere(w.world, on, w.asks)
	}
	return f, ok && !(len(w.faults) > 0 && w.faults[0].Code() == service.NoEndpoints && !f.OtherPort())
}

// draw takes one of the ways that rules draw by lot for a request, where they lead to
// different destinations, or to none: each is a walk of its own. Only what is drawn
// first is followed so.
func (w *walk) draw(n *machine.Space, p packet, ways []eval.Branch) (eval.Result, bool) {
	if !p.isRequest() || len(ways) < 2 || w.ways != nil || w.pick >= len(ways) {
		return eval.Result{}, false
	}
	unknown := func(way eval.Branch) bool { return way.Verdict == eval.VerdictUnknown }
	translated := func(way eval.Branch) bool { return way.NAT != nil }
	if slices.ContainsFunc(ways, unknown) || !slices.ContainsFunc(ways, translated) {
		return eval.Result{}, false
	}
	w.ways, w.drawn = ways, n
	return ways[w.pick].Result, true
}

// leftBehind is the rule of nat that sends a request to somebody who is gone.
func (w *walk) leftBehind(n *machine.Space, p packet, x *fabric.Explorer) (found cause.SentThere) {
	for _, met := range w.hooked {
		if by, ruled := p.filtered.Sent(); ruled && met.node == n && p.isRequest() {
			return absent.Sent(n, met.packet.filtered, met.iif, by, x.Stations)
		}
	}
	return found
}
