package explain

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"nstutor/diag"
)

const protoICMP = 1

// proto is the protocol of the packet, which routing rules can ask for.
func (e echo) proto() byte {
	if e.outer != nil {
		return protoUDP
	}
	return protoICMP
}

// receive takes a frame from the wire to the routing decision.
func (w *walk) receive(n *Node, e echo, dev diag.Link) {
	if w.strayed {
		return
	}
	w.wired(n, e, StageReceive, dev.Name, say("%s into %s", e, dev.Name))
	w.input(n, e, dev)
}

// input takes a packet from the device to the routing decision.
func (w *walk) input(n *Node, e echo, dev diag.Link) {
	if e.leg == LegReply && e.outer == nil {
		w.backOnTrack(n)
	}
	if dev.Kind == "bridge" {
		w.linkFilter(n, e, linkHook{"bridge", "input", "", dev.Name})
	}
	w.linkFilter(n, e, onDevice("ingress", dev.Name))
	e, ok := w.filter(n, w.enters(n, e), "prerouting", dev.Name, "")
	if !ok {
		return
	}
	e = w.restore(n, e)
	query := RouteQuery{Dst: e.dst, Src: e.src, IIF: dev.Index, Mark: e.mark, Proto: e.proto()}
	route := w.route(n, query)
	if route.Kind == KindForwardingOff || route.Kind == KindRPFilter || route.Kind == KindMartian {
		w.refused(n, e, dev, route)
		// As though the packet had been let in: where would it go?
		route = w.route(n, RouteQuery{Dst: e.dst, Mark: e.mark, Proto: e.proto()})
	}
	switch route.Kind {
	case KindLocal:
		w.deliver(n, e, dev.Name)
	case KindUnicast:
		w.forward(n, e, dev, route)
	default:
		if route = w.noRoute(n, e, route); route.Kind == KindUnicast {
			w.forward(n, e, dev, route)
		}
	}
}

// refused notes why the input lookup turned the packet away.
func (w *walk) refused(n *Node, e echo, dev diag.Link, route RouteAnswer) {
	if route.Kind == KindMartian && n == e.origin && e.outer == nil && e.src != e.dst {
		w.circles(n, e, dev, route) // it is back where it came from
		w.strayed = true
		return
	}
	f := Fault{Netns: n.Name, Evidence: route.Evidence}
	if a := w.arping; route.Kind == KindForwardingOff && e.outer == nil && a != nil && a.link.Index != 0 {
		if wrong, right, ok := a.misled(n); ok {
			w.fault(a.n, e, StageNeighbour, a.link.Name, wrong)
			w.retake(a, e, right)
			return
		}
	}
	switch route.Kind {
	case KindForwardingOff:
		if (route.Dev == dev.Index || route.Dev == 0) && (w.arping == nil || w.arping.nexthop == e.dst) {
			f = w.notHere(n, e, dev)
			break
		}
		f.Code = ForwardingOff
		f.Detail = say("%s is not an address of this namespace, and forwarding is off for %s", e.dst, dev.Name)
		f.fix = []Fix{{n.Name, "sysctl -w net.ipv4.conf." + sysctlName(dev.Name) + ".forwarding=1"}}
	case KindRPFilter:
		f.Code = RPFilter
		f.Detail = say("%s would not be reached through %s, so rp_filter drops what comes from it there", e.src, dev.Name)
		f.fix = w.reversible(n, e, dev)
	default:
		f.Code = MartianSource
		f.Detail = say("%s cannot be the source of a packet that comes in through %s", e.src, dev.Name)
		f.fix = w.plausible(n, e, dev)
	}
	w.fault(n, e, StageRoute, dev.Name, f)
}

// spent is the fault of a packet that did not begin with enough hops to live.
func (w *walk) spent(n *Node, e echo) Fault {
	return Fault{
		Code: RouteLoop, Netns: e.origin.Name, sure: true,
		Detail:   say("the packet's TTL is spent in %s, although it goes in no circle: it began with too small a one", n.title()),
		Evidence: []string{fmt.Sprintf("net.ipv4.ip_default_ttl = %d", e.origin.ttl())},
		fix:      []Fix{{e.origin.Name, fmt.Sprintf("sysctl -w net.ipv4.ip_default_ttl=%d", maxHops)}},
	}
}

// ttl is what the namespace's packets begin with.
func (n *Node) ttl() int {
	value, err := n.Sysctl("net/ipv4/ip_default_ttl")
	if err != nil {
		return maxHops
	}
	ttl, err := strconv.Atoi(value)
	if err != nil {
		return maxHops
	}
	return ttl
}

// retake goes on with the station that the frame should have come to.
func (w *walk) retake(a *arping, e echo, right station) {
	w.arping = nil
	w.travel(a.n, e, a.link, right)
	w.strayed = true
}

// plausible gives the packet a source that n takes from somebody else.
func (w *walk) plausible(n *Node, e echo, dev diag.Link) []Fix {
	if len(w.passed) > 0 && e.src == e.dst && e.leg == LegRequest {
		// What was sent to a service comes back to who asked: it needs another source.
		node := w.passed[len(w.passed)-1].node
		return []Fix{{node.Name, fmt.Sprintf("iptables -t nat -A POSTROUTING -s %s -d %s -j MASQUERADE", e.src, e.dst)}}
	}
	if e.src.IsLoopback() || e.dst.IsLoopback() {
		return []Fix{{n.Name, "sysctl -w net.ipv4.conf." + sysctlName(dev.Name) + ".route_localnet=1"}}
	}
	return n.withoutAddress(e.src)
}

