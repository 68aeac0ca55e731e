package trace

import (
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes.
func (w *walk) exempt(n *machine.Space, p packet, reject machine.RouteAnswer) (remedy.Exemption, machine.RouteAnswer) {
	next, ok := n.Without(p.dst, p.src)
	x := remedy.Exemption{Netns: n.Name, Dst: p.dst, Kind: reject.Kind, Entry: reject.Entry, Rule: reject.Rule}
	if ok {
		x.Past = wayOut{dev: table.Link{Name: next.DevName}, via: next.Via, onlink: next.Onlink}.to(n, p.dst)
	}
	return x, next
}
