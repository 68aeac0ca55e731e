package vip

import (
	"cmp"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// OtherHook is the finding of a request that the rules of a namespace would have translated
// at another hook than it passes: what the namespace sends itself passes OUTPUT, and what
// comes in by iif PREROUTING; or here, were its connection tracked. out is the device that
// it leaves by.
func OtherHook(n *machine.Space, packet eval.Packet, asked flows.Flow, iif, out string) (cause.Finding, bool) {
	rules, err := n.Rules()
	if err != nil {
		return nil, false
	}
	used, other := "prerouting", "output"
	if iif == "" {
		used, other = other, used
	}
	if f, ok := untracked(n, packet, asked, rules, used, iif, out); ok {
		return f, true
	}
	if f, ok := missingJump(n, packet, asked, rules, used, iif, out); ok && !asked.Echo() {
		return f, true
	}
	seen := packet
	if seen.IIF = iif; used == "output" {
		seen.OIF = out
	}
	if f, ok := unlisted(n, seen, asked, rules, used); ok && !asked.Echo() {
		return f, true
	}
	if other == "output" {
		packet.OIF = out
	}
	result := eval.Traverse(rules, other, packet, n.Env())
	to := asked
	to.Dst, to.DstPort = result.Packet.Dst, result.Packet.DstPort
	if result.NAT == nil || to == asked {
		return nil, false
	}
	return service.WrongHook{At: cause.At(n.Name), Flow: asked, To: to, Used: used, Has: other, Rule: result.NAT.Rule}, true
}

// untracked is the finding of a request that the rules of the hook which it passes would
// have translated, did another one not keep connection tracking from it.
func untracked(n *machine.Space, packet eval.Packet, asked flows.Flow, rules *netfilter.RuleSet, hook, iif, out string) (cause.Finding, bool) {
	if packet.IIF = iif; hook == "output" {
		packet.OIF = out
	}
	by, kept := eval.Traverse(rules, hook, packet, n.Env()).Packet.Untracked()
	if !kept {
		return nil, false
	}
	result := eval.Traverse(rules, hook, packet.Tracked(), n.Env())
	to := asked
	to.Dst, to.DstPort = result.Packet.Dst, result.Packet.DstPort
	if result.NAT == nil || to == asked {
		return nil, false
	}
	return service.Untracked{At: cause.At(n.Name), Flow: asked, To: to, By: by}, true
}

// Now is where the rules of a hook would send a packet of no connection, and whether that
// is for sure elsewhere than it goes.
func Now(n *machine.Space, p eval.Packet, rules *netfilter.RuleSet, hook string, goes netip.AddrPort) (now string, elsewhere bool) {
	to := eval.Destinations(rules, hook, p, n.Env())
	for _, one := range to {
		if one != netip.AddrPortFrom(p.Dst, p.DstPort) {
			now = cmp.Or(now, one.String())
		}
	}
	return now, len(to) > 0 && !slices.Contains(to, goes)
}

// Source is the source that the rules would give a packet of no connection as it leaves,
// and whether that is for sure another one than it has.
func Source(n *machine.Space, p eval.Packet, rules *netfilter.RuleSet) (now string, another bool) {
	result := eval.Traverse(rules, "postrouting", p, n.Env())
	if result.Verdict != eval.VerdictAccept || result.NAT == nil || result.Packet.Src == p.Src {
		return "", false
	}
	return result.Packet.Src.String(), true
}
