package eval

import (
	"slices"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// senders are what rules ask of the socket that a packet comes from, by nft's words and
// by iptables' matches.
var senders = []string{
	"meta mark", "meta skuid", "meta skgid", "meta cgroup", "socket",
	"match mark", "match owner", "match cgroup", "match socket",
}

// TellsSenders reports whether a rule that packets of the namespace itself may meet asks
// who sends them.
func TellsSenders(set *netfilter.RuleSet) bool {
	for i := range set.Tables {
		for j := range set.Tables[i].Chains {
			chain := &set.Tables[i].Chains[j]
			if chain.Hook != "" && chain.Hook != "output" {
				continue
			}
			for rule := range chain.Walk(nil) {
				if tellsSender(rule) {
					return true
				}
			}
		}
	}
	return false
}

func tellsSender(rule *netfilter.Rule) bool {
	return slices.ContainsFunc(rule.Matches, func(m netfilter.Match) bool {
		return slices.ContainsFunc(m.Key, func(f fields.Name) bool { return slices.Contains(senders, string(f)) })
	}) || slices.ContainsFunc(rule.Exprs, func(x netfilter.Expr) bool { return slices.Contains(senders, x.Name) })
}
