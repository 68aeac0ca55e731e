package judge

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes: to whose wire it is on, or
// else what is left of the table, but not back to whom it came from.
func (j *Judge) exempt(n *machine.Space, p journey.Packet, reject machine.RouteAnswer) (remedy.Exemption, machine.RouteAnswer) {
	next, ok := n.Without(p.Dst, p.Src)
	x := remedy.Exemption{Netns: n.Name, Src: p.Src, Dst: p.Dst, Kind: reject.Kind, Entry: reject.Entry, Rule: reject.Rule}
	back, but := ok && next.Via.IsValid() && n != p.Origin && j.Sought != nil && j.Sought.Space.Local(next.Via), 0
	if back {
		but = next.Dev
	}
	switch way, found := j.wayTo(n, p.Dst, but); {
	case found && (!ok || back || !way.Via.IsValid() && next.Dev != way.Dev.Index):
		x.Past, x.Anew, next = way.To(n, p.Dst), true, way.Route(p.Src)
	case back, !ok && reject.Rule.Action != "": // past the rule there is no way either
		return remedy.Exemption{Netns: n.Name, Dst: p.Dst, Kind: reject.Kind}, machine.RouteAnswer{}
	case ok:
		x.Past = fabric.WayOut{Dev: table.Link{Name: next.DevName}, Via: next.Via, Onlink: next.Onlink}.To(n, p.Dst)
		x.Silent = passedOver(n, p.Dst, reject.Entry)
	}
	return x, next
}

// passedOver is the entry of a next hop that has not answered, for which IPv6 takes a route that
// rejects in the place of a narrower one.
func passedOver(n *machine.Space, dst netip.Addr, rejects table.Route) table.Neighbour {
	rest, link, ok := machine.MainRoute(n, dst)
	if !ok || !dst.Is6() || rejects.Type == "" || rejects.Table != machine.MainTable || machine.PrefixBits(rest.Dst) <= machine.PrefixBits(rejects.Dst) {
		return table.Neighbour{}
	}
	entry, known, err := n.NextHopNeighbour(link.Index, rest.Via)
	if err != nil || !known || entry.State != "FAILED" {
		return table.Neighbour{}
	}
	return entry
}

// rejected is the finding of a route or a policy rule that rejects the packet, and
// the route that the packet takes past it.
func (j *Judge) rejected(n *machine.Space, p journey.Packet, route machine.RouteAnswer) (cause.Finding, machine.RouteAnswer) {
	exemption, next := j.exempt(n, p, route)
	r := cause.Rejection{At: at(n), Lookup: route.Evidence, Exemption: exemption}
	if route.Entry.Table != machine.MainTable && route.Entry.Table != machine.LocalTable {
		r.By = route.By
	}
	if r.By.L3mdev {
		r.VRF = n.VRFOfTable(route.Entry.Table)
	}
	switch route.Kind {
	case machine.KindBlackhole:
		return cause.Swallowed{Rejection: r}, next
	case machine.KindUnreachable:
		return cause.Refused{Rejection: r}, next
	case machine.KindProhibit:
		return cause.Forbidden{Rejection: r}, next
	}
	return cause.Thrown{Rejection: r, Reply: p.Leg == flows.LegReply}, next
}
