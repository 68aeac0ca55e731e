package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
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

// failed reports whether nobody has answered for the next hop of a route.
func failed(snap *table.Snapshot, r table.Route) bool {
	return slices.ContainsFunc(snap.Neighbours, func(entry table.Neighbour) bool {
		return entry.Dev == r.Dev && entry.Dst == r.Via && entry.State == "FAILED"
	})
}
