package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes.
func (w *walk) exempt(n *machine.Space, p packet, reject machine.RouteAnswer) (cause.Exemption, machine.RouteAnswer) {
	next, ok := without(n, p)
	x := cause.Exemption{Netns: n.Name, Dst: p.dst, Kind: reject.Kind, Entry: reject.Entry, Rule: reject.Rule}
	if ok {
		x.Past = wayOut{dev: table.Link{Name: next.DevName}, via: next.Via, onlink: next.Onlink}.to(n, p.dst)
	}
	return x, next
}

// without is the route in the main table that a packet would take if the one
// that rejects it were not there: the longest prefix, then the lowest metric.
func without(n *machine.Space, p packet) (machine.RouteAnswer, bool) {
	rest, link, ok := machine.MainRoute(n, p.dst)
	if !ok {
		return machine.RouteAnswer{}, false
	}
	src := p.src
	if !src.IsValid() {
		src = n.Route(machine.RouteQuery{Dst: documentation, OIF: link.Index}).Src
	}
	return machine.RouteAnswer{
		Kind: machine.KindUnicast, Via: rest.Via, Dev: link.Index, DevName: link.Name, Src: src, Line: rest.Line(), Onlink: rest.Onlink,
	}, true
}
