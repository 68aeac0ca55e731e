package explain

import (
	"net/netip"

	"nstutor/diag"
)

// originate sends an echo, or the reply to one, from the namespace it is made
// in.
func (w *walk) originate(n *Node, e echo) {
	route := w.route(n, RouteQuery{Dst: e.dst, Src: e.src, Mark: e.mark, Proto: protoICMP})
	if !e.src.IsValid() {
		e.src = route.Src
	}
	if e.leg == LegRequest {
		w.source = e.src
	}
	switch route.Kind {
	case KindLocal:
		w.hop(n, e, StageRoute, "lo", quote(route.Line))
		w.loopback(n, e)
		return
	case KindUnicast:
		w.mind(n, e, route)
		w.hop(n, e, StageRoute, route.DevName, quote(route.Line))
	default:
		if route = w.noRoute(n, e, route); route.Kind != KindUnicast {
			return
		}
		if !e.src.IsValid() {
			e.src = route.Src
			w.source = e.src
		}
	}
	e, ok := w.filter(n, w.enters(n, e), "output", "", route.DevName)
	if !ok {
		return
	}
	if e.leg == LegRequest && e.dst != w.dest {
		// A rule of OUTPUT has changed the destination: it is routed again.
		if route = n.Route(RouteQuery{Dst: e.dst, Src: e.src, Mark: e.mark, Proto: protoICMP}); route.Kind != KindUnicast {
			w.giveUp(n, e, StageRoute, route.DevName, quote(route.Line))
			return
		}
	}
	w.leave(n, e, "", route)
}

// loopback delivers a packet to the namespace that sent it.
func (w *walk) loopback(n *Node, e echo) {
	lo, err := n.Link("lo")
	if err != nil {
		w.giveUp(n, e, StageSend, "lo", quote(err.Error()))
		return
	}
	if !lo.Up() {
		w.fault(n, e, StageSend, "lo", Fault{
			Code: LoopbackDown, Netns: n.Name, Detail: say("a packet to an own address passes lo, which is down"),
			Evidence: []string{lo.Line()}, fix: []Fix{{n.Name, "ip link set lo up"}},
		})
	}
	e, ok := w.filter(n, w.enters(n, e), "output", "", "lo")
	if !ok {
		return
	}
	w.deliver(n, e, "lo")
}

// leave takes a packet from the routing decision to the wire.
func (w *walk) leave(n *Node, e echo, iif string, route RouteAnswer) {
	e, ok := w.filter(n, e, "postrouting", iif, route.DevName)
	if !ok {
		return
	}
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		w.giveUp(n, e, StageSend, route.DevName, quote(err.Error()))
		return
	}
	if !link.Up() {
		w.fault(n, e, StageSend, link.Name, Fault{
			Code: LinkDown, Netns: n.Name, Detail: say("%s is down", link.Name),
			Evidence: []string{link.Line()}, fix: []Fix{{n.Name, "ip link set " + link.Name + " up"}},
		})
	}
	peer, far, ok := w.across(n, e, link)
	if !ok {
		return
	}
	nexthop := e.dst
	if route.Via.IsValid() {
		nexthop = route.Via
	}
	if !w.resolve(n, e, link, nexthop, peer, far) {
		return
	}
	w.wired(n, e, StageSend, link.Name, say("%s out of %s", e, link.Name))
	w.receive(peer, e, far)
}

// across finds the other end of the wire. The wires it knows are veth pairs
// whose ends are not ports of a bridge.
func (w *walk) across(n *Node, e echo, link diag.Link) (*Node, diag.Link, bool) {
	if link.Kind != "veth" || link.Master != "" {
		w.giveUp(n, e, StageSend, link.Name, say("%s is a device whose other end is not followed", link.Name))
		return nil, diag.Link{}, false
	}
	peer := n
	if link.PeerNetnsID != -1 {
		var err error
		if peer, err = w.world.Peer(n, link.PeerNetnsID); err != nil {
			w.giveUp(n, e, StageSend, link.Name, say("the other end of %s: %v", link.Name, err))
			return nil, diag.Link{}, false
		}
	}
	far, err := peer.LinkByIndex(link.PeerIndex)
	if err != nil {
		w.giveUp(n, e, StageSend, link.Name, quote(err.Error()))
		return nil, diag.Link{}, false
	}
	if !far.Up() {
		w.fault(n, e, StageSend, link.Name, Fault{
			Code: NoCarrier, Netns: peer.Name,
			Detail:   say("%s has no carrier: the other end, %s, is down", link.Name, far.Name),
			Evidence: []string{link.Line(), far.Line()}, fix: []Fix{{peer.Name, "ip link set " + far.Name + " up"}},
		})
	}
	if far.Master != "" {
		w.giveUp(peer, e, StageReceive, far.Name, say("%s is a port of %s, which is not followed", far.Name, far.Master))
		return nil, diag.Link{}, false
	}
	return peer, far, true
}

// firstHost is the lowest address of a prefix that a host can have.
func firstHost(p netip.Prefix) netip.Addr { return p.Masked().Addr().Next() }
