package absent

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Overruled is the finding of a packet that a policy rule sent by the route of another table,
// where nobody was heard of it, although its destination is in a network of the namespace's
// own: main, which was to be asked behind that, leads there.
func Overruled(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (cause.Finding, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || now.Entry.Type == "" || now.Entry.Table == machine.LocalTable {
		return nil, false
	}
	if now.Entry.Table == machine.MainTable {
		if now.Entry.Dst.IsSingleIP() { // one for the address alone is meant
			return nil, false
		}
		return Overlaid(n, dst, now)
	}
	own, ok := machine.BestRoute(snap, dst, nil)
	link, up := snap.Link(own.Dev)
	if !ok || own.Via.IsValid() || own.Proto != "kernel" || own.Dev == now.DevName || !up || !link.Carrier() {
		return nil, false
	}
	turn := fabric.WayOut{Dev: link}.Turn(n, dst, now)
	if !turn.To.IsValid() {
		return nil, false
	}
	turn.Way.Dst = dst
	return cause.Missed{At: cause.At(n.Name), Way: turn, Dev: now.DevName, Line: now.Line, Net: own.Dst.String()}, true
}

// Overlaid is the finding of a packet that a route for a part of a network of the namespace's
// own led elsewhere.
func Overlaid(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (cause.Finding, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil || now.Entry.Table != machine.MainTable {
		return nil, false
	}
	own, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) })
	link, up := snap.Link(own.Dev)
	if !ok || own.Via.IsValid() || own.Proto != "kernel" || own.Dev == now.DevName || !up || !link.Carrier() {
		return nil, false
	}
	turn := fabric.WayOut{Dev: link}.Turn(n, dst, now)
	return device.Overlaid{At: cause.At(n.Name), Dst: dst, Own: own, Over: now.Entry, Way: turn}, turn.Stray.Type != ""
}
