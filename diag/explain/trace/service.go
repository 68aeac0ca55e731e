package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// meant is the request as it was before it was sent on where it is taken.
func (w *walk) meant() flows.Flow {
	if n := len(w.Turned); n > 0 && w.listens != nil && w.Turned[n-1].Space == w.listens.Space {
		return w.Turned[n-1].From
	}
	return flows.Flow{}
}

// filteredBelow has a frame be seen on a bridge as the rules of IP have left it, where
// they saw it at the port already.
func (w *walk) filteredBelow(n *machine.Space, p journey.Packet, dev table.Link) {
	if dev.Kind != "bridge" {
		return
	}
	if on, _ := n.BridgeNetfilter(p.Dst.Is6()); !on {
		return
	}
	for i, h := range slices.Backward(w.Hops) {
		if h.Stage != hop.StageReceive {
			continue
		}
		if h.Space == n && h.Device == dev.Name && h.Sighting != nil && h.Sighting.Carrier == (hop.Endpoints{}) && h.Sighting.Flow != p.SeenAs() {
			w.Hops[i].Sighting.Flow, w.Hops[i].Frame = p.SeenAs(), nil
		}
		return
	}
}

// keptBelow notes a request that a bridge keeps to itself although it is for the
// bridge's own MAC address: where the rules of IP see what the bridge passes on, and
// send it on to somebody behind the same bridge, it goes there at once
// (br_nf_pre_routing_finish()). It leaves by the port that it came in by only in
// hairpin mode (should_deliver()).
func (w *walk) keptBelow(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) journey.Packet {
	if len(w.Turned) == 0 || w.Turned[len(w.Turned)-1].Space != n || p.Leg != flows.LegRequest {
		return p
	}
	if on, _ := n.BridgeNetfilter(p.Dst.Is6()); !on || dev.Kind != "bridge" || route.Dev != dev.Index {
		return p
	}
	p.Below, p.TTL = true, p.TTL+1
	for i, h := range slices.Backward(w.Hops) {
		if h.Space != n || h.Stage != hop.StageReceive {
			continue
		}
		if h.Device == dev.Name {
			w.Hops[i].Sighting, w.Hops[i].Frame = nil, nil
		}
		port, err := n.Link(h.Device)
		if err != nil || port.Port == nil {
			continue
		}
		if p.Dst == w.Source && !port.Port.Hairpin {
			w.fault(n, p, hop.StageSend, port.Name, cause.NoHairpin{At: at(n), Port: port.Name, Bridge: dev.Name, Flow: p.Flow()})
		}
		break
	}
	return p
}

// lostBelow has a frame not be seen on a bridge where the rules of IP have given its packet
// another destination at the port already, and no route lets it pass: it is dropped there, without a word
// (br_nf_pre_routing_finish(), br_nf_pre_routing_finish_ipv6()). Of IPv4 a route that rejects
// answers above all the same.
func (w *walk) lostBelow(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) {
	lost := route.Kind == machine.KindRPFilter || route.Kind == machine.KindMartian
	if p.Dst.Is6() {
		lost = route.Kind.Rejects() || route.Kind == machine.KindNone
	}
	on, _ := n.BridgeNetfilter(p.Dst.Is6())
	if !lost || !on || dev.Kind != "bridge" {
		return
	}
	i := len(w.Hops) - 1
	for i >= 0 && w.Hops[i].Stage != hop.StageReceive {
		i--
	}
	if i >= 0 && w.Hops[i].Space == n && w.Hops[i].Device == dev.Name {
		w.Hops[i].Sighting, w.Hops[i].Frame = nil, nil
	}
}

// unserved looks, where a request gets nowhere that no rule has sent elsewhere, whether
// it is for a service, and the rules do not know of it, or not where it passes. Where
// somebody would take it as it is, no rule has to. A guess is none where there is a fault.
func (w *walk) unserved() {
	lost := len(w.Faults) > 0 && w.Faults[0].Leg == flows.LegRequest
	if !lost && w.outside == nil || len(w.Turned) > 0 || w.listens != nil || w.Connections.Any() {
		return
	}
	f, ok := w.Service(w.outside != nil)
	if u, guessed := f.(service.Unknown); !ok || guessed && (u.Behind || u.Emptied != "") && lost {
		return
	}
	// What was met behind it was met by a packet that should not have got there.
	found := journey.Find(flows.LegRequest, f)
	if w.doubtful = &found; lost {
		w.Faults = []journey.Found{found}
	}
}

// useless forgets rules that stop a request whose destination a rule has given it, where
// nobody has that: to let it by would help nobody.
func (w *walk) useless() {
	absent := func(f journey.Found) bool {
		return f.Leg == flows.LegRequest && f.Code() == cause.DestinationAbsent && len(f.Mends) == 0
	}
	if len(w.Turned) > 0 && slices.ContainsFunc(w.Faults, absent) {
		to := w.Turned[len(w.Turned)-1].To
		w.Faults = slices.DeleteFunc(w.Faults, func(f journey.Found) bool { return f.Leg == flows.LegRequest && cause.Stops(f.Finding, to) })
	}
}

// draw takes one of the ways that rules draw by lot for a request, where they lead to
// different destinations, or to none: each is a walk of its own. Only what is drawn
// first is followed so.
func (w *walk) draw(n *machine.Space, p journey.Packet, ways []eval.Branch) (eval.Result, bool) {
	if len(ways) == 1 && ways[0].Verdict != eval.VerdictUnknown { // whatever is drawn
		return ways[0].Result, true
	}
	if !p.IsRequest() || len(ways) < 2 || w.ways != nil || w.pick >= len(ways) {
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
