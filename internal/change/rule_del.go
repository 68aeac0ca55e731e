package change

import (
	"slices"
	"strconv"

	"nstutor/diag/netfilter"
	"nstutor/internal/nft"
)

// RuleDel is the change that takes a rule away: by the words that iptables made it of,
// else by its handle. It is false where no line can say which rule is meant.
func RuleDel(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) (Change, bool) {
	if words, ok := iptablesWords(t, c, rule); ok {
		words[slices.Index(words, "-A")] = "-D"
		return IPTables{Netns: netns, V6: t.Family == "ip6", Words: words}, true
	}
	if t.Legacy || !nft.Identifier(t.Name) || !nft.Identifier(c.Name) {
		return nil, false
	}
	return NFT{Netns: netns, Words: []string{"delete", "rule", t.Family, t.Name, c.Name, "handle", strconv.FormatUint(rule.Handle, 10)}}, true
}

// iptablesWords are the words that iptables made a rule of, if it did.
func iptablesWords(t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) ([]string, bool) {
	if !rule.IPTables && !t.Legacy {
		return nil, false
	}
	return t.Words(c, rule)
}

// MasqueradeInstead are the changes that put a rule in the place of one which gives
// packets a source of its own: a rule with the same conditions that masquerades them.
// It is false where no line can say that.
func MasqueradeInstead(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) ([]Change, bool) {
	return instead(netns, t, c, rule, netfilter.Verdict{Kind: netfilter.VerdictMasquerade})
}

// AnyPortInstead are the changes that put a rule in the place of one which translates
// sources to some ports alone: the same rule with any port. It is false where no line can
// say that.
func AnyPortInstead(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) ([]Change, bool) {
	v := rule.Verdict
	if v.Port == (netfilter.PortRange{}) {
		return nil, false
	}
	v.Port = netfilter.PortRange{}
	return instead(netns, t, c, rule, v)
}

// instead are the changes that put a rule in the place of another one: the same, but for
// its verdict.
func instead(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule, verdict netfilter.Verdict) ([]Change, bool) {
	del, ok := RuleDel(netns, t, c, rule)
	if !ok {
		return nil, false
	}
	other := *rule
	other.Verdict = verdict
	if words, ok := iptablesWords(t, c, &other); ok {
		return []Change{del, IPTables{Netns: netns, V6: t.Family == "ip6", Words: words}}, true
	}
	return []Change{del, NFTLine(netns, "add rule "+t.RuleLine(c, &other))}, !rule.IPTables
}
