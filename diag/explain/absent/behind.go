package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Overlap is the route of another device's own network that an address is in as well, beside the
// own network by whose route the packet went.
func Overlap(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) table.Route {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || now.Entry.Table != machine.MainTable || now.Entry.Proto != "kernel" || now.Via.IsValid() {
		return table.Route{}
	}
	rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) })
	link, up := snap.Link(rest.Dev)
	if !ok || !up || !link.Carrier() || rest.Dev == now.DevName || rest.Proto != "kernel" || rest.Via.IsValid() {
		return table.Route{}
	}
	return rest
}

// Behind is the route of main that an address would be reached by, out of another device, were
// the narrower one not there by which the packet went.
func Behind(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (table.Route, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || now.Entry.Table != machine.MainTable {
		return table.Route{}, false
	}
	rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return r.Dst == now.Entry.Dst })
	link, up := snap.Link(rest.Dev)
	return rest, ok && up && link.Carrier() && rest.Dev != now.DevName
}

// Hidden is the route by a router and out of another device that an address would be reached by, were
// the network of an own address not there which it is in: one of which nobody is known on its wire.
func Hidden(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (table.Route, bool) {
	rest, ok := Behind(n, dst, now)
	snap, err := n.Snapshot(table.Neighbours)
	if !ok || err != nil || now.Via.IsValid() || now.Entry.Proto != "kernel" || !rest.Via.IsValid() {
		return table.Route{}, false
	}
	return rest, !slices.ContainsFunc(snap.Neighbours, func(e table.Neighbour) bool {
		return e.Dev == now.DevName && len(e.MAC) > 0 && now.Entry.Dst.Contains(e.Dst)
	})
}

// Routed is the route by a router on the same wire that an address would be reached by, were the
// wide prefix not there which has it on the wire itself. What is no wider than most networks are is
// not doubted.
func Routed(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (table.Route, bool) {
	const usual, usual6 = 24, 64
	bits := machine.PrefixBits(now.Entry.Dst)
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || now.Entry.Table != machine.MainTable || now.Via.IsValid() || dst.Is4() && bits >= usual || dst.Is6() && bits >= usual6 {
		return table.Route{}, false
	}
	rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return r.Dst == now.Entry.Dst })
	return rest, ok && rest.Via.IsValid() && rest.Dev == now.DevName
}
