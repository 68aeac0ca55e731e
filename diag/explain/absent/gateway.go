package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Gateway is the finding of a route by a gateway that nobody has, where another one of the
// same table leads to the destination by another next hop, which is not known to be absent.
func Gateway(n *machine.Space, dst netip.Addr, route machine.RouteAnswer, hop cause.NextHop, there []cause.Station) (cause.Finding, bool) {
	first := route.Entry
	if first.Type != "unicast" || first.Via != hop.Addr || first.Table != machine.MainTable || len(first.Nexthops) > 0 {
		return nil, false
	}
	snap, err := n.Snapshot(table.Links | table.Routes | table.Neighbours)
	if err != nil {
		return nil, false
	}
	next, ok := machine.BestRoute(snap, dst, func(r table.Route) bool {
		link, found := snap.Link(r.Dev)
		return machine.SameRoute(r, first) || !r.Via.IsValid() || r.Via == hop.Addr || !found || !link.Up() || !link.Carrier() || failed(snap, r)
	})
	if !ok {
		return nil, false
	}
	return cause.DeadGateway{NextHop: hop, Route: first, Next: next, Stations: there}, true
}

// Wire is the finding of a route that names no gateway, for a network that nobody on its wire is
// known to be of, where another one of the same table leads to the destination by a gateway.
func Wire(n *machine.Space, route machine.RouteAnswer, hop cause.NextHop) (cause.Finding, bool) {
	first := route.Entry
	if first.Type != "unicast" || first.Via.IsValid() || first.Table != machine.MainTable || first.Proto == "kernel" || len(first.Nexthops) > 0 || first.Dst.IsSingleIP() {
		return nil, false
	}
	snap, err := n.Snapshot(table.Links | table.Addrs | table.Routes | table.Neighbours)
	if err != nil {
		return nil, false
	}
	of := func(a netip.Addr) bool { return first.Dst.Contains(a) }
	here := slices.ContainsFunc(snap.Addrs, func(a table.Addr) bool { return a.Dev == first.Dev && of(a.Prefix.Addr()) }) ||
		slices.ContainsFunc(snap.Neighbours, func(e table.Neighbour) bool { return e.Dev == first.Dev && len(e.MAC) > 0 && of(e.Dst) })
	next, ok := machine.BestRoute(snap, hop.Addr, func(r table.Route) bool {
		link, found := snap.Link(r.Dev)
		return machine.SameRoute(r, first) || !found || !link.Up() || !link.Carrier()
	})
	if here || !ok || !next.Via.IsValid() || failed(snap, next) {
		return nil, false
	}
	return device.WrongWire{NextHop: hop, Route: first, Next: next}, true
}

// failed reports whether nobody has answered for the next hop of a route.
func failed(snap *table.Snapshot, r table.Route) bool {
	return slices.ContainsFunc(snap.Neighbours, func(entry table.Neighbour) bool {
		return entry.Dev == r.Dev && entry.Dst == r.Via && entry.State == "FAILED"
	})
}
