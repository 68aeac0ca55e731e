package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
)

// exemptAt is why nothing translates the request in a namespace, where it left that last:
// a rule, or that it has passed it before.
func (w *walk) exemptAt(n *machine.Space) cause.Exempt {
	for i, p := range slices.Backward(w.passed) {
		if p.node != n {
			continue
		}
		first := slices.IndexFunc(w.passed, func(o passage) bool { return o.node == n })
		if i > first+1 && p.packet.filtered.PassedBefore() {
			by := w.passed[i-1]
			return translated.Before(n, p.packet.filtered, p.route.DevName, cause.Before{Out: w.passed[first].route.DevName, By: by.node.Name, ByOut: by.route.DevName}, by.node)
		}
		return translated.Exempt(n, p.packet.filtered, p.route.DevName)
	}
	return cause.Exempt{}
}

// soughtInVain is the finding of a reply that nobody takes, where its address was given
// to the request on its way.
func (w *walk) soughtInVain(p packet) (cause.Finding, bool) {
	for _, h := range w.hops {
		if p.leg != LegReply || h.Leg != LegRequest || h.Stage != StageSend || h.carrying || h.Space == nil {
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
