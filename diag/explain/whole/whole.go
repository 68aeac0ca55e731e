// Package whole tells a connection that opens and then carries nothing: its first
// segments are small, and those that are as long as both ends agree on are too long for
// a wire on their way, of which their sender never hears (RFC 2923, 2.1).
package whole

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Hole is a way on which full-sized segments are lost.
type Hole struct {
	Finding service.BlackHole
	Leg     flows.Leg
	Mends   []change.Change // of this and of what else is too narrow behind it
	// From and Src are whose segments are lost, and To whom they are for, as they are
	// sent. To is invalid where it is translated on its way.
	From    *machine.Space
	Src, To netip.Addr
}

// Look follows full-sized segments in both directions, where the first ones of a
// connection pass. It sends nothing, and tells only of what is lost for sure: where rules
// clamp the size it is theirs. A veth that takes less than its other end sends lets segments
// pass that travel together (is_skb_forwardable()); alone are those devices.
func Look(world *machine.Machine, q trace.Question, opens *trace.Trace) (lost Hole, found bool, alone []journey.Found) {
	if len(opens.Faults) > 0 || !opens.Back || opens.Listens == nil {
		return Hole{}, false, nil
	}
	server := opens.Listens.Space
	there, back := mtu(q.From, opens.Source, q.Dest), mtu(server, opens.Reached.Dst, opens.Reached.Src)
	q.Length, q.DF, q.Whole, q.First = min(there, back), true, true, false
	full := trace.Follow(world, q)
	for i, f := range full.Faults {
		first := !slices.ContainsFunc(full.Faults[:i], func(o journey.Found) bool { return o.Leg == f.Leg })
		if _, ok := f.Finding.(cause.OverPeer); ok && first {
			alone = append(alone, f)
		}
		if f.Code() != cause.MTUExceeded || !answered(f.Finding) {
			continue
		}
		hole := Hole{Leg: f.Leg, From: q.From, Src: opens.Source, To: q.Dest}
		if f.Leg == flows.LegReply {
			hole.From, hole.Src, hole.To = server, opens.Reached.Dst, opens.Reached.Src
		}
		why, proof, lost := untold(full.Hops, f, q.Dest.Is6())
		if !lost || discovers(hole.From) {
			continue
		}
		if clamped(opens) { // last, for it reads all rules of all namespaces on the way
			return Hole{}, false, nil
		}
		if opens.Reached.Dst != q.Dest || opens.Reached.Src != opens.Source {
			hole.To = netip.Addr{}
		}
		hole.Finding = service.BlackHole{At: cause.At(f.Netns()), Length: q.Length, Lost: f.Finding, Why: why, Proof: proof}
		hole.Mends = mends(full.Faults[i:], q)
		hole.Finding.Mends, hole.Finding.Clamp = hole.Mends, clamp(world, q, opens, f)
		return hole, true, nil
	}
	if len(alone) > 0 && clamped(opens) {
		alone = nil
	}
	return Hole{}, false, alone
}

// Untold tells of packets that a router cannot pass on, and whose sender does not hear
// of that for sure: what the faults of a trace say of it is made whole.
func Untold(t *trace.Trace) {
	for i, f := range t.Faults {
		over, ok := f.Finding.(cause.OverDevice)
		if !ok || !over.Transit {
			continue
		}
		if why, proof, lost := untold(t.Hops, f, t.Source.Is6()); lost && len(proof) > 0 {
			over.Untold = cause.Untold{Why: why, Proof: proof}
			t.Faults[i].Finding = over
		}
	}
}

// answered reports whether a router tells the sender of what it cannot pass on.
func answered(f cause.Finding) bool {
	switch f := f.(type) {
	case cause.OverDevice:
		return f.Transit
	case cause.OverRoute:
		return f.Learned != nil
	}
	return false
}

// mends are the changes that make room on the whole way; where a device is none that
// can be made wider, the sender is told to be content with less, and tells the other end.
func mends(faults []journey.Found, q trace.Question) []change.Change {
	var all [][]change.Change
	least := q.Length
	for _, f := range faults {
		if f.Code() != cause.MTUExceeded {
			continue
		}
		switch o := f.Finding.(type) {
		case cause.OverDevice:
			o.Learned = nil // nobody has, who would have to forget
			f = journey.Find(f.Leg, o)
			if len(f.Mends) == 0 {
				least = min(least, o.Link.MTU)
			}
		case cause.OverRoute:
			o.Learned = nil
			f = journey.Find(f.Leg, o)
		}
		all = append(all, f.Mends)
	}
	if least == q.Length {
		return change.Together(all...)
	}
	route := q.From.Route(machine.RouteQuery{Dst: q.Dest})
	return []change.Change{change.MTU(q.From.Name, route.DevName, least)}
}

// mtu is how long the packets are that a namespace sends on the way to an address.
func mtu(n *machine.Space, src, dst netip.Addr) int {
	route := n.Route(machine.RouteQuery{Src: src, Dst: dst})
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		return route.MTU
	}
	if route.MTU > 0 {
		return min(route.MTU, link.MTU)
	}
	return link.MTU
}

