package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
)

// claimed notes what IPsec does with a packet that is about to leave, once it is
// routed (xfrm_lookup(), xfrm_route_forward()). A namespace that cannot be asked
// has told so by its packet filter.
func (w *walk) claimed(n *machine.Space, p journey.Packet, dev string) {
	policy, ok, err := n.SendPolicy(p.Src, p.Dst, p.Proto())
	switch {
	case err != nil, !ok:
	case policy.Default:
		w.fault(n, p, hop.StageRoute, dev, device.Disallowed{At: at(n), Flow: p.Flow(), Dir: policy.Dir})
	case policy.Block, policy.Unkept:
		w.fault(n, p, hop.StageRoute, dev, cause.Claimed{At: at(n), Flow: p.Flow(), Policy: policy})
	case policy.Secured > 0:
		w.overlook(n, p, hop.StageRoute, dev, cause.Secured{At: at(n), Flow: p.Flow(), Policy: policy})
	}
}

// admitted notes what IPsec does with a packet that comes in as it is, and is taken, or
// passed on.
func (w *walk) admitted(n *machine.Space, p journey.Packet, dev string, passes bool) {
	if p.Encap != nil || slices.ContainsFunc(w.unseen, func(u cause.Unseen) bool { _, secured := u.(cause.Secured); return secured }) {
		return
	}
	policy, ok, err := n.TakePolicy(passes, dev, p.Src, p.Dst, p.Proto())
	if err == nil && ok && policy.Default {
		w.fault(n, p, hop.StageDeliver, dev, device.Disallowed{At: at(n), Flow: p.Flow(), Dir: policy.Dir})
	} else if err == nil && ok && (policy.Block || policy.Unkept) {
		w.fault(n, p, hop.StageDeliver, dev, cause.Claimed{At: at(n), Flow: p.Flow(), Policy: policy})
	}
}
