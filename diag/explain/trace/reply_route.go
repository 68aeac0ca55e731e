package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/translated"
)

// noWayBack: the answering side has no route to the source. When the request
// left its node by a default route, the outside cannot be expected to have one:
// the source should have been rewritten there. It has none where another source should
// have been taken, which is noted already.
func (w *walk) noWayBack(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer) {
	if node, route, ok := w.exit(); ok && node != n && translated.WouldHelp(node, route, n, p.dst, p.src) {
		return cause.Unmasqueraded{At: at(node), Src: p.dst, Net: w.leftFrom(node, p.dst), Out: route.DevName, Line: route.Line, Lookup: l, Exempt: w.exemptAt(node)}, machine.RouteAnswer{}
	}
	answers := func(a netip.Addr) bool { return n.Route(machine.RouteQuery{Dst: a}).Kind == machine.KindUnicast }
	if f, by, better := w.chosen(p.dst, p.src, l, answers); f != nil {
		w.fault(n, p, hop.StageRoute, "", f)
		w.sentFrom(better, by, n, p)
		return nil, machine.RouteAnswer{}
	}
	way, ok := w.backwards(n, p.dst)
	if !ok {
		return cause.NoWayBack{At: at(n), Lookup: l}, machine.RouteAnswer{}
	}
	return cause.NoWayBack{At: at(n), Lookup: l, Way: way.To(n, p.dst)}, way.Route(p.src)
}

// leftFrom is the network of the request's source, if all of it leaves a namespace as
// the request did.
func (w *walk) leftFrom(node *machine.Space, src netip.Addr) netip.Prefix {
	for _, p := range w.passed {
		if p.node == node && p.packet.src == src {
			return node.Leaving(w.from, p.packet.filtered, src, p.route.DevName)
		}
	}
	return netip.Prefix{}
}

// exit is the first namespace that forwarded the request by its default route, and how it
// did so last.
func (w *walk) exit() (node *machine.Space, route machine.RouteAnswer, ok bool) {
	for _, p := range w.passed {
		if byDefault := p.route.Entry.Type != "" && p.route.Entry.Default(); byDefault && (!ok || p.node == node) {
			node, route, ok = p.node, p.route, true
		}
	}
	return node, route, ok
}

// parting is where a reply leaves the way that its request came.
type parting struct {
	node  *machine.Space
	route machine.RouteAnswer
	dst   netip.Addr
	reply packet
}

// backOnTrack forgets where the reply took another way, once it is again in a
// namespace that the request passed before it came there.
func (w *walk) backOnTrack(n *machine.Space) {
	if w.parted == nil || n == w.parted.node {
		return
	}
	for _, p := range w.passed {
		if p.node == w.parted.node {
			return
		}
		if p.node == n {
			w.parted = nil
			return
		}
	}
}

// mind remembers where the reply first takes another device than the one its
// request came in by. That is no fault: but if the reply is lost behind it, the
// route taken there is the reason.
func (w *walk) mind(n *machine.Space, p packet, route machine.RouteAnswer) {
	if !p.isReply() || w.parted != nil {
		return
	}
	if in := w.cameIn(n); in != "" && in != route.DevName {
		w.parted = &parting{n, route, p.dst, p}
	}
}

// cameIn is the device that the request came in by, or empty.
func (w *walk) cameIn(n *machine.Space) string {
	for _, h := range slices.Backward(w.hops) {
		if h.Leg == flows.LegRequest && h.Stage == hop.StageReceive && h.Space == n && !h.Carrying {
			return h.Device
		}
	}
	return ""
}

// nameless is the finding of a bridge without the address that its pods have for a gateway.
func (w *walk) nameless() cause.Finding {
	if len(w.began) == 0 {
		return nil
	}
	return absent.Nameless(w.parted.node, w.cameIn(w.parted.node), w.from, w.began[0].route.Via, w.parted.dst)
}

// astray is the fault of a reply that is lost where its request never was.
func (w *walk) astray() cause.Finding {
	p := w.parted
	if f, ok := absent.Narrower(p.node, p.dst, p.route); ok {
		return f
	}
	return cause.Astray{At: at(p.node), Dst: p.dst, Dev: p.route.DevName, Line: p.route.Line, Way: w.wayBack(p.node, p.dst, p.route)}
}

// unreturned is the finding of a reply that goes out of sight by another router than the
// one that handed its request over.
func (w *walk) unreturned(n *machine.Space, p packet) cause.Finding {
	way, ok := w.backwards(n, p.dst)
	now := w.mended.Route(n, p.query())
	if !ok || !way.Via.IsValid() || way.Via == now.Via {
		return nil
	}
	if i := len(w.turned) - 1; i >= 0 && w.turned[i].node != n {
		by := w.turned[i].node
		return service.Bypassed{At: at(by), Flow: p.flow(), Asked: w.asks, Client: p.dst, Past: now.Line, Exempt: w.exemptAt(by)}
	}
	return cause.Astray{At: at(n), Dst: p.dst, Dev: now.DevName, Line: now.Line, Way: way.Turn(n, p.dst, now)}
}

// turnBack has the reply go on from where it parted, once the device is up by which it
// should have gone.
func (w *walk) turnBack() {
	p := w.parted
	w.parted, w.strayed = nil, false
	w.leave(p.node, p.reply, "", w.mended.Route(p.node, p.reply.query()))
	w.strayed = true
}

// shadowed reports whether the reply left its request's way by a route without which
// it would not have.
func (w *walk) shadowed() bool {
	return w.wayBack(w.parted.node, w.parted.dst, w.parted.route).Stray.Type != ""
}

// wayBack is a route to the reply's destination by the way that the request
// came.
func (w *walk) wayBack(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) remedy.Turn {
	way, ok := w.backwards(n, dst)
	if !ok {
		return remedy.Turn{}
	}
	return way.Turn(n, dst, now)
}

// backwards is the device that the request came in by, and the router who sent
// it there, if that was not the one who asked.
func (w *walk) backwards(n *machine.Space, dst netip.Addr) (fabric.WayOut, bool) {
	for i, h := range slices.Backward(w.hops) {
		if h.Leg != flows.LegRequest || h.Stage != hop.StageReceive || h.Carrying || h.Space != n {
			continue
		}
		dev, err := n.Link(h.Device)
		if err != nil || dev.Port != nil {
			continue
		}
		way := fabric.WayOut{Dev: dev}
		if sender, out, ok := w.sender(i); ok && sender != w.from {
			way.Via = machine.AddressFor(sender, out, n, dev, dst)
			_, near := machine.PrefixOver(n, dev, way.Via)
			way.Onlink = !near
		} else if pinned := machine.LikelyHop(n, dev.Name, dst); pinned.IsValid() && pinned != dst {
			way.Via = pinned
			_, near := machine.PrefixOver(n, dev, pinned)
			way.Onlink = !near
		}
		return way, true
	}
	return fabric.WayOut{}, false
}

// sender is who sent the frame that hop i received, and by which device: the
// last one that chose a route.
func (w *walk) sender(i int) (*machine.Space, string, bool) {
	for j := i - 1; j >= 0; j-- {
		if h := w.hops[j]; h.Leg == flows.LegRequest && h.Stage == hop.StageRoute && h.Space != nil && !h.Carrying {
			return h.Space, h.Device, true
		}
	}
	return nil, "", false
}
