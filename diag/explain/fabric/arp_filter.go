package fabric

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// arpFiltered is the obstacle that rules are to ARP requests, and to their answers, which
// come back by the same devices.
func (x *Explorer) arpFiltered(n *machine.Space, v Way, at eval.LinkHook) Way {
	return x.arpStopped(n, x.arpStopped(n, v, at, x.ARP), mirrored(at), x.answer())
}

// mirrors are the hooks that the answer to a frame passes.
var mirrors = map[string]string{
	"prerouting": "postrouting", "postrouting": "prerouting", "input": "output", "output": "input",
	"forward": "forward", "ingress": "egress", "egress": "ingress",
}

func mirrored(at eval.LinkHook) eval.LinkHook {
	at.Hook, at.IIF, at.OIF = mirrors[at.Hook], at.OIF, at.IIF
	return at
}

// answer is what answers the request: to a solicitation whoever is asked for.
func (x *Explorer) answer() eval.Packet {
	p := x.ARP.ARPReply()
	if p.EtherType != unix.ETH_P_ARP {
		p.Src = x.Of
	}
	return p
}

// arpAsked is what the rules for ARP are to a request that a station gets, and to
// its answer, which a device that is held down does not send; the asker's own come first.
func (x *Explorer) arpAsked(n *machine.Space, v Way, dev table.Link, asked bool) Way {
	in, out := eval.LinkHook{Family: "arp", Hook: "input", IIF: dev.Name}, eval.LinkHook{Family: "arp", Hook: "output", OIF: dev.Name}
	if asked {
		if x.MAC == nil && x.ARP.EtherType != 0 {
			v = held(n, dev, v)
		}
		return x.arpStopped(n, x.arpStopped(n, v, in, x.ARP), out, x.answer())
	}
	return x.arpStopped(n, x.arpStopped(n, v, out, x.ARP), in, x.answer())
}

func (x *Explorer) arpStopped(n *machine.Space, v Way, hook eval.LinkHook, p eval.Packet) Way {
	if x.MAC != nil || x.ARP.EtherType == 0 {
		return v
	}
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	if p.Src.Is6() && hook.Family == "arp" {
		return x.solicitationStopped(n, v, hook.Hook, p, hook.IIF, hook.OIF, false)
	}
	result, ok := eval.TraverseLink(rules, hook, p, n.Env())
	if !ok || !result.Drops() {
		return v
	}
	if v.stoppedIn(result) {
		return v.stoppedBoth(result, p)
	}
	if p.EtherType != unix.ETH_P_ARP {
		return v.stoppedBy(n, hook.Dev(), cause.SolicitationStopped{At: cause.At(n.Name), Target: x.Of, Hook: hook.Hook, Packet: p, Result: result})
	}
	return v.stoppedBy(n, hook.Dev(), device.ARPStopped{At: cause.At(n.Name), Target: x.Of, Hook: hook, Packet: p, Result: result})
}

// stoppedIn reports whether the chain that decided stops a request or its answer on the way
// already: what mends that lets both pass.
func (v Way) stoppedIn(r eval.Result) bool {
	return slices.ContainsFunc(v.Obstacles, func(o Obstacle) bool {
		switch f := o.Fault.(type) {
		case device.ARPStopped:
			return sameChain(f.Result, r)
		case cause.SolicitationStopped:
			return f.Result.Chain == r.Chain
		}
		return false
	})
}

// sameChain reports whether an exception in one chain does for both.
func sameChain(a, b eval.Result) bool {
	return a.Chain == b.Chain && (a.In == b.In || a.Table.Family != "bridge")
}

// stoppedBoth says of a chain that stops an ARP request that it stops the answer too, or the
// other way round: those are of two senders.
func (v Way) stoppedBoth(r eval.Result, p eval.Packet) Way {
	v.Obstacles = slices.Clone(v.Obstacles)
	for i := range v.Obstacles {
		if f, ok := v.Obstacles[i].Fault.(device.ARPStopped); ok && sameChain(f.Result, r) && f.Packet.ARPOperation != p.ARPOperation {
			f.Both = true
			v.Obstacles[i].Fault = f
		}
	}
	return v
}

// solicitationHooks are those that a neighbour solicitation passes that comes in, goes out,
// or is passed on by a bridge, and its answer.
var solicitationHooks = map[string][]string{
	"input": {"prerouting", "input"}, "output": {"output", "postrouting"}, "forward": {"prerouting", "forward", "postrouting"},
}

// solicitationStopped is what the rules of IP are to a neighbour solicitation, or to
// its answer: to those it is a packet as others.
func (x *Explorer) solicitationStopped(n *machine.Space, v Way, on string, p eval.Packet, iif, oif string, bridged bool) Way {
	rules, err := n.Rules()
	if err != nil {
		return v
	}
	for _, hook := range solicitationHooks[on] {
		p.IIF, p.OIF = iif, oif
		switch hook {
		case "prerouting":
			p.OIF = ""
		case "postrouting":
			p.IIF = ""
		}
		if result := eval.Traverse(rules, hook, p, n.Env()); result.Drops() && !v.stoppedIn(result) {
			return v.stoppedBy(n, cmp.Or(iif, oif), cause.SolicitationStopped{At: cause.At(n.Name), Target: x.Of, Hook: hook, Packet: p, Result: result, Bridged: bridged})
		}
	}
	return v
}

// bridged is what the rules of IP are to a neighbour solicitation that a bridge passes
// on, and to its answer, where they see them.
func (x *Explorer) bridged(n *machine.Space, v Way, bridge string) Way {
	if x.MAC != nil || !x.ARP.Src.Is6() {
		return v
	}
	if on, _ := n.BridgeNetfilter(true); !on {
		return v
	}
	v = x.solicitationStopped(n, v, "forward", x.ARP, bridge, bridge, true)
	return x.solicitationStopped(n, v, "forward", x.answer(), bridge, bridge, true)
}
