package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// originate sends an echo, or the reply to one, from the namespace it is made
// in.
func (w *walk) originate(n *machine.Space, e echo) {
	e.origin, e.ttl = n, machine.DefaultTTL(n)
	route := w.route(n, e.query())
	if !e.src.IsValid() && route.Kind == machine.KindUnicast {
		// The kernel asks again with the source that it has found (ip_route_connect()).
		e.src = route.Src
		route = w.route(n, e.query())
	} else if !e.src.IsValid() {
		e.src = route.Src
	}
	if e.leg == LegRequest && e.outer == nil {
		w.source = e.src
	}
	switch route.Kind {
	case machine.KindLocal:
		w.hop(n, e, StageRoute, "lo", quote(route.Line))
		w.loopback(n, e)
		return
	case machine.KindUnicast:
		w.mind(n, e, route)
		w.hop(n, e, StageRoute, route.DevName, quote(route.Line))
	default:
		if route = w.noRoute(n, e, route); route.Kind != machine.KindUnicast {
			return
		}
		if !e.src.IsValid() {
			e.src = route.Src
		}
		if e.leg == LegRequest && e.outer == nil {
			w.source = e.src
		}
	}
	w.claimed(n, e, route.DevName)
	asked := e.dst
	e, ok := w.filter(n, w.enters(n, e), "output", "", route.DevName)
	if !ok {
		return
	}
	if e.leg == LegRequest && e.dst != asked {
		// A rule of OUTPUT has changed the destination: it is routed again.
		route = n.Route(e.query())
		w.hop(n, e, StageRoute, route.DevName, quote(route.Get))
		if route.Kind == machine.KindLocal {
			w.deliver(n, e, "lo")
			return
		}
		if route.Kind != machine.KindUnicast {
			w.noRoute(n, e, route)
			return
		}
	}
	if e.leg == LegRequest && e.outer == nil {
		w.began = []passage{{n, route, "", e}}
	}
	w.leave(n, e, "", route)
}

// loopback delivers a packet to the namespace that sent it.
func (w *walk) loopback(n *machine.Space, e echo) {
	lo, err := n.Link("lo")
	if err != nil {
		w.giveUp(n, e, StageSend, "lo", quote(err))
		return
	}
	if !lo.Up() {
		w.fault(n, e, StageSend, "lo", cause.LoopbackPassed{At: at(n), Lo: lo})
	}
	e = w.enters(n, e)
	w.linkFilter(n, e, eval.OnDevice("egress", "lo"))
	w.linkFilter(n, e, eval.OnDevice("ingress", "lo"))
	for _, hook := range []struct{ name, iif, oif string }{{"output", "", "lo"}, {"postrouting", "", "lo"}, {"prerouting", "lo", ""}} {
		var ok bool
		if e, ok = w.filter(n, e, hook.name, hook.iif, hook.oif); !ok {
			return
		}
	}
	w.deliver(n, e, "lo")
}

// leave takes a packet from the routing decision to the wire.
func (w *walk) leave(n *machine.Space, e echo, iif string, route machine.RouteAnswer) {
	e, ok := w.filter(n, e, "postrouting", iif, route.DevName)
	if !ok {
		return
	}
	link, err := n.LinkByIndex(route.Dev)
	if err != nil {
		w.giveUp(n, e, StageSend, route.DevName, quote(err))
		return
	}
	w.remembers(n, e, link, route)
	if !link.Up() && !w.toldDown(n.Name, link.Name) {
		w.fault(n, e, StageSend, link.Name, fabric.Down(n, link))
	}
	e = w.fits(n, e, link, route)
	nexthop := e.dst
	if route.Via.IsValid() {
		nexthop = route.Via
	}
	if s, ok := w.nextStation(n, e, link, nexthop); ok {
		w.travel(n, e, link, s)
	}
}

// travel takes a frame along its way to a station.
func (w *walk) travel(n *machine.Space, e echo, link table.Link, s fabric.Station) {
	w.hear(link.MAC, s, false)
	if len(s.Crossings) == 0 {
		w.wired(n, e, StageSend, link.Name)
	}
	for i, c := range s.Crossings {
		w.meet(n, e, s, i)
		var ok bool
		if e, ok = w.cross(e, c); !ok {
			if w.tunnelled != nil {
				w.throughTunnel(n, e, link, c)
			}
			return
		}
	}
	w.meet(n, e, s, len(s.Crossings))
	if s.Edge != nil {
		w.depart(n, e, link, s.Edge)
	}
	if s.Node == nil {
		return
	}
	w.taken(s.Node, e, s.Dev)
	if s.Deaf != nil {
		// A bridge does not hand up what is for nobody it knows.
		if s.Dev.Bridge == nil {
			w.wired(s.Node, e, StageReceive, s.Dev.Name)
		}
		w.fault(s.Node, e, StageReceive, s.Dev.Name, s.Deaf)
		if s.Then != nil {
			s.Then()
		}
		w.input(s.Node, e, s.Dev)
		return
	}
	w.receive(s.Node, e, s.Dev)
}

// meet notes the obstacles before one crossing of a frame that was sent.
func (w *walk) meet(n *machine.Space, e echo, s fabric.Station, at int) {
	for _, o := range s.Obstacles {
		if s.Sent && o.At == at && o.Node != nil {
			w.fault(o.Node, e, StageSend, o.Dev, o.Met(n))
		}
	}
}

// cross takes a frame past one device.
func (w *walk) cross(e echo, c fabric.Crossing) (echo, bool) {
	if c.Bridged != "" {
		w.linkFilter(c.Node, e, eval.LinkHook{Family: "bridge", Hook: "forward", IIF: c.From, OIF: c.Dev.Name})
		var ok bool
		if e, ok = w.bridgeFilter(c.Node, e, c.Bridged); !ok {
			return e, false
		}
	}
	if c.Out && c.Dev.Port != nil {
		if c.Bridged == "" {
			w.linkFilter(c.Node, e, eval.LinkHook{Family: "bridge", Hook: "output", OIF: c.Dev.Name})
		}
		w.linkFilter(c.Node, e, eval.LinkHook{Family: "bridge", Hook: "postrouting", OIF: c.Dev.Name})
	}
	if c.Out {
		w.linkFilter(c.Node, e, eval.OnDevice("egress", c.Dev.Name))
	}
	if !c.Out || c.Bridged != "" {
		w.taken(c.Node, e, c.Dev)
	}
	switch {
	case !c.Out:
		w.wired(c.Node, e, StageReceive, c.Dev.Name)
		w.linkFilter(c.Node, e, eval.OnDevice("ingress", c.Dev.Name))
		w.linkFilter(c.Node, e, eval.LinkHook{Family: "bridge", Hook: "prerouting", IIF: c.Dev.Name})
		return e, true
	case c.Remote.IsValid():
		w.wiredAs(c.Node, e, StageSend, c.Dev.Name, say.T("%s out of %s, in a packet to %s", "%s 从 %s 发出，封装在发往 %s 的包里", e, c.Dev.Name, c.Remote))
		w.carry(c.Node, c.Dev, envelope(c.Dev, e, c.Remote))
		return e, w.landed != nil
	}
	w.wired(c.Node, e, StageSend, c.Dev.Name)
	return e, true
}
