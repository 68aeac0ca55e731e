package explain

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// noRoute notes why a lookup has no way for the packet. It returns the route
// that the fix would add, so that the walk can go on behind it, or one that
// leads nowhere.
func (w *walk) noRoute(n *machine.Space, e echo, route machine.RouteAnswer) machine.RouteAnswer {
	f := Fault{Netns: n.Name, Evidence: route.Evidence, Detail: say("no route to %s", e.dst)}
	next := machine.RouteAnswer{}
	switch route.Kind {
	case machine.KindBlackhole:
		f.Code, f.Detail = cause.RouteBlackhole, say("a blackhole route swallows what goes to %s", e.dst)
		f.fix, next = w.exempt(n, e, route)
	case machine.KindUnreachable:
		f.Code, f.Detail = cause.RouteUnreachable, say("an unreachable route refuses what goes to %s", e.dst)
		f.fix, next = w.exempt(n, e, route)
	case machine.KindProhibit:
		f.Code, f.Detail = cause.RouteProhibit, say("a prohibit route forbids what goes to %s", e.dst)
		f.fix, next = w.exempt(n, e, route)
	case machine.KindThrow:
		f.Code = cause.NoRoute
		if e.leg == LegReply {
			f.Code = cause.NoReturnRoute
		}
		f.Detail = say("a throw route ends the search for %s in its table, and no other has a route", e.dst)
		f.fix, next = w.exempt(n, e, route)
	case machine.KindNone:
		f.Evidence = append(f.Evidence, fmt.Sprintf("ip route get %s: %v", e.dst, errnoOf(route.Err)))
		f, next = w.unrouted(n, e, f)
	default:
		if e.outer != nil && n == e.origin && n.Route(machine.RouteQuery{Dst: e.src}).Kind != machine.KindLocal {
			f = w.sourceless(n, e)
			break
		}
		why := string(route.Kind)
		if route.Err != nil {
			why = route.Err.Error()
		}
		w.giveUp(n, e, StageRoute, route.DevName, say("the kernel answers %s", why))
		return next
	}
	w.fault(n, e, StageRoute, route.DevName, f)
	if f.Code == cause.NotMasqueraded && w.masquerade(n, e) {
		return machine.RouteAnswer{}
	}
	return next
}

// masquerade goes on as though the request had left its node with the node's own
// address: with the reply to that.
func (w *walk) masquerade(n *machine.Space, e echo) bool {
	node, exit, ok := w.exit()
	if !ok || w.rewrote != nil {
		return false
	}
	own, err := node.Env().MasqueradeAddr(exit.DevName, e.src)
	if err != nil || !own.IsValid() {
		return false
	}
	w.rewrote = &rewrite{node, e.dst, own}
	reply := e
	reply.dst, reply.ttl, reply.mark = own, maxHops, 0
	w.originate(n, reply)
	return true
}

// unrouted tells apart what it can mean that there is no route.
func (w *walk) unrouted(n *machine.Space, e echo, f Fault) (Fault, machine.RouteAnswer) {
	if e.dst.IsLoopback() {
		f.Code, f.Detail = cause.LoopbackDown, say("127.0.0.0/8 lives on lo, which is down")
		f.fix = []change.Command{change.LinkSet(n.Name, "lo", "up")}
		return f, machine.RouteAnswer{}
	}
	if f, next, ok := w.tooNarrow(n, e.dst); ok {
		return f, next
	}
	if e.leg == LegReply && e.outer == nil {
		return w.noWayBack(n, e, f)
	}
	f.Code = cause.NoRoute
	if way, ok := w.wayTo(n, e.dst, 0); ok && (n != e.origin || e.outer != nil) {
		f.fix = []change.Command{way.command(n.Name, "add", e.dst)}
		return f, way.route(e.src)
	}
	if n != e.origin {
		return f, machine.RouteAnswer{}
	}
	return w.unroutedOrigin(n, e, f)
}

// route is the way as an answer of the kernel, once it is there.
func (o wayOut) route(src netip.Addr) machine.RouteAnswer {
	return machine.RouteAnswer{Kind: machine.KindUnicast, Via: o.via, Dev: o.dev.Index, DevName: o.dev.Name, Src: src, MTU: o.dev.MTU}
}

// unroutedOrigin: the sender itself has no route. It lacks an address, or its
// device is down, or there is no default route.
func (w *walk) unroutedOrigin(n *machine.Space, e echo, f Fault) (Fault, machine.RouteAnswer) {
	devices, err := n.Devices()
	if err != nil {
		return f, machine.RouteAnswer{}
	}
	var first *machine.Device
	for i, d := range devices {
		if len(d.Addrs) == 0 {
			continue
		}
		if first == nil {
			first = &devices[i]
		}
		if _, knows := w.gateway(n, d, e.dst); knows {
			return w.throughDevice(n, e, f, d)
		}
	}
	if first != nil {
		return w.throughDevice(n, e, f, *first)
	}
	f.Code, f.Detail = cause.NoAddress, say("no device but lo has an address")
	if len(devices) == 1 {
		f.fix = w.address(n, devices)
	}
	return f, machine.RouteAnswer{}
}

// address is a free address for a device that has none, where its wire tells
// which network it is in.
func (w *walk) address(n *machine.Space, devices []machine.Device) []change.Command {
	for _, d := range devices {
		for _, s := range w.explore(n, d.Link, LegRequest, nil).stations {
			if s.node == nil || s.node == n {
				continue
			}
			if own, ok := w.freeAddress(s); ok {
				fix := []change.Command{change.In(n.Name, "ip", "addr", "add", own.String(), "dev", d.Link.Name)}
				if !d.Link.Up() {
					fix = append(fix, change.LinkSet(n.Name, d.Link.Name, "up"))
				}
				return fix
			}
		}
	}
	return nil
}

