package netfilter

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"

	"github.com/google/nftables/userdata"
)

var familyNames = map[byte]string{
	unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6", unix.NFPROTO_INET: "inet",
	unix.NFPROTO_ARP: "arp", unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_NETDEV: "netdev",
}

// hookNames are indexed by the hook's number; bridge and inet tables number
// theirs as IPv4 does, except for their ingress.
var hookNames = []string{"prerouting", "input", "forward", "output", "postrouting", "ingress"}

func hookName(family byte, number uint32) string {
	switch {
	case family == unix.NFPROTO_NETDEV && number == 0:
		return "ingress"
	case family == unix.NFPROTO_NETDEV:
		return "egress"
	case family == unix.NFPROTO_ARP && number == 0:
		return "input"
	case family == unix.NFPROTO_ARP:
		return "output"
	case int(number) < len(hookNames):
		return hookNames[number]
	default:
		return "[hook]"
	}
}

// nftTables reads the tables and their chains, without rules.
func (s *source) nftTables() ([]Table, error) {
	tables, err := s.conn.dump(s.generation, nftQuestion{get: unix.NFT_MSG_GETTABLE, answer: unix.NFT_MSG_NEWTABLE})
	if err != nil {
		return nil, err
	}
	chains, err := s.conn.dump(s.generation, nftQuestion{get: unix.NFT_MSG_GETCHAIN, answer: unix.NFT_MSG_NEWCHAIN})
	if err != nil {
		return nil, err
	}
	out := make([]Table, 0, len(tables))
	for _, m := range tables {
		t := Table{
			Family: familyNames[m.family], Name: m.text(unix.NFTA_TABLE_NAME), family: m.family,
			Dormant: m.u32(unix.NFTA_TABLE_FLAGS)&1 != 0, // NFT_TABLE_F_DORMANT
		}
		for _, cm := range chains {
			if cm.family == m.family && attrIs(cm.get(unix.NFTA_CHAIN_TABLE), t.Name) {
				chain := decodeNFTChain(cm)
				chain.stored = s.nftChain(t.Name, chain.Name, cm)
				t.Chains = append(t.Chains, chain)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// attrIs says whether the payload is a name.
func attrIs(b []byte, name string) bool {
	return len(b) == len(name)+1 && string(b[:len(name)]) == name && b[len(name)] == 0
}

func decodeNFTChain(m nftMessage) Chain {
	chain := Chain{Name: m.text(unix.NFTA_CHAIN_NAME)}
	if !m.has(unix.NFTA_CHAIN_HOOK) {
		return chain
	}
	hook := m.nested(unix.NFTA_CHAIN_HOOK)
	chain.Hook = hookName(m.family, hook.u32(unix.NFTA_HOOK_HOOKNUM))
	chain.Priority = int(int32(hook.u32(unix.NFTA_HOOK_PRIORITY)))
	chain.Type = m.text(unix.NFTA_CHAIN_TYPE)
	chain.Policy = "accept"
	if m.has(unix.NFTA_CHAIN_POLICY) && m.u32(unix.NFTA_CHAIN_POLICY) == 0 {
		chain.Policy = "drop"
	}
	if hook.has(unix.NFTA_HOOK_DEV) {
		chain.Devices = append(chain.Devices, hook.text(unix.NFTA_HOOK_DEV))
	}
	const hookDevs = 4 // NFTA_HOOK_DEVS
	if !hook.has(unix.NFTA_HOOK_DEV) {
		for _, name := range attr.All(hook.get(hookDevs)) {
			chain.Devices = append(chain.Devices, attr.String(name))
		}
	}
	return chain
}

// nftRule decodes a rule of d's table, unless misses says of a condition that it is not
// met: then there is none. Only what is known for sure to come first is asked
// about, so that nothing the rule does before is missed.
func (d *decoder) nftRule(attrs nftAttrs, misses func(*Match) bool) *Rule {
	d.begin()
	for _, b := range attr.All(attrs.get(unix.NFTA_RULE_EXPRESSIONS)) {
		x := nftAttrs(b)
		d.expression(x.get(unix.NFTA_EXPR_NAME), x.get(unix.NFTA_EXPR_DATA))
		if d.missed(misses) {
			return nil
		}
	}
	d.rule.Handle = attrs.u64(unix.NFTA_RULE_HANDLE)
	if comment, ok := comment(attrs.get(unix.NFTA_RULE_USERDATA)); ok {
		d.rule.Comment = comment
	}
	d.rule.IPTables = d.byIPTables()
	return d.end()
}

// comment finds the comment in a rule's user data. The kernel does not look
// into it: any program may have put anything there, so it is cut to the
// type-length-value entries that nft(8) would have written.
func comment(data []byte) (string, bool) {
	whole := 0
	for len(data)-whole >= 2 && whole+2+int(data[whole+1]) <= len(data) {
		whole += 2 + int(data[whole+1])
	}
	return userdata.GetString(data[:whole], userdata.TypeComment)
}

// byIPTables tells rules of iptables-nft from others: they are in a table that
// iptables knows, and have an x_tables extension or at least a counter, which
// it puts into each. All that they say must have a form in iptables.
func (d *decoder) byIPTables() bool {
	t := &Table{Family: familyNames[d.family], Name: d.table}
	if t.Family != "ip" && t.Family != "ip6" || !iptablesNames[t.Name] || !d.compat && !d.counted {
		return false
	}
	_, ok := iptablesRule(t, "", &d.rule)
	return ok
}

var iptablesNames = map[string]bool{"filter": true, "nat": true, "mangle": true, "raw": true, "security": true}
