package vip

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// nobodys are addresses that no service has (RFC 5737, RFC 3849).
var nobodys = map[bool]netip.Addr{false: netip.MustParseAddr("192.0.2.1"), true: netip.MustParseAddr("2001:db8::1")}

// maxLoose bounds the chains that are tried to which no rule leads: maps lead to others.
const maxLoose = 32

// missingJump is the finding of a request that a chain of nat would translate, to which no
// rule of the hook leads that it passes: what flushes a base chain leaves the chains behind
// it. Where others lead to none of these either, it is the only one that would do that.
func missingJump(n *machine.Space, packet eval.Packet, asked flows.Flow, rules *netfilter.RuleSet, hook, iif, out string) (cause.Finding, bool) {
	if packet.IIF = iif; hook == "output" {
		packet.OIF = out
	}
	var found []service.Unjumped
	for i := range rules.Tables {
		t := &rules.Tables[i]
		base := based(t, hook)
		if base == nil || t.Dormant {
			continue
		}
		for _, like := range loose(t, base) {
			to, ok := through(n, rules, t, base, like.rule, packet, asked)
			if !ok || like.none && anybody(n, rules, t, base, like.rule, packet, asked) {
				continue
			}
			f := service.Unjumped{At: cause.At(n.Name), Flow: asked, To: to, Used: hook, Table: t, Base: base, Chain: like.rule.Verdict.Chain, Like: like.rule, None: like.none}
			if !like.none {
				return f, true
			}
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

// based is the base chain of nat that a table has at a hook, or gets with the first rule that
// iptables makes there.
func based(t *netfilter.Table, hook string) *netfilter.Chain {
	for i := range t.Chains {
		if c := &t.Chains[i]; c.Type == "nat" && c.Hook == hook {
			return c
		}
	}
	if t.Name != "nat" || t.Family != "ip" && t.Family != "ip6" || !iptables(t) {
		return nil
	}
	return &netfilter.Chain{Name: strings.ToUpper(hook), Hook: hook, Type: "nat", Priority: -100, Policy: "accept"}
}

// jump is a rule that would lead from a base chain to another chain.
type jump struct {
	rule netfilter.Rule
	none bool // no rule leads there from any base chain
}

// loose are the chains that no rule of a base chain leads to, and none of another chain
// but a base chain: those first that one leads to.
func loose(t *netfilter.Table, base *netfilter.Chain) (all []jump) {
	inner, led := map[string]bool{}, map[string]bool{}
	var without []jump
	for i := range t.Chains {
		c := &t.Chains[i]
		for rule := range c.Walk(nil) {
			to := rule.Verdict.Chain
			for _, entry := range rule.Verdict.Map {
				inner[entry.Verdict.Chain] = true
			}
			switch {
			case to == "":
			case c.Hook == "":
				inner[to] = true
			case c == base:
				led[to] = true
			case c.Type == "nat" && (c.Hook == "prerouting" || c.Hook == "output"):
				like := *rule
				like.Comment = ""
				all = append(all, jump{rule: like})
			default:
				led[to] = true
			}
		}
	}
	all = slices.DeleteFunc(all, func(j jump) bool { return led[j.rule.Verdict.Chain] })
	for i := range t.Chains {
		c := &t.Chains[i]
		named := func(j jump) bool { return j.rule.Verdict.Chain == c.Name }
		if c.Hook == "" && !inner[c.Name] && !led[c.Name] && !slices.ContainsFunc(all, named) {
			rule := netfilter.Rule{Verdict: netfilter.Verdict{Kind: netfilter.VerdictJump, Chain: c.Name}, IPTables: iptables(t)}
			without = append(without, jump{rule, true})
		}
	}
	if len(without) > maxLoose {
		return all
	}
	return append(all, without...)
}

// iptables reports whether a table is one of iptables, by what wrote its rules.
func iptables(t *netfilter.Table) bool {
	for i := range t.Chains {
		for rule := range t.Chains[i].Walk(nil) {
			return t.Legacy || rule.IPTables
		}
	}
	return t.Legacy
}

// through is where a request would be sent if a rule of a base chain led to another chain.
func through(n *machine.Space, rules *netfilter.RuleSet, t *netfilter.Table, base *netfilter.Chain, rule netfilter.Rule, packet eval.Packet, asked flows.Flow) (flows.Flow, bool) {
	alone := *t
	alone.Chains = slices.DeleteFunc(slices.Clone(t.Chains), func(c netfilter.Chain) bool { return c.Hook == base.Hook })
	alone.Chains = append(alone.Chains, netfilter.Chain{Name: base.Name, Hook: base.Hook, Type: base.Type, Priority: base.Priority, Policy: base.Policy, Rules: []netfilter.Rule{rule}})
	return sent(n, rules, alone, base.Hook, packet, asked)
}

// anybody reports whether it would send on as well what is for nobody: the chain is one of a
// backend, which a map leads to, and asks nothing.
func anybody(n *machine.Space, rules *netfilter.RuleSet, t *netfilter.Table, base *netfilter.Chain, rule netfilter.Rule, packet eval.Packet, asked flows.Flow) bool {
	packet.Dst = nobodys[asked.Dst.Is6()]
	asked.Dst = packet.Dst
	_, ok := through(n, rules, t, base, rule, packet, asked)
	return ok
}