// freeAddress is an address next to that of a station which nobody has.
func (w *walk) freeAddress(s station) (netip.Prefix, bool) {
	addrs, err := s.node.Addrs(s.dev.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		if a.Family() != 4 || a.Prefix.Bits() > 30 {
			continue
		}
		for own := a.Prefix.Addr().Next(); a.Prefix.Contains(own.Next()); own = own.Next() {
			if len(w.owners(own)) == 0 {
				return netip.PrefixFrom(own, a.Prefix.Bits()), true
			}
		}
	}
	return netip.Prefix{}, false
}

// throughDevice: the device with an address could be the way, were it up, or
// were there a default route by it.
func (w *walk) throughDevice(n *machine.Space, e echo, f Fault, d machine.Device) (Fault, machine.RouteAnswer) {
	own := d.Addrs[0].Prefix
	gateway, _ := w.gateway(n, d, e.dst)
	byDefault := change.In(n.Name, "ip", "route", "add", "default", "via", gateway.String(), "dev", d.Link.Name)
	if !d.Link.Up() {
		f.Code, f.Detail = cause.LinkDown, say("%s is down, and its routes with it", d.Link.Name)
		f.down = d.Link.Name
		f.Evidence = append(f.Evidence, d.Link.Line())
		f.fix = []change.Command{change.LinkSet(n.Name, d.Link.Name, "up")}
		if own.Contains(e.dst) {
			return f, machine.RouteAnswer{Kind: machine.KindUnicast, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}
		}
	}
	if !own.Contains(gateway) {
		byDefault.Argv = append(byDefault.Argv, "onlink")
	}
	f.fix = append(f.fix, byDefault)
	return f, machine.RouteAnswer{Kind: machine.KindUnicast, Via: gateway, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}
}

// sourceless is the fault of a tunnel whose own end is no address of its
// namespace: then the kernel has no route for its packets.
func (w *walk) sourceless(n *machine.Space, e echo) Fault {
	f := Fault{
		Code: cause.NoAddress, Netns: n.Name,
		Detail:   say("the tunnel sends from %s, which is no address of %s", e.src, title(n)),
		Evidence: []string{fmt.Sprintf("ip route get %s from %s: %v", e.dst, e.src, errnoOf(n.Route(machine.RouteQuery{Dst: e.dst, Src: e.src}).Err))},
	}
	if link, err := n.LinkByIndex(e.outer.Underlay); err == nil {
		bits := e.src.BitLen()
		for _, s := range w.explore(n, link, e.leg, nil).stations {
			if s.node == nil || s.node == n {
				continue
			}
			if far, ok := prefixOver(s.node, s.dev, e.src); ok {
				bits = far.Bits()
			}
		}
		f.fix = []change.Command{change.In(n.Name, "ip", "addr", "add", netip.PrefixFrom(e.src, bits).String(), "dev", link.Name)}
	}
	return f
}

// errnoOf is the kernel's own word in an error.
func errnoOf(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// gateway is whom a default route on the device should name: an address in the
// device's prefix of somebody on its wire who knows the way, else of anybody
// there, else the prefix's first, which proxy ARP may stand for.
func (w *walk) gateway(n *machine.Space, d machine.Device, dst netip.Addr) (_ netip.Addr, knows bool) {
	own := d.Addrs[0].Prefix
	anybody := pinnedNeighbour(n, d.Link.Name)
	for _, s := range w.explore(n, d.Link, LegRequest, nil).stations {
		if s.node == nil || s.node == n {
			continue
		}
		addrs, err := s.node.Addrs(s.dev.Index)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			near := own.Contains(a.Prefix.Addr()) || a.Prefix.Contains(own.Addr()) || own.IsSingleIP()
			if a.Family() != 4 || a.Prefix.Addr() == own.Addr() || !near {
				continue
			}
			route := s.node.Route(machine.RouteQuery{Dst: dst})
			forwards := s.node.Conf(s.dev.Name, "forwarding") == 1
			if !anybody.IsValid() && (forwards || route.Kind == machine.KindUnicast && route.Dev != s.dev.Index) {
				anybody = a.Prefix.Addr()
			}
			if route.Kind == machine.KindLocal || forwards && route.Kind == machine.KindUnicast && route.Dev != s.dev.Index {
				return a.Prefix.Addr(), true
			}
		}
	}
	switch {
	case anybody.IsValid():
		return anybody, false
	case own.Bits() > 30: // nobody else fits in there
		return linkLocalGateway, false
	}
	return firstHost(own), false
}

// pinnedNeighbour is the address of a permanent entry on a device: somebody meant
// it to be a next hop.
func pinnedNeighbour(n *machine.Space, dev string) netip.Addr {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Neighbours})
	if err != nil {
		return netip.Addr{}
	}
	for _, entry := range snap.Neighbours {
		if entry.Dev == dev && entry.State == "PERMANENT" && entry.Dst.Is4() {
			return entry.Dst
		}
	}
	return netip.Addr{}
}

// linkLocalGateway is the next hop that nobody needs to have, as pod networks
// use it: with onlink, and proxy ARP or the address at the other end.
var linkLocalGateway = netip.MustParseAddr("169.254.1.1")
