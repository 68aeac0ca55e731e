package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// linkFilter passes a packet through such a hook, and goes on as though what it
// drops were let through.
func (w *walk) linkFilter(n *machine.Space, p journey.Packet, at eval.LinkHook) {
	if at.Family == "netdev" {
		for _, o := range n.Obstacles(at.Dev(), at.Hook) {
			if o.Takes && (!o.IPv4 || p.Dst.Is4()) {
				to, _ := n.Link(o.To)
				w.fault(n, p, hop.StageFilter, at.Dev(), device.TakenAway{At: cause.At(n.Name), What: o, To: to})
				continue
			}
			w.overlook(n, p, hop.StageFilter, at.Dev(), cause.Obstructed{At: cause.At(n.Name), What: o})
		}
	}
	rules, err := n.Rules()
	if err != nil {
		return // told when the packet comes to the hooks of IP
	}
	result, ok := eval.TraverseLink(rules, at, w.Enters(n, p).Filtered, n.Env())
	switch {
	case !ok:
	case result.Verdict == eval.VerdictUnknown:
		w.overlook(n, p, hop.StageFilter, at.Dev(), cause.RulesUnjudged{Hook: at.Family + " " + at.Hook, Flow: p.Flow(), Rules: result.Unsure})
	case result.Verdict != eval.VerdictAccept:
		w.fault(n, p, hop.StageFilter, at.Dev(), w.Filtered(n, p, at.Hook, result))
	}
}
