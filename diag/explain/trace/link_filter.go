package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
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
		w.overlook(n, p, hop.StageFilter, at.Dev(), w.unjudged(n, p, at.Family+" "+at.Hook, at.Hook, result))
	case result.Verdict != eval.VerdictAccept:
		w.fault(n, p, hop.StageFilter, at.Dev(), w.Filtered(n, p, at.Hook, result))
	}
}

// unjudged are rules of which it cannot be told whether they let a packet pass, and the finding that
// they do not, where one alone may stop it. said is the hook as it is told.
func (w *walk) unjudged(n *machine.Space, p journey.Packet, said, hook string, result eval.Result) cause.RulesUnjudged {
	u := cause.RulesUnjudged{Hook: said, Flow: p.Flow(), Rules: result.Unsure}
	if result.Otherwise == "" {
		return u
	}
	stops := result
	stops.Verdict = result.Otherwise
	u.Refuses = stops.Verdict == eval.VerdictReject
	stopped := cause.Stopped{At: at(n), Flow: p.Flow(), Hook: hook, Result: stops}
	u.Stop = service.Uncertain(stopped, func() cause.Finding { return w.Filtered(n, p, hook, stops) })
	return u
}
