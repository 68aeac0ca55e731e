// Package absent has what explains that a route is not there: a link that is down has
// taken it away, here or far away.
package absent

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Ignored is the route that a namespace has for an address and does not use, because
// its device has no carrier (net.ipv4.conf.*.ignore_routes_with_linkdown).
func Ignored(n *machine.Space, dst netip.Addr, answer machine.RouteAnswer) (machine.RouteAnswer, bool) {
	if answer.Kind != machine.KindNone || dst.Is6() {
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

// maxSearched bounds the namespaces that are searched for the network of an address.
const maxSearched = 256

// Withdrawn is the finding of a route that somebody no longer announces: the device by
// which its network was reached is down, or has no carrier. n is who has no route.
func Withdrawn(world *machine.Machine, n *machine.Space, dst netip.Addr, l cause.Lookup) (cause.Finding, bool) {
	var found []device.Withdrawn
	for _, other := range wired(world, n) {
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

// wired are a namespace and those that veths lead to from there, over whatever
// distance, whether they are up or not.
func wired(world *machine.Machine, n *machine.Space) []*machine.Space {
	all := []*machine.Space{n}
	for i := 0; i < len(all) && len(all) < maxSearched; i++ {
		devices, err := all[i].Devices()
		if err != nil {
			continue
		}
		for _, d := range devices {
			if d.Link.Kind != "veth" {
				continue
			}
			if peer, err := world.Peer(all[i], d.Link.PeerNetnsID); err == nil && !slices.Contains(all, peer) {
				all = append(all, peer)
			}
		}
	}
	return all
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
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Routes})
	return err == nil && slices.ContainsFunc(snap.Routes, func(r table.Route) bool { return slices.Contains(daemons, r.Proto) })
}
