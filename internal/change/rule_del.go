package change

import (
	"slices"
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
	del, ok := RuleDel(netns, t, c, rule)
	if !ok {
		return nil, false
	}
	line := iptablesLine(t, c, rule)
	if iptables, ok := del.(IPTables); ok {
		conditions, _, ok := strings.Cut(line, " -j SNAT ")
		return []Change{del, IPTables{Netns: netns, V6: iptables.V6, Words: append(strings.Fields(conditions), "-j", "MASQUERADE")}}, ok
	}
	conditions, _, ok := strings.Cut(strings.TrimPrefix(line, strings.Join([]string{t.Family, t.Name, c.Name, ""}, " ")), "snat ")
	return []Change{del, NFTLine(netns, strings.Join([]string{"add rule", t.Family, t.Name, c.Name, conditions + "masquerade"}, " "))}, ok
}

// AnyPortInstead are the changes that put a rule in the place of one which translates
// sources to some ports alone: the same rule with any port. It is false where no line can
// say that.
func AnyPortInstead(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) ([]Change, bool) {
	del, ok := RuleDel(netns, t, c, rule)
	if !ok {
		return nil, false
	}
	line := iptablesLine(t, c, rule)
	if iptables, ok := del.(IPTables); ok {
		words, ok := anyPort(strings.Fields(line), "--to-source", "--to-ports")
		return []Change{del, IPTables{Netns: netns, V6: iptables.V6, Words: words}}, ok
	}
	if rule.IPTables {
		return nil, false
	}
	words, ok := anyPort(strings.Fields(strings.TrimPrefix(line, strings.Join([]string{t.Family, t.Name, c.Name, ""}, " "))), "to")
	return []Change{del, NFTLine(netns, strings.Join(append([]string{"add rule", t.Family, t.Name, c.Name}, words...), " "))}, ok
}

// anyPort leaves the ports out of what follows one of some options.
func anyPort(words []string, options ...string) ([]string, bool) {
	at := slices.IndexFunc(words, func(word string) bool { return slices.Contains(options, word) })
	if at < 0 || at+1 == len(words) {
		return nil, false
	}
	addr, _, _ := strings.Cut(words[at+1], ":")
	if v6, _, ok := strings.Cut(strings.TrimPrefix(words[at+1], "["), "]:"); ok {
		addr = v6
	}
	if words[at] == "--to-ports" || addr == "" {
		return slices.Delete(slices.Clone(words), at, at+2), true
	}
	words = slices.Clone(words)
	words[at+1] = addr
	return words, true
}
