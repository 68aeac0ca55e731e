package trace

import (
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes.
func (w *walk) exempt(n *machine.Space, e echo, reject machine.RouteAnswer) (remedy.Exemption, machine.RouteAnswer) {
	next, ok := without(n, e)
	x := remedy.Exemption{Netns: n.Name, Dst: e.dst, Kind: reject.Kind, Entry: reject.Entry, Rule: reject.Rule}
	if ok {
		x.Past = wayOut{dev: table.Link{Name: next.DevName}, via: next.Via, onlink: next.Onlink}.to(n, e.dst)
	}
	return x, next
}

// without is the route in the main table that a packet would take if the one
// that rejects it were not there: the longest prefix, then the lowest metric.
func without(n *machine.Space, e echo) (machine.RouteAnswer, bool) {
	rest, link, ok := machine.MainRoute(n, e.dst)
	if !ok {
		return machine.RouteAnswer{}, false
	}
	src := e.src
	if !src.IsValid() {
		src = n.Route(machine.RouteQuery{Dst: documentation, OIF: link.Index}).Src
	}
	return machine.RouteAnswer{
		Kind: machine.KindUnicast, Via: rest.Via, Dev: link.Index, DevName: link.Name, Src: src, Line: rest.Line(), Onlink: rest.Onlink,
	}, true
}
