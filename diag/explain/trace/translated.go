package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
)

// exemptAt is the rule for which nothing translates the request in a namespace.
func (w *walk) exemptAt(n *machine.Space) cause.Exempt {
	if i := slices.IndexFunc(w.passed, func(p passage) bool { return p.node == n }); i >= 0 {
		return translated.Exempt(n, w.passed[i].packet.filtered, w.passed[i].route.DevName)
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
