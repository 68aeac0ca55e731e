package explain

import (
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// refused notes why the input lookup turned the packet away.
func (w *walk) refused(n *machine.Space, e echo, dev table.Link, route machine.RouteAnswer) {
	if route.Kind == machine.KindMartian && n == e.origin && e.outer == nil && e.src != e.dst {
		w.circles(n, e, dev, route) // it is back where it came from
		w.strayed = true
		return
	}
	f := Fault{Netns: n.Name, Evidence: route.Evidence}
	if a := w.arping; route.Kind == machine.KindForwardingOff && e.outer == nil && a != nil && a.link.Index != 0 {
		if wrong, right, ok := a.misled(n); ok {
			w.fault(a.n, e, StageNeighbour, a.link.Name, wrong)
			w.retake(a, e, right)
			return
		}
	}
	switch route.Kind {
	case machine.KindForwardingOff:
		direct := w.arping == nil || w.arping.nexthop == e.dst
		if route.Dev == dev.Index && direct || route.Dev == 0 && (direct || len(w.owners(e.dst)) == 0) {
			f = w.notHere(n, e, dev)
			break
		}
		f.Code = cause.ForwardingOff
		f.Detail = say("%s is not an address of this namespace, and forwarding is off for %s", e.dst, dev.Name)
		f.fix = []change.Command{change.SysctlSet(n.Name, "1", "net", "ipv4", "conf", dev.Name, "forwarding")}
	case machine.KindRPFilter:
		f.Code = cause.RPFilter
		f.Detail = say("%s would not be reached through %s, so rp_filter drops what comes from it there", e.src, dev.Name)
		f.fix = w.reversible(n, e, dev)
	default:
		f.Code = cause.MartianSource
		f.Detail = say("%s cannot be the source of a packet that comes in through %s", e.src, dev.Name)
		f.fix = w.plausible(n, e, dev)
	}
	w.fault(n, e, StageRoute, dev.Name, f)
}

// spent is the fault of a packet that did not begin with enough hops to live.
func (w *walk) spent(n *machine.Space, e echo) Fault {
	return Fault{
		Code: cause.RouteLoop, Netns: e.origin.Name, sure: true,
		Detail:   say("the packet's TTL is spent in %s, although it goes in no circle: it began with too small a one", title(n)),
		Evidence: []string{fmt.Sprintf("net.ipv4.ip_default_ttl = %d", ttl(e.origin))},
		fix:      []change.Command{change.SysctlSet(e.origin.Name, strconv.Itoa(maxHops), "net", "ipv4", "ip_default_ttl")},
	}
}

// ttl is what the namespace's packets begin with.
func ttl(n *machine.Space) int {
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
func (w *walk) plausible(n *machine.Space, e echo, dev table.Link) []change.Command {
	if len(w.passed) > 0 && e.src == e.dst && e.leg == LegRequest {
		// What was sent to a service comes back to who asked: it needs another source.
		node := w.passed[len(w.passed)-1].node
		return change.Masquerade{Netns: node.Name, Src: e.src, Dst: e.dst}.Commands()
	}
	if e.src.IsLoopback() || e.dst.IsLoopback() {
		return []change.Command{change.SysctlSet(n.Name, "1", "net", "ipv4", "conf", dev.Name, "route_localnet")}
	}
	return withoutAddress(n, e.src)
}

// notHere: the packet is for nobody in this namespace, and there is nowhere
// that the namespace could pass it on to.
func (w *walk) notHere(n *machine.Space, e echo, dev table.Link) Fault {
	f := Fault{
		Code: cause.DestinationAbsent, Netns: n.Name, Evidence: []string{dev.AddressLine()},
		Detail: say("the frame comes to %s in %s, but %s is no address of that namespace", dev.Name, title(n), e.dst),
		fix:    []change.Command{change.In(n.Name, "ip", "addr", "add", e.dst.String()+"/32", "dev", dev.Name)},
	}
	if addrs, err := n.Addrs(dev.Index); err == nil && !hasIPv4(addrs) {
		f.Code = cause.NoAddress
		f.Detail = say("the frame comes to %s in %s, which has no address at all", dev.Name, title(n))
	}
	return f
}

// reversible lets the packet pass rp_filter. Where its source is reached by
// another device, the loose mode is enough, unless the device has no address:
// then it is as strict as the other (__fib_validate_source()). Otherwise a route
// to the source is missing.
func (w *walk) reversible(n *machine.Space, e echo, dev table.Link) []change.Command {
	addrs, err := n.Addrs(dev.Index)
	if err == nil && hasIPv4(addrs) && n.Route(machine.RouteQuery{Dst: e.src}).Kind == machine.KindUnicast && n.Conf(dev.Name, "rp_filter") != 2 {
		return []change.Command{change.SysctlSet(n.Name, "2", "net", "ipv4", "conf", dev.Name, "rp_filter")}
	}
	way := wayOut{dev: dev}
	if found, ok := w.wayTo(n, e.src, 0); ok {
		way = found
	}
	return []change.Command{way.command(n.Name, routeVerb(n, e.src), e.src)}
}

// impostor: the reply has come to a namespace that is not the one which asked,
// but has its address.
func (w *walk) impostor(n *machine.Space, e echo, dev string) {
	f := Fault{
		Code: cause.DuplicateAddress, Netns: n.Name, sure: true,
		Detail:   say("the reply comes to %s, which has the address %s, too", title(n), e.dst),
		Evidence: addressLines(n, e.dst), fix: withoutAddress(n, e.dst),
	}
	if p := w.parted; p != nil {
		f.Evidence = append(f.Evidence, p.route.Line)
		f.fix = w.wayBack(p.node, e)
	} else if a := w.arping; a != nil && a.byTable {
		f.Evidence = append(f.Evidence, a.entry.Line())
		f.fix = append(f.fix, change.In(a.n.Name, "ip", "neigh", "del", a.nexthop.String(), "dev", a.link.Name))
	}
	w.fault(n, e, StageDeliver, dev, f)
}

func addressLines(n *machine.Space, addr netip.Addr) []string {
	var lines []string
	for _, a := range having(n, addr) {
		lines = append(lines, fmt.Sprintf("%s: inet %s dev %s", title(n), a.Prefix, a.Dev))
	}
	return lines
}
