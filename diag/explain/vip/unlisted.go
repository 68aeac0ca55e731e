package vip

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
)

// unlisted is the finding of a request that a rule of nat looks up by its address in a map
// that has no entry at all, where chains would send it on to which nothing leads: an entry
// would. packet passes the hook as the rules see it.
func unlisted(n *machine.Space, packet eval.Packet, asked flows.Flow, rules *netfilter.RuleSet, hook string) (cause.Finding, bool) {
	for i := range rules.Tables {
		t := &rules.Tables[i]
		base := based(t, hook)
		if base == nil || t.Dormant {
			continue
		}
		for j := range t.Chains {
			for rule := range t.Chains[j].Walk(nil) {
				set, by := rule.Verdict.Looked()
				if set == "" || len(rule.Verdict.Map) > 0 || !slices.ContainsFunc(by, isDestination) {
					continue
				}
				f := service.Unlisted{At: cause.At(n.Name), Flow: asked, Table: t, Map: set, Key: by}
				for _, chain := range loose(t, base) {
					with := entered(t, base, j, rule, chain.rule.Verdict.Chain)
					if to, ok := sent(n, rules, with, hook, packet, asked); ok && chain.none {
						f.To, f.Chains = to, append(f.Chains, chain.rule.Verdict.Chain)
					}
				}
				if len(f.Chains) > 0 {
					return f, true
				}
			}
		}
	}
	return nil, false
}

func isDestination(f fields.Name) bool { return f == "ip daddr" || f == "ip6 daddr" }

// entered is a table as though the map that a rule of a chain asks had an entry for every
// packet, which leads to another chain. Of its hook it has the base chain alone.
func entered(t *netfilter.Table, base *netfilter.Chain, chain int, asks *netfilter.Rule, to string) netfilter.Table {
	with := *t
	with.Chains = slices.Clone(t.Chains)
	c := &t.Chains[chain]
	with.Chains[chain] = netfilter.Chain{Name: c.Name, Hook: c.Hook, Type: c.Type, Priority: c.Priority, Policy: c.Policy}
	for rule := range c.Walk(nil) {
		one := *rule
		if rule == asks {
			one.Verdict = netfilter.Verdict{Kind: netfilter.VerdictGoto, Chain: to}
		}
		with.Chains[chain].Rules = append(with.Chains[chain].Rules, one)
	}
	with.Chains = slices.DeleteFunc(with.Chains, func(c netfilter.Chain) bool { return c.Hook == base.Hook && c.Name != base.Name })
	return with
}

// sent is where a table alone sends a request.
func sent(n *machine.Space, rules *netfilter.RuleSet, t netfilter.Table, hook string, packet eval.Packet, asked flows.Flow) (flows.Flow, bool) {
	with := *rules
	with.Tables = []netfilter.Table{t}
	to := asked
	for _, way := range eval.Branches(&with, hook, packet, n.Env()) {
		if way.Verdict == eval.VerdictUnknown || way.NAT == nil {
			return to, false
		}
		to.Dst, to.DstPort = way.Packet.Dst, way.Packet.DstPort
	}
	return to, to != asked
}
