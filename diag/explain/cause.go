package explain

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// noRoute notes why a lookup has no way for the packet. At the origin of a
// request it returns the route that the fix would add, so that the walk can go
// on behind it; otherwise a route that leads nowhere.
func (w *walk) noRoute(n *Node, e echo, route RouteAnswer) RouteAnswer {
	f := Fault{Netns: n.Name, Evidence: route.Evidence, Detail: say("no route to %s", e.dst)}
	next := RouteAnswer{}
	switch route.Kind {
	case KindBlackhole:
		f.Code, f.Detail = RouteBlackhole, say("a blackhole route swallows what goes to %s", e.dst)
		f.fix = w.deleteRoute(n, "blackhole", route)
	case KindUnreachable:
		f.Code, f.Detail = RouteUnreachable, say("an unreachable route refuses what goes to %s", e.dst)
		f.fix = w.deleteRoute(n, "unreachable", route)
	case KindProhibit:
		f.Code, f.Detail = RouteProhibit, say("a prohibit route forbids what goes to %s", e.dst)
		f.fix = w.deleteRoute(n, "prohibit", route)
	case KindNone, KindThrow:
		f, next = w.unrouted(n, e, f)
	default:
		why := string(route.Kind)
		if route.Err != nil {
			why = route.Err.Error()
		}
		w.giveUp(n, e, StageRoute, route.DevName, say("the kernel answers %s", why))
		return next
	}
	w.fault(n, e, StageRoute, route.DevName, f)
	if node, exit, ok := w.exit(); ok && f.Code == NotMasqueraded && w.rewrote == nil {
		if own, err := (rulesEnv{node}).MasqueradeAddr(exit.DevName, e.src); err == nil && own.IsValid() {
			w.rewrote = &rewrite{node, e.dst, own}
			w.originate(n, echo{leg: LegReply, src: e.src, dst: own, ttl: maxHops})
		}
	}
	return next
}

// deleteRoute is the command that takes the offending route away, as far as
// its line tells the destination.
func (w *walk) deleteRoute(n *Node, kind string, route RouteAnswer) []Fix {
	rest, ok := strings.CutPrefix(route.Line, kind+" ")
	if !ok {
		return nil
	}
	dst, rest, _ := strings.Cut(rest, " ")
	command := "ip route del " + kind + " " + dst
	if _, table, ok := strings.Cut(rest, "table "); ok {
		table, _, _ = strings.Cut(table, " ")
		command += " table " + table
	}
	return []Fix{{n.Name, command}}
}

// unrouted tells apart what it can mean that there is no route.
func (w *walk) unrouted(n *Node, e echo, f Fault) (Fault, RouteAnswer) {
	if e.leg == LegReply {
		return w.noWayBack(n, e, f), RouteAnswer{}
	}
	if e.dst.IsLoopback() {
		f.Code, f.Detail = LoopbackDown, say("127.0.0.0/8 lives on lo, which is down")
		f.fix = []Fix{{n.Name, "ip link set lo up"}}
		return f, RouteAnswer{}
	}
	f.Code = NoRoute
	if n != w.from {
		return f, RouteAnswer{}
	}
	devices, err := n.Devices()
	if err != nil {
		return f, RouteAnswer{}
	}
	for _, d := range devices {
		if len(d.Addrs) > 0 {
			return w.throughDevice(n, e, f, d)
		}
	}
	f.Code, f.Detail = NoAddress, say("no device but lo has an address")
	return f, RouteAnswer{}
}

// throughDevice: the device with an address could be the way, were it up, or
// were there a default route by it.
func (w *walk) throughDevice(n *Node, e echo, f Fault, d Device) (Fault, RouteAnswer) {
	own, gateway := d.Addrs[0].Prefix, w.gateway(n, d)
	byDefault := Fix{n.Name, fmt.Sprintf("ip route add default via %s dev %s", gateway, d.Link.Name)}
	if !d.Link.Up() {
		f.Code, f.Detail = LinkDown, say("%s is down, and its routes with it", d.Link.Name)
		f.Evidence = append(f.Evidence, d.Link.Line())
		f.fix = []Fix{{n.Name, "ip link set " + d.Link.Name + " up"}}
		if !own.Contains(e.dst) {
			f.fix = append(f.fix, byDefault)
		}
		return f, RouteAnswer{}
	}
	f.fix = []Fix{byDefault}
	return f, RouteAnswer{Kind: KindUnicast, Via: gateway, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}
}

