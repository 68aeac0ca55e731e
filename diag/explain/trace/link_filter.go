package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// linkFilter passes a packet through such a hook, and goes on as though what it
// drops were let through.
func (w *walk) linkFilter(n *machine.Space, e echo, at eval.LinkHook) {
	if at.Family == "netdev" {
		for _, o := range n.Obstacles(at.Dev(), at.Hook) {
			w.overlook(n, e, StageFilter, at.Dev(), cause.Obstructed{At: cause.At(n.Name), Dev: at.Dev(), Side: at.Hook, What: o})
		}
	}
	rules, err := n.Rules()
	if err != nil {
		return // told when the packet comes to the hooks of IP
	}
	result, ok := eval.TraverseLink(rules, at, w.enters(n, e).packet, n.Env())
	switch {
	case !ok:
	case result.Verdict == eval.VerdictUnknown:
		w.overlook(n, e, StageFilter, at.Dev(), cause.RulesUnjudged{Hook: at.Family + " " + at.Hook, Flow: e.flow(), Rules: result.Unsure})
	case result.Verdict != eval.VerdictAccept:
		w.fault(n, e, StageFilter, at.Dev(), w.filtered(n, e, at.Hook, result))
	}
}

// arpFiltered is the obstacle that rules are to ARP requests.
func (x *explorer) arpFiltered(n *machine.Space, v way, at eval.LinkHook) way {
	return x.arpStopped(n, v, at, x.arp)
}

// arpAsked is what the rules for ARP are to a request that a station gets, and to
// its answer; the asker's own come first.
func (x *explorer) arpAsked(n *machine.Space, v way, dev string, asked bool) way {
	in, out := eval.LinkHook{Family: "arp", Hook: "input", IIF: dev}, eval.LinkHook{Family: "arp", Hook: "output", OIF: dev}
	if asked {
		return x.arpStopped(n, x.arpStopped(n, v, in, x.arp), out, x.arp.ARPReply())
	}
	return x.arpStopped(n, x.arpStopped(n, v, out, x.arp), in, x.arp.ARPReply())
}

func (x *explorer) arpStopped(n *machine.Space, v way, hook eval.LinkHook, p eval.Packet) way {
	if x.mac != nil || x.arp.EtherType == 0 {
		return v
	}
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	result, ok := eval.TraverseLink(rules, hook, p, n.Env())
	if !ok || result.Verdict != eval.VerdictDrop && result.Verdict != eval.VerdictReject {
		return v
	}
	return v.stoppedBy(n, hook.Dev(), cause.ARPStopped{At: at(n), Target: x.arp.Dst, Hook: hook, Packet: p, Result: result})
}
