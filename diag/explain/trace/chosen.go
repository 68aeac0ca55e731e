package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/chosen"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// chosen is the finding of a request with a source that its sender, or who masqueraded it,
// has taken, where another one would be answered; who has taken it, and the other one.
func (w *walk) chosen(src, dst netip.Addr, l cause.Lookup, answers func(netip.Addr) bool) (cause.Finding, *machine.Space, netip.Addr) {
	c := chosen.Choice{Src: src, Dst: dst, Lookup: l, Answers: answers, Spaces: w.world.All}
	for _, p := range slices.Concat(w.began, w.passed) {
		c.Space, c.Route, c.Left, c.Sender, c.Passed = p.node, p.route, w.last[p.node], p.node == w.from, len(w.passed) > 0
		c.Wire = func(dev table.Link) []fabric.Station { return w.explore(p.node, dev, flows.LegRequest, nil).Stations }
		if f, better := c.Better(); f != nil {
			return f, p.node, better
		}
	}
	return nil, nil, netip.Addr{}
}

// sentFrom goes on as though the request had left a namespace with one of its own addresses:
// with the reply to that.
func (w *walk) sentFrom(own netip.Addr, node, n *machine.Space, reply packet) bool {
	if !own.IsValid() || w.mended.Translates() {
		return false
	}
	w.mended.Translate(node, reply.dst, own)
	reply.dst, reply.ttl, reply.mark = own, maxHops, 0
	w.originate(n, reply)
	return true
}
