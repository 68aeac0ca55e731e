package trace

import (
	"cmp"

	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// originate sends a request, or the reply to one, from the namespace it is made
// in.
func (w *walk) originate(n *machine.Space, p journey.Packet) {
	p.Origin = n
	route := w.Mended.Route(n, p.Query())
	p.TTL, p.BeganBy = machine.DefaultTTL(n, p.Dst, route.DevName)
	if hops := route.Entry.HopLimit(); hops > 0 { // ip_select_ttl(), ip6_dst_hoplimit()
		p.TTL, p.BeganOn = hops, route.Entry
	}
	if p.Encap != nil {
		p.TTL = cmp.Or(fabric.TunnelTTL(p.Encap.Dev), p.TTL)
	}
	if !p.Src.IsValid() {
		p.Src = route.Src
		// IPv4 asks again with the source that it has found (ip_route_connect()). IPv6 keeps
		// the first answer: policy rules about the source never see who left it to the kernel
		// (ip6_dst_lookup_tail()).
		if route.Kind == machine.KindUnicast && p.Dst.Is4() {
			route = w.Mended.Route(n, p.Query())
		}
	}
	if p.IsRequest() {
		w.Source = p.Src
	}
	switch {
	case route.Kind == machine.KindLocal:
		w.hop(n, p, hop.StageRoute, "lo", quote(route.Line))
		w.loopback(n, p)
		return
	case route.Kind == machine.KindUnicast && !p.LeavesLoopback(route):
		w.Mind(n, p, route)
		w.hop(n, p, hop.StageRoute, route.DevName, routed(route))
		if f, ok := w.Anonymous(n, p, route); ok {
			w.fault(n, p, hop.StageRoute, route.DevName, f)
			return
		}
	default:
		if route = w.noRoute(n, p, route); route.Kind != machine.KindUnicast {
			return
		}
		if !p.Src.IsValid() {
			p.Src = route.Src
		}
		if p.IsRequest() {
			w.Source = p.Src
		}
	}
	w.claimed(n, p, route.DevName)
	if p, ok := w.output(n, p, route.DevName); ok {
		w.setOut(n, p, route)
	}
}

// output takes a packet through OUTPUT. Where a rule changes a request's destination,
// or a mark that rules of routing ask for, it is routed again and goes on from here:
// the caller has nothing left to do.
func (w *walk) output(n *machine.Space, p journey.Packet, dev string) (journey.Packet, bool) {
	p, asked, mark := w.Enters(n, p), p.Dst, p.Mark
	if n == w.From && p.IsRequest() {
		p.Filtered.Socket = n.Asker()
	}
	p, ok := w.filter(n, p, "output", "", dev)
	if ok && w.balanced(n, p, dev) {
		return p, false
	}
	p = w.restored(n, p)
	redirected := p.Leg == flows.LegRequest && p.Dst != asked
	if !ok || !redirected && (p.Mark == mark || dev == "lo" || !n.Reroutes()) {
		return p, ok
	}
	route := n.Route(p.Query())
	if w.Parted != nil && w.Parted.Space == n {
		w.Parted = nil
	}
	w.Mind(n, p, route)
	if redirected || route.DevName != dev {
		w.hop(n, p, hop.StageRoute, route.DevName, quote(route.Get))
	}
	switch route.Kind {
	case machine.KindLocal:
		if redirected {
			w.deliver(n, p, "lo")
		} else {
			w.back(n, p)
		}
	case machine.KindUnicast:
		w.setOut(n, p, route)
	default:
		if route = w.noRoute(n, p, route); route.Kind == machine.KindUnicast {
			w.setOut(n, p, route)
		}
	}
	return p, false
}

// setOut sends a packet on its way from the namespace that made it.
func (w *walk) setOut(n *machine.Space, p journey.Packet, route machine.RouteAnswer) {
	if p.IsRequest() {
		w.Began = []journey.Passage{{Space: n, Route: route, Packet: p}}
	}
	w.leave(n, p, "", route)
}

// loopback delivers a packet to its own sender, unless a rule sends it elsewhere.
func (w *walk) loopback(n *machine.Space, p journey.Packet) {
	if p, ok := w.output(n, p, "lo"); ok {
		w.back(n, p)
	}
}

// back takes a packet that is routed to its own sender over lo, and to whom TPROXY hands it
// there.
func (w *walk) back(n *machine.Space, p journey.Packet) {
	lo, err := n.Link("lo")
	if err != nil {
		w.giveUp(n, p, hop.StageSend, "lo", quote(err))
		return
	}
	if !lo.Up() {
		w.fault(n, p, hop.StageSend, "lo", device.LoopbackPassed{At: at(n), Lo: lo})
	}
	p, ok := w.filter(n, p, "postrouting", "", "lo")
	if !ok {
		return
	}
	w.linkFilter(n, p, eval.OnDevice("egress", "lo"))
	w.linkFilter(n, p, eval.OnDevice("ingress", "lo"))
	if p, ok = w.filter(n, p, "prerouting", "lo", ""); !ok {
		return
	}
	if port, handed := p.Filtered.Handed(); handed && p.IsRequest() {
		w.handOver(n, p, "lo", port)
		return
	}
	w.deliver(n, p, "lo")
}

// leave takes a packet from the routing decision to the wire.
func (w *walk) leave(n *machine.Space, p journey.Packet, iif string, route machine.RouteAnswer) {
	p, ok := w.filter(n, p, "postrouting", iif, route.DevName)
	if !ok {
		return
	}
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		w.giveUp(n, p, hop.StageSend, route.DevName, quote(err))
		return
	}
	if f, ok := fabric.IntoLoopback(n, p.Dst, iif != "", link, route); ok {
		w.fault(n, p, hop.StageSend, link.Name, f)
		return
	}
	if p.IsRequest() && n == p.Origin && p.Src.IsLoopback() && link.Name != "lo" {
		w.fault(n, p, hop.StageSend, link.Name, translated.Loopback(n, w.Began[0].Packet.Filtered, p.Flow(), route))
		p.Src = w.Mended.Masquerade(n, link.Name, p.Src, p.Dst)
		p.Filtered.Src = p.Src
	}
	w.remembers(n, p, link, route)
	if !link.Up() && !w.ToldDown(n.Name, link.Name) {
		w.fault(n, p, hop.StageSend, link.Name, fabric.Down(n, link))
	}
	p = w.fits(n, p, link, route)
	nexthop := p.Dst
	if route.Via.IsValid() {
		nexthop = route.Via
	}
	if s, ok := w.nextStation(n, p, link, nexthop); ok {
		w.travel(n, p, link, s)
	}
}

