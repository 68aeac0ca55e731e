package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
)

// claimed notes what IPsec does with a packet that is about to leave, once it is
// routed (xfrm_lookup(), xfrm_route_forward()). A namespace that cannot be asked
// has told so by its packet filter.
func (w *walk) claimed(n *machine.Space, p packet, dev string) {
	policy, ok, err := n.SendPolicy(p.src, p.dst, p.proto())
	switch {
	case err != nil, !ok:
	case policy.Block, policy.Unkept:
		w.fault(n, p, StageRoute, dev, cause.Claimed{At: at(n), Flow: p.flow(), Policy: policy})
	case policy.Secured > 0:
		w.overlook(n, p, StageRoute, dev, cause.Secured{At: at(n), Flow: p.flow(), Policy: policy})
	}
}
