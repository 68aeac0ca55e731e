package trace

import (
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes: to whose wire it is on, or
// else what is left of the table, but not back to whom it came from.
func (w *walk) exempt(n *machine.Space, p packet, reject machine.RouteAnswer) (remedy.Exemption, machine.RouteAnswer) {
	next, ok := n.Without(p.dst, p.src)
	x := remedy.Exemption{Netns: n.Name, Dst: p.dst, Kind: reject.Kind, Entry: reject.Entry, Rule: reject.Rule}
	back, but := ok && next.Via.IsValid() && n != p.origin && w.arping != nil && w.arping.n.Local(next.Via), 0
	if back {
		but = next.Dev
	}
	switch way, found := w.wayTo(n, p.dst, but); {
	case found && (!ok || back || !way.Via.IsValid() && next.Dev != way.Dev.Index):
		x.Past, x.Anew, next = way.To(n, p.dst), true, way.Route(p.src)
	case back, !ok && reject.Rule.Action != "": // past the rule there is no way either
		return remedy.Exemption{Netns: n.Name, Dst: p.dst, Kind: reject.Kind}, machine.RouteAnswer{}
	case ok:
		x.Past = fabric.WayOut{Dev: table.Link{Name: next.DevName}, Via: next.Via, Onlink: next.Onlink}.To(n, p.dst)
	}
	return x, next
}
