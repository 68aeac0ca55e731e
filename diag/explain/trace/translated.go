package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
)

// exemptAt is why nothing translates the request in a namespace, where it left that last:
// a rule, or that it has passed it before.
func (w *walk) exemptAt(n *machine.Space) cause.Exempt {
	here := func(p passage) bool { return p.node == n }
	first, last := slices.IndexFunc(w.passed, here), len(w.passed)-1
	if first < 0 {
		return cause.Exempt{}
	}
	for !here(w.passed[last]) {
		last--
	}
	p := w.passed[last]
	if last < first+2 || !p.packet.filtered.PassedBefore() {
		return translated.Exempt(n, p.packet.filtered, p.route.DevName)
	}
	by := w.passed[last-1]
	return translated.Before(n, p.packet.filtered, p.route.DevName, cause.Before{Out: w.passed[first].route.DevName, By: by.node.Name, ByOut: by.route.DevName}, by.node)
}

// soughtInVain is the finding of a reply that nobody takes, where its address was given
// to the request on its way.
func (w *walk) soughtInVain(p packet) (cause.Finding, bool) {
	for _, h := range w.hops {
		if p.leg != flows.LegReply || h.Leg != flows.LegRequest || h.Stage != hop.StageSend || h.Carrying || h.Space == nil {
			continue
		}
		if link, err := h.Space.Link(h.Device); err == nil {
			if f, ok := translated.Away(h.Space, w.last[h.Space], p.dst, link); ok {
				return f, true
			}
		}
	}
	return nil, false
}