// gateway is whom a default route on the device should name: the other end's
// address, if it has one in the device's prefix, or the prefix's first.
func (w *walk) gateway(n *Node, d Device) netip.Addr {
	own := d.Addrs[0].Prefix
	if peer, err := w.world.Peer(n, d.Link.PeerNetnsID); err == nil {
		if addrs, err := peer.Addrs(d.Link.PeerIndex); err == nil {
			for _, a := range addrs {
				if own.Contains(a.Prefix.Addr()) && a.Prefix.Addr() != own.Addr() {
					return a.Prefix.Addr()
				}
			}
		}
	}
	return firstHost(own)
}

// noWayBack: the answering side has no route to the source. When the request
// left its node by a default route, the outside cannot be expected to have one:
// the source should have been rewritten there.
func (w *walk) noWayBack(n *Node, e echo, f Fault) Fault {
	if node, route, ok := w.exit(); ok && node != n {
		return Fault{
			Code: NotMasqueraded, Netns: node.Name,
			Detail:   say("the request left %s with the source %s, which nobody outside can route back", route.DevName, e.dst),
			Evidence: append([]string{route.Line}, f.Evidence...),
			fix:      []Fix{{node.Name, fmt.Sprintf("iptables -t nat -A POSTROUTING -s %s -o %s -j MASQUERADE", e.dst, route.DevName)}},
		}
	}
	f.Code, f.Detail = NoReturnRoute, say("the reply has no route to %s", e.dst)
	f.fix = w.wayBack(n, e)
	return f
}

// exit is the first namespace that forwarded the request by its default route.
func (w *walk) exit() (*Node, RouteAnswer, bool) {
	for _, p := range w.passed {
		if strings.HasPrefix(p.route.Line, "default ") {
			return p.node, p.route, true
		}
	}
	return nil, RouteAnswer{}, false
}

// parting is where a reply leaves the way that its request came.
type parting struct {
	node  *Node
	route RouteAnswer
	dst   netip.Addr
}

// mind remembers where the reply first takes another device than the one its
// request came in by. That is no fault: but if the reply is lost behind it, the
// route taken there is the reason.
func (w *walk) mind(n *Node, e echo, route RouteAnswer) {
	if e.leg != LegReply || w.parted != nil {
		return
	}
	if in := w.cameIn(n); in != "" && in != route.DevName {
		w.parted = &parting{n, route, e.dst}
	}
}

// cameIn is the device that the request came in by, or empty.
func (w *walk) cameIn(n *Node) string {
	for _, h := range slices.Backward(w.hops) {
		if h.Leg == LegRequest && h.Stage == StageReceive && h.seenAs.netns == n {
			return h.Device
		}
	}
	return ""
}

// astray is the fault of a reply that is lost where its request never was.
func (w *walk) astray() Fault {
	p := w.parted
	return Fault{
		Code: NoReturnRoute, Netns: p.node.Name,
		Detail:   say("the reply to %s leaves by %s, which leads away from it", p.dst, p.route.DevName),
		Evidence: []string{p.route.Line}, fix: w.wayBack(p.node, echo{dst: p.dst}),
	}
}

// wayBack is a route to the reply's destination through the device that the
// request came in by.
func (w *walk) wayBack(n *Node, e echo) []Fix {
	if in := w.cameIn(n); in != "" {
		return []Fix{{n.Name, fmt.Sprintf("ip route add %s dev %s", e.dst, in)}}
	}
	return nil
}

// filtered names the rule, and the narrowest exception from it.
func (w *walk) filtered(n *Node, e echo, hook string, r FilterResult) Fault {
	f := Fault{
		Code: Filtered, Netns: n.Name,
		Detail:   say("%s: %s (hook %s) stops %s", r.At, r.Rule, hook, e),
		Evidence: []string{r.At + ": " + r.Rule},
	}
	if at, ok := strings.CutPrefix(r.At, "-t "); ok {
		table, chain, _ := strings.Cut(at, " ")
		f.fix = []Fix{{n.Name, exception("iptables-legacy -t "+table+" -I "+chain, e)}}
		return f
	}
	f.fix = []Fix{{n.Name, nftException(r.At, e)}}
	return f
}

// exception is an iptables rule that lets just this ping pass.
func exception(insert string, e echo) string {
	return fmt.Sprintf("%s -s %s -d %s -p icmp --icmp-type %s -j ACCEPT", insert, e.src, e.dst, e.icmpType())
}

// nftException is the same for a chain of nf_tables.
func nftException(at string, e echo) string {
	return fmt.Sprintf("nft insert rule %s ip saddr %s ip daddr %s icmp type %s accept", at, e.src, e.dst, e.icmpType())
}
