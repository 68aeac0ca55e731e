package fabric

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// IntoLoopback is the finding of a packet that a route sends out of lo, be it passed on or
// the namespace's own. The way without that route is its fix.
func IntoLoopback(n *machine.Space, dst netip.Addr, passed bool, link table.Link, route machine.RouteAnswer) (cause.Finding, bool) {
	if !link.Has("LOOPBACK") {
		return nil, false
	}
	f := cause.LoopbackRoute{At: cause.At(n.Name), Dst: dst, Passed: passed, Line: route.Line}
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil {
		return f, true
	}
	but := func(r table.Route) bool { return r.Dev == link.Name }
	if rest, ok := machine.BestRoute(snap, dst, but); ok {
		if dev, err := n.Link(rest.Dev); err == nil {
			f.Way = WayOut{Dev: dev, Via: rest.Via, Onlink: rest.Onlink}.Turn(n, dst, route)
		}
	}
	return f, true
}
