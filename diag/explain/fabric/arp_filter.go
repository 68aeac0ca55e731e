package fabric

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// arpFiltered is the obstacle that rules are to ARP requests.
func (x *Explorer) arpFiltered(n *machine.Space, v Way, at eval.LinkHook) Way {
	if x.MAC != nil && !x.Answer {
		return v
	}
	return x.arpStopped(n, v, at, x.ARP)
}

// arpAsked is what the rules for ARP are to a request that a station gets, and to
// its answer; the asker's own come first.
func (x *Explorer) arpAsked(n *machine.Space, v Way, dev string, asked bool) Way {
	if x.MAC != nil { // the way of an answer is met where its request goes
		return v
	}
	in, out := eval.LinkHook{Family: "arp", Hook: "input", IIF: dev}, eval.LinkHook{Family: "arp", Hook: "output", OIF: dev}
	if asked {
		return x.arpStopped(n, x.arpStopped(n, v, in, x.ARP), out, x.ARP.ARPReply())
	}
	return x.arpStopped(n, x.arpStopped(n, v, out, x.ARP), in, x.ARP.ARPReply())
}

// AnswerStopped are the rules that are in the way of a station's answer to an asker. What
// is in its way besides is in that of each packet there.
func AnswerStopped(net Network, s Station, asker Site, sender, target netip.Addr) (stopped []Obstacle) {
	x := &Explorer{Net: net, MAC: asker.Dev.MAC, ARP: eval.NeighbourRequest(sender, target).ARPReply(), Answer: true, Of: target}
	x.From(s.Node, s.Dev)
	for _, there := range x.To(asker.Node, asker.Dev) {
		for _, o := range there.Obstacles {
			if _, ok := o.Fault.(cause.ARPStopped); ok {
				stopped = append(stopped, o)
			}
		}
	}
	return stopped
}

func (x *Explorer) arpStopped(n *machine.Space, v Way, hook eval.LinkHook, p eval.Packet) Way {
	if x.ARP.EtherType == 0 {
		return v
	}
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	if p.Src.Is6() && hook.Family == "arp" {
		return x.solicitationStopped(n, v, hook.Hook, p, hook.IIF, hook.OIF)
	}
	result, ok := eval.TraverseLink(rules, hook, p, n.Env())
	if !ok || !result.Drops() {
		return v
	}
	return v.stoppedBy(n, hook.Dev(), cause.ARPStopped{At: cause.At(n.Name), Target: x.Of, Hook: hook, Packet: p, Result: result})
}

// solicitationStopped is what the rules of IP are to a neighbour solicitation, or to
// its answer: to those it is a packet as others.
func (x *Explorer) solicitationStopped(n *machine.Space, v Way, hook string, p eval.Packet, iif, oif string) Way {
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	p.IIF, p.OIF = iif, oif
	result := eval.Traverse(rules, hook, p, n.Env())
	if !result.Drops() {
		return v
	}
	dev := cmp.Or(iif, oif)
	return v.stoppedBy(n, dev, cause.SolicitationStopped{At: cause.At(n.Name), Target: x.Of, Hook: hook, Packet: p, Result: result})
}

// bridged is what the rules of IP are to a neighbour solicitation that a bridge passes
// on, where they see that.
func (x *Explorer) bridged(n *machine.Space, v Way, bridge string) Way {
	if x.MAC != nil || !x.ARP.Src.Is6() {
		return v
	}
	if on, _ := n.BridgeNetfilter(true); !on {
		return v
	}
	return x.solicitationStopped(n, v, "forward", x.ARP, bridge, bridge)
}
