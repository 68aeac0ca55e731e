// Package absent has what explains that a route is not there: a link that is down has
// taken it away, here or far away.
package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Ignored is the route that a namespace has for an address and does not use, because
// its device has no carrier (net.ipv4.conf.*.ignore_routes_with_linkdown, and net.ipv6's).
func Ignored(n *machine.Space, dst netip.Addr, answer machine.RouteAnswer) (machine.RouteAnswer, bool) {
	if answer.Kind != machine.KindNone {
		return machine.RouteAnswer{}, false
	}
	route, link, ok := machine.MainRoute(n, dst)
	if !ok || !route.Dead || !route.Linkdown || route.Type != "unicast" || !link.Up() {
		return machine.RouteAnswer{}, false
	}
	return machine.RouteAnswer{
		Kind: machine.KindUnicast, Via: route.Via, Dev: link.Index, DevName: link.Name, MTU: link.MTU,
		Entry: route, Line: route.Line(), Evidence: []string{route.Line()},
	}, true
}

// Withdrawn is the finding of a route that somebody no longer announces: the device by
// which its network was reached is down, or has no carrier. n is who has no route.
func Withdrawn(world *machine.Machine, n *machine.Space, dst netip.Addr, l cause.Lookup) (cause.Finding, bool) {
	var found []device.Withdrawn
	for other := range world.Connected(n, machine.ByVeth) {
		if other == n || other.ForwardsNowhere() {
			continue
		}
		devices, err := other.DevicesFor(dst)
		if err != nil {
			continue
		}
		for _, d := range devices {
			if net, ok := holding(d, dst); ok && !d.Link.Carrier() {
				found = append(found, device.Withdrawn{At: cause.At(other.Name), Link: d.Link, Net: net, Asker: n.Name, Lookup: l})
			}
		}
	}
	if len(found) != 1 {
		return nil, false // two of them may both be elsewhere
	}
	found[0].Announced = Announced(n)
	return found[0], true
}

// Narrower is the finding of a device that is down, and with it a route to an address
// that is narrower than the one by which the packet went astray.
func Narrower(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (cause.Finding, bool) {
	link, ok := n.DownNear(dst, machine.PrefixBits(now.Entry.Dst))
	return cause.RouteDown{At: cause.At(n.Name), Link: link, Way: remedy.Turn{Way: remedy.Way{Netns: n.Name, Dst: dst}}}, ok
}

// holding is the network of a device that an address is in.
func holding(d machine.Device, dst netip.Addr) (netip.Prefix, bool) {
	for _, a := range d.Addrs {
		if !a.Prefix.IsSingleIP() && a.Prefix.Contains(dst) {
			return a.Prefix, true
		}
	}
	return netip.Prefix{}, false
}

// daemons are the protocols of routes that a routing daemon has written, as ip(8)
// spells them.
var daemons = []string{"babel", "bgp", "bird", "eigrp", "gated", "isis", "mrt", "ospf", "ra", "rip", "zebra"}

// Announced reports whether a namespace has routes from a routing daemon.
func Announced(n *machine.Space) bool {
	snap, err := n.Snapshot(table.Links | table.Routes)
	return err == nil && slices.ContainsFunc(snap.Routes, func(r table.Route) bool { return slices.Contains(daemons, r.Proto) })
}
