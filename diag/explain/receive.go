package explain

import (
	"fmt"

	"nstutor/diag"
)

const protoICMP = 1

// receive takes a frame from the wire to the routing decision.
func (w *walk) receive(n *Node, e echo, dev diag.Link) {
	if w.strayed {
		return
	}
	w.wired(n, e, StageReceive, dev.Name, say("%s into %s", e, dev.Name))
	e, ok := w.filter(n, w.enters(n, e), "prerouting", dev.Name, "")
	if !ok {
		return
	}
	e = w.restore(n, e)
	query := RouteQuery{Dst: e.dst, Src: e.src, IIF: dev.Index, Mark: e.mark, Proto: protoICMP}
	route := w.route(n, query)
	if route.Kind == KindForwardingOff || route.Kind == KindRPFilter || route.Kind == KindMartian {
		w.refused(n, e, dev, route)
		// As though the packet had been let in: where would it go?
		route = w.route(n, RouteQuery{Dst: e.dst, Mark: e.mark, Proto: protoICMP})
	}
	switch route.Kind {
	case KindLocal:
		w.deliver(n, e, dev.Name)
	case KindUnicast:
		w.forward(n, e, dev, route)
	default:
		w.noRoute(n, e, route)
	}
}

// refused notes why the input lookup turned the packet away.
func (w *walk) refused(n *Node, e echo, dev diag.Link, route RouteAnswer) {
	f := Fault{Netns: n.Name, Evidence: route.Evidence}
	switch route.Kind {
	case KindForwardingOff:
		f.Code = ForwardingOff
		f.Detail = say("%s is not an address of this namespace, and forwarding is off for %s", e.dst, dev.Name)
		f.fix = []Fix{{n.Name, "sysctl -w net.ipv4.conf." + dev.Name + ".forwarding=1"}}
	case KindRPFilter:
		f.Code = RPFilter
		f.Detail = say("%s would not be reached through %s, so rp_filter drops what comes from it there", e.src, dev.Name)
		f.fix = []Fix{{n.Name, fmt.Sprintf("ip route add %s dev %s", e.src, dev.Name)}}
		if loose, err := n.Sysctl("net/ipv4/conf/" + dev.Name + "/rp_filter"); err == nil && loose != "2" && n.Route(RouteQuery{Dst: e.src}).Kind == KindUnicast {
			f.fix = []Fix{{n.Name, "sysctl -w net.ipv4.conf." + dev.Name + ".rp_filter=2"}}
		}
	default:
		f.Code = MartianSource
		f.Detail = say("%s cannot be the source of a packet that comes in through %s", e.src, dev.Name)
	}
	w.fault(n, e, StageRoute, dev.Name, f)
}

// forward passes a packet on.
func (w *walk) forward(n *Node, e echo, dev diag.Link, route RouteAnswer) {
	e.ttl--
	if e.ttl <= 0 {
		w.fault(n, e, StageRoute, dev.Name, Fault{
			Code: RouteLoop, Netns: n.Name, Detail: say("%s goes in circles until its TTL is spent", e), Evidence: []string{route.Line},
		})
		return
	}
	if e.leg == LegRequest {
		w.passed = append(w.passed, passage{n, route})
	}
	w.mind(n, e, route)
	w.hop(n, e, StageRoute, route.DevName, quote(route.Line))
	e, ok := w.filter(n, e, "forward", dev.Name, route.DevName)
	if !ok {
		return
	}
	w.leave(n, e, dev.Name, route)
}

// deliver hands a packet to the namespace it is for.
func (w *walk) deliver(n *Node, e echo, dev string) {
	e, ok := w.filter(n, e, "input", dev, "")
	if !ok {
		return
	}
	if e.leg == LegReply {
		w.hop(n, e, StageDeliver, dev, say("the reply is back at %s", e.dst))
		w.ended = true
		return
	}
	if value, err := n.Sysctl("net/ipv4/icmp_echo_ignore_all"); err == nil && value == "1" {
		w.fault(n, e, StageDeliver, dev, Fault{
			Code: EchoIgnored, Netns: n.Name, Detail: say("the request arrives, and the kernel is told to ignore echo requests"),
			Evidence: []string{"net.ipv4.icmp_echo_ignore_all = 1"},
			fix:      []Fix{{n.Name, "sysctl -w net.ipv4.icmp_echo_ignore_all=0"}},
		})
	}
	w.hop(n, e, StageDeliver, dev, say("%s is an address of this namespace", e.dst))
	w.originate(n, e.back())
}

// filter runs the packet through the rules behind one hook, and continues as
// though what they drop were let through. It is false when they cannot be
// judged.
func (w *walk) filter(n *Node, e echo, hook, iif, oif string) (echo, bool) {
	rules, err := n.Rules()
	if err != nil {
		w.giveUp(n, e, StageFilter, iif+oif, quote(err.Error()))
		return e, false
	}
	p := e.packet
	p.IIF, p.OIF, p.TTL = iif, oif, e.ttl
	result := Traverse(rules, hook, p, rulesEnv{n})
	switch result.Verdict {
	case VerdictDrop, VerdictReject:
		w.fault(n, e, StageFilter, iif+oif, w.filtered(n, e, hook, result))
		return e, true
	case VerdictUnknown:
		w.giveUp(n, e, StageFilter, iif+oif, say("%s: cannot tell whether these rules let %s pass: %v", hook, e, result.Unsure))
		return e, false
	}
	e.packet = result.Packet
	if nat := result.NAT; nat != nil {
		w.hop(n, e, StageFilter, iif+oif, say("%s: %s becomes %s", nat.Kind, nat.Old, nat.New))
	}
	e.src, e.dst, e.mark = e.packet.Src, e.packet.Dst, e.packet.Mark
	if e.leg == LegRequest {
		w.last[n] = e.packet
	}
	return e, true
}