// notHere: the packet is for nobody in this namespace, and there is nowhere
// that the namespace could pass it on to.
func (w *walk) notHere(n *Node, e echo, dev diag.Link) Fault {
	f := Fault{
		Code: DestinationAbsent, Netns: n.Name, Evidence: []string{dev.AddressLine()},
		Detail: say("the frame comes to %s in %s, but %s is no address of that namespace", dev.Name, n.title(), e.dst),
		fix:    []Fix{{n.Name, fmt.Sprintf("ip addr add %s/32 dev %s", e.dst, dev.Name)}},
	}
	if addrs, err := n.Addrs(dev.Index); err == nil && !hasIPv4(addrs) {
		f.Code = NoAddress
		f.Detail = say("the frame comes to %s in %s, which has no address at all", dev.Name, n.title())
	}
	return f
}

// reversible lets the packet pass rp_filter. Where its source is reached by
// another device, the loose mode is enough, unless the device has no address:
// then it is as strict as the other (__fib_validate_source()). Otherwise a route
// to the source is missing.
func (w *walk) reversible(n *Node, e echo, dev diag.Link) []Fix {
	addrs, err := n.Addrs(dev.Index)
	if err == nil && hasIPv4(addrs) && n.Route(RouteQuery{Dst: e.src}).Kind == KindUnicast && n.conf(dev.Name, "rp_filter") != 2 {
		return []Fix{{n.Name, "sysctl -w net.ipv4.conf." + sysctlName(dev.Name) + ".rp_filter=2"}}
	}
	way := wayOut{dev: dev}
	if found, ok := w.wayTo(n, e.src, 0); ok {
		way = found
	}
	return []Fix{{n.Name, "ip route " + n.routeVerb(e.src) + " " + way.to(e.src)}}
}

// sysctlName is the name of a device in a key of sysctl(8), for which a dot in
// it is a slash.
func sysctlName(dev string) string { return strings.ReplaceAll(dev, ".", "/") }

// impostor: the reply has come to a namespace that is not the one which asked,
// but has its address.
func (w *walk) impostor(n *Node, e echo, dev string) {
	f := Fault{
		Code: DuplicateAddress, Netns: n.Name, sure: true,
		Detail:   say("the reply comes to %s, which has the address %s, too", n.title(), e.dst),
		Evidence: addressLines(n, e.dst), fix: n.withoutAddress(e.dst),
	}
	if p := w.parted; p != nil {
		f.Evidence = append(f.Evidence, p.route.Line)
		f.fix = w.wayBack(p.node, e)
	} else if a := w.arping; a != nil && a.byTable {
		f.Evidence = append(f.Evidence, a.entry.Line())
		f.fix = append(f.fix, Fix{a.n.Name, fmt.Sprintf("ip neigh del %s dev %s", a.nexthop, a.link.Name)})
	}
	w.fault(n, e, StageDeliver, dev, f)
}

func addressLines(n *Node, addr netip.Addr) []string {
	var lines []string
	devices, err := n.Devices()
	if err != nil {
		return nil
	}
	for _, d := range devices {
		for _, a := range d.Addrs {
			if a.Prefix.Addr() == addr {
				lines = append(lines, fmt.Sprintf("%s: inet %s dev %s", n.title(), a.Prefix, d.Link.Name))
			}
		}
	}
	return lines
}

// forward passes a packet on.
func (w *walk) forward(n *Node, e echo, dev diag.Link, route RouteAnswer) {
	e.ttl--
	key := visit{n, dev.Index, e.src, e.dst, e.leg}
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
	if e.outer != nil {
		w.hop(n, e, StageDeliver, dev, say("%s opens the packet of the tunnel", n.title()))
		w.landed = n
		return
	}
	if e.leg == LegReply && n != w.from {
		w.impostor(n, e, dev)
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
	w.originate(n, w.back(e))
}

// filter runs the packet through the rules behind one hook, and continues as
// though what they drop were let through. It is false when they cannot be
// judged.
func (w *walk) filter(n *Node, e echo, hook, iif, oif string) (echo, bool) {
	rules, err := n.Rules()
	if err != nil {
		w.overlook(n, e, StageFilter, iif+oif, say("the packet filter of %s could not be read: %s", n.title(), errnoOf(err)))
		return e, true
	}
	w.untracked(n, e, rules, hook)
	p := e.packet
	p.IIF, p.OIF, p.TTL = iif, oif, e.ttl
	result := Traverse(rules, hook, p, rulesEnv{n})
	switch result.Verdict {
	case VerdictDrop, VerdictReject:
		w.fault(n, e, StageFilter, iif+oif, w.filtered(n, e, hook, result))
		return e, true
	case VerdictUnknown:
		unsure := say("%s: cannot tell whether these rules let %s pass: %v", hook, e, result.Unsure)
		if result.NAT != nil {
			w.giveUp(n, e, StageFilter, iif+oif, unsure)
			return e, false
		}
		w.overlook(n, e, StageFilter, iif+oif, unsure)
	}
	e.packet = result.Packet
	if nat := result.NAT; nat != nil {
		w.hop(n, e, StageFilter, iif+oif, say("%s: %s becomes %s", nat.Kind, nat.Old, nat.New))
	}
	e.src, e.dst, e.mark = e.packet.Src, e.packet.Dst, e.packet.Mark
	if e.leg == LegRequest && e.outer == nil {
		w.last[n] = e.packet
	}
	return e, true
}

// bridgeFilter runs the packet through the rules of IP that a bridge has for
// what it passes on (br_netfilter), if it has any.
func (w *walk) bridgeFilter(n *Node, e echo, bridge string) (echo, bool) {
	if value, err := n.Sysctl("net/bridge/bridge-nf-call-iptables"); err != nil || value != "1" {
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
		w.giveUp(n, e, StageFilter, bridge, say("a rule of %s sends the frame elsewhere, which is not followed", bridge))
		return e, false
	}
	return e, true
}
