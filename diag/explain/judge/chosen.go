package judge

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/chosen"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Chosen is the finding of a request with a source that its sender, or who masqueraded it,
// has taken, where another one would be answered; who has taken it, and the other one.
func (j *Judge) Chosen(src, dst netip.Addr, l cause.Lookup, answers func(netip.Addr) bool) (cause.Finding, *machine.Space, netip.Addr) {
	c := chosen.Choice{Src: src, Dst: dst, Lookup: l, Answers: answers, Spaces: func() []*machine.Space { return j.joined(j.From) }}
	for _, p := range j.Ways() {
		c.Space, c.Route, c.Left, c.Sender, c.Passed = p.Space, p.Route, j.Last[p.Space], p.Space == j.From, len(j.Passed) > 0
		c.Wire = func(dev table.Link) []fabric.Station { return j.Explore(p.Space, dev, flows.LegRequest, nil).Stations }
		if f, better := c.Better(); f != nil {
			return j.Owned(p.Space, f), p.Space, better
		}
	}
	return nil, nil, netip.Addr{}
}