// discovers reports whether a sender finds out without being told, by sending less
// when what is longer is not acknowledged, or lets routers cut what is too long.
func discovers(n *machine.Space) bool {
	for _, path := range []string{"net/ipv4/tcp_mtu_probing", "net/ipv4/ip_no_pmtu_disc"} {
		if value, err := n.Sysctl(path); err == nil && strings.TrimSpace(value) != "0" {
			return true
		}
	}
	return false
}

// clamped reports whether rules on the way may make segments smaller.
func clamped(t *trace.Trace) bool {
	var seen []*machine.Space
	for _, h := range t.Hops {
		if slices.Contains(seen, h.Space) {
			continue
		}
		seen = append(seen, h.Space)
		if rules, err := netfilter.Read(h.Space.NS); err != nil || clamps(rules) {
			return true
		}
	}
	return false
}

func clamps(set *netfilter.RuleSet) bool {
	one := func(x netfilter.Expr) bool { return strings.HasSuffix(x.Name, "TCPMSS") || x.Name == "exthdr" }
	for _, t := range set.Tables {
		for _, c := range t.Chains {
			if slices.ContainsFunc(c.Rules, func(r netfilter.Rule) bool { return slices.ContainsFunc(r.Exprs, one) }) {
				return true
			}
		}
	}
	return false
}

// stop is a namespace on the way of a segment, by which devices it goes through it, and
// the source that it has there.
type stop struct {
	space   *machine.Space
	in, out string
	src     netip.Addr
}

// stops are those of a leg, from its sender to where it is lost.
func stops(hops []hop.Hop, lost journey.Found) (way []stop) {
	way = stopsOf(hops, lost.Leg)
	for len(way) > 0 && way[len(way)-1].space.Name != lost.Netns() {
		way = way[:len(way)-1]
	}
	return way
}

func stopsOf(hops []hop.Hop, leg flows.Leg) (all []stop) {
	var in string
	for _, h := range hops {
		if h.Leg != leg {
			continue
		}
		switch h.Stage {
		case hop.StageReceive:
			in = h.Device
		case hop.StageRoute:
			if len(all) == 0 {
				in = ""
			}
			if len(all) == 0 || all[len(all)-1].space != h.Space {
				all = append(all, stop{space: h.Space, in: in, out: h.Device})
			}
		}
		if s := h.Sighting; s != nil && s.Carrier == (hop.Endpoints{}) && len(all) > 0 && s.Space == all[len(all)-1].space {
			all[len(all)-1].src = s.Flow.Src
		}
	}
	return all
}

// untold reports whether the answer of a router to what it cannot pass on does not get
// back to its sender for sure, and why.
func untold(hops []hop.Hop, lost journey.Found, v6 bool) (why say.Text, proof []string, _ bool) {
	way := stops(hops, lost)
	if len(way) < 2 {
		return why, nil, false
	}
	router := way[len(way)-1]
	to := way[len(way)-2].src
	route := router.space.Route(machine.RouteQuery{Dst: to})
	if route.Kind != machine.KindUnicast {
		return say.T("%s has no route back to %s", "%s 没有回 %s 的路由", machine.Called(router.space.Name), to), route.Evidence, true
	}
	told := eval.Packet{Src: route.Src, Proto: unix.IPPROTO_ICMP, ICMPType: 3, ICMPCode: 4, CTState: eval.CTRelated, TTL: 64}
	if v6 {
		told.Proto, told.ICMPType, told.ICMPCode = unix.IPPROTO_ICMPV6, 2, 0
	}
	for i, s := range slices.Backward(way) {
		told.Dst = to
		if i > 0 && way[i-1].src.IsValid() {
			told.Dst = way[i-1].src
		}
		if why, proof, dropped := drops(s, told, i == len(way)-1, i == 0); dropped {
			return why, proof, true
		}
	}
	return why, nil, false
}

// drops passes the answer through the hooks of a namespace.
func drops(s stop, p eval.Packet, first, last bool) (why say.Text, proof []string, _ bool) {
	rules, err := s.space.Rules()
	if err != nil {
		return why, nil, false
	}
	for _, hook := range []struct {
		name     string
		iif, oif string
		passes   bool
	}{
		{"prerouting", s.out, "", !first}, {"input", s.out, "", last}, {"forward", s.out, s.in, !first && !last},
		{"output", "", s.in, first}, {"postrouting", "", s.in, !last},
	} {
		if !hook.passes {
			continue
		}
		p.IIF, p.OIF = hook.iif, hook.oif
		if r := eval.Traverse(rules, hook.name, p, s.space.Env()); r.Drops() {
			return say.T("%s stops it (hook %s)", "%s 拦下了它（hook %s）", machine.Called(s.space.Name), hook.name), []string{r.Line()}, true
		}
	}
	return why, nil, false
}
