package change

import (
	"strconv"
	"strings"

	"nstutor/diag/netfilter"
)

// RuleDel is the change that takes a rule away: by the words that iptables made it of,
// else by its handle. It is false where no line can say which rule is meant.
func RuleDel(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) (Change, bool) {
	line := iptablesLine(t, c, rule)
	opaque := strings.ContainsAny(strings.Replace(line, " --to-source [", " ", 1), "\"'[\\") // an address of IPv6 with a port is not
	if appended := " -A " + c.Name; (rule.IPTables || t.Legacy) && strings.HasPrefix(line, "-t "+t.Name+appended) && !opaque {
		return IPTables{Netns: netns, V6: t.Family == "ip6", Words: strings.Fields(strings.Replace(line, appended, " -D "+c.Name, 1))}, true
	}
	if t.Legacy || !nftIdentifier(t.Name) || !nftIdentifier(c.Name) {
		return nil, false
	}
	return NFT{Netns: netns, Words: []string{"delete", "rule", t.Family, t.Name, c.Name, "handle", strconv.FormatUint(rule.Handle, 10)}}, true
}

// iptablesLine is a rule without the word that tells ip6tables from iptables.
func iptablesLine(t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) string {
	return strings.TrimPrefix(t.RuleLine(c, rule), "-6 ")
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
	line := iptablesLine(t, c, &other)
	if iptables, ok := del.(IPTables); ok {
		return []Change{del, IPTables{Netns: netns, V6: iptables.V6, Words: strings.Fields(line)}}, true
	}
	return []Change{del, NFTLine(netns, "add rule "+line)}, !rule.IPTables
}
