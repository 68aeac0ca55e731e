package fabric

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// arpFiltered is the obstacle that rules are to ARP requests.
func (x *Explorer) arpFiltered(n *machine.Space, v Way, at eval.LinkHook) Way {
	return x.arpStopped(n, v, at, x.ARP)
}

// arpAsked is what the rules for ARP are to a request that a station gets, and to
// its answer; the asker's own come first.
func (x *Explorer) arpAsked(n *machine.Space, v Way, dev string, asked bool) Way {
	in, out := eval.LinkHook{Family: "arp", Hook: "input", IIF: dev}, eval.LinkHook{Family: "arp", Hook: "output", OIF: dev}
	if asked {
		return x.arpStopped(n, x.arpStopped(n, v, in, x.ARP), out, x.ARP.ARPReply())
	}
	return x.arpStopped(n, x.arpStopped(n, v, out, x.ARP), in, x.ARP.ARPReply())
}

func (x *Explorer) arpStopped(n *machine.Space, v Way, hook eval.LinkHook, p eval.Packet) Way {
	if x.MAC != nil || x.ARP.EtherType == 0 {
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
	return v.stoppedBy(n, hook.Dev(), cause.ARPStopped{At: cause.At(n.Name), Target: x.ARP.Dst, Hook: hook, Packet: p, Result: result})
}