// travel takes a frame along its way to a station.
func (w *walk) travel(n *machine.Space, p journey.Packet, link table.Link, s fabric.Station) {
	w.Lessons.Hear(link.MAC, s, false)
	p.From = journey.Sender(link)
	if len(s.Crossings) == 0 {
		w.wired(n, p, hop.StageSend, link.Name)
	}
	for i, c := range s.Crossings {
		w.meet(n, p, s, i)
		var ok bool
		if p, ok = w.cross(p, c); !ok {
			if w.tunnelled != nil {
				w.throughTunnel(n, p, link, c)
			}
			return
		}
	}
	w.meet(n, p, s, len(s.Crossings))
	if s.Edge != nil {
		w.depart(n, p, link, s.Edge)
	}
	if s.Space == nil {
		return
	}
	w.taken(s.Space, p, s.Dev)
	if s.Deaf != nil {
		// A bridge does not hand up what is for nobody it knows.
		if s.Dev.Bridge == nil {
			w.wired(s.Space, p, hop.StageReceive, s.Dev.Name)
		}
		w.fault(s.Space, p, hop.StageReceive, s.Dev.Name, s.Deaf)
		if s.Behind != nil {
			w.fault(n, p, hop.StageNeighbour, link.Name, s.Behind)
		}
		w.upFromBridge(s.Space, p, s.Dev)
		w.input(s.Space, p, s.Dev)
		return
	}
	w.receive(s.Space, p, s.Dev)
}

// meet notes the obstacles before one crossing of a frame that was sent.
func (w *walk) meet(n *machine.Space, p journey.Packet, s fabric.Station, at int) {
	for _, o := range s.Obstacles {
		if s.Sent && o.At == at && o.Space != nil {
			w.fault(o.Space, p, hop.StageSend, o.Dev, o.Met(n))
		}
	}
}

// cross takes a frame past one device.
func (w *walk) cross(p journey.Packet, c fabric.Crossing) (journey.Packet, bool) {
	if c.Bridged != "" {
		w.linkFilter(c.Space, p, eval.LinkHook{Family: "bridge", Hook: "forward", IIF: c.From, OIF: c.Dev.Name})
		var ok bool
		if p, ok = w.bridgeFilter(p, c); !ok {
			return p, false
		}
	}
	if c.Out && c.Dev.Port != nil {
		if c.Bridged == "" {
			w.linkFilter(c.Space, p, eval.LinkHook{Family: "bridge", Hook: "output", OIF: c.Dev.Name})
		}
		w.linkFilter(c.Space, p, eval.LinkHook{Family: "bridge", Hook: "postrouting", OIF: c.Dev.Name})
	}
	if c.Out {
		w.linkFilter(c.Space, p, eval.OnDevice("egress", c.Dev.Name))
	}
	if !c.Out || c.Bridged != "" {
		w.taken(c.Space, p, c.Dev)
	}
	switch {
	case !c.Out:
		w.wired(c.Space, p, hop.StageReceive, c.Dev.Name)
		w.linkFilter(c.Space, p, eval.OnDevice("ingress", c.Dev.Name))
		w.linkFilter(c.Space, p, eval.LinkHook{Family: "bridge", Hook: "prerouting", IIF: c.Dev.Name})
		return p, true
	case c.Remote.IsValid():
		w.wiredAs(c.Space, p, hop.StageSend, c.Dev.Name, wCarriedOut.Of(p, c.Dev.Name, c.Remote))
		w.carry(c.Space, c.Dev, enveloped(c, p))
		w.opensMarked(p, c)
		return p, w.landed != nil
	}
	w.wired(c.Space, p, hop.StageSend, c.Dev.Name)
	return p, true
}
