package netfilter

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"

	"github.com/google/nftables/userdata"
)

var Families = map[byte]string{ // of tables, as nft calls them
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
	tables, err := s.conn.Dump(s.generation, nfnl.Question{Get: unix.NFT_MSG_GETTABLE, Answer: unix.NFT_MSG_NEWTABLE})
	if err != nil {
		return nil, err
	}
	chains, err := s.conn.Dump(s.generation, nfnl.Question{Get: unix.NFT_MSG_GETCHAIN, Answer: unix.NFT_MSG_NEWCHAIN})
	if err != nil {
		return nil, err
	}
	out := make([]Table, 0, len(tables))
	for _, m := range tables {
		t := Table{
			Family: Families[m.Family], Name: m.Text(unix.NFTA_TABLE_NAME), family: m.Family,
			Dormant: m.Uint32(unix.NFTA_TABLE_FLAGS)&1 != 0, // NFT_TABLE_F_DORMANT
		}
		for _, cm := range chains {
			if cm.Family == m.Family && attrIs(cm.Get(unix.NFTA_CHAIN_TABLE), t.Name) {
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

func decodeNFTChain(m nfnl.Message) Chain {
	chain := Chain{Name: m.Text(unix.NFTA_CHAIN_NAME)}
	if !m.Has(unix.NFTA_CHAIN_HOOK) {
		return chain
	}
	hook := m.Nested(unix.NFTA_CHAIN_HOOK)
	chain.Hook = hookName(m.Family, hook.Uint32(unix.NFTA_HOOK_HOOKNUM))
	chain.Priority = int(int32(hook.Uint32(unix.NFTA_HOOK_PRIORITY)))
	chain.Type = m.Text(unix.NFTA_CHAIN_TYPE)
	chain.Policy = "accept"
	if m.Has(unix.NFTA_CHAIN_POLICY) && m.Uint32(unix.NFTA_CHAIN_POLICY) == 0 {
		chain.Policy = "drop"
	}
	if hook.Has(unix.NFTA_HOOK_DEV) {
		chain.Devices = append(chain.Devices, hook.Text(unix.NFTA_HOOK_DEV))
	}
	const hookDevs = 4 // NFTA_HOOK_DEVS
	if !hook.Has(unix.NFTA_HOOK_DEV) {
		for _, name := range attr.All(hook.Get(hookDevs)) {
			chain.Devices = append(chain.Devices, attr.String(name))
		}
	}
	return chain
}

// nftRule decodes a rule of d's table, unless misses says of a condition that it is not
// met: then there is none. Only what is known for sure to come first is asked
// about, so that nothing the rule does before is missed.
func (d *decoder) nftRule(attrs nfnl.Attrs, misses func(*Match) bool) *Rule {
	d.begin()
	for _, b := range attr.All(attrs.Get(unix.NFTA_RULE_EXPRESSIONS)) {
		x := nfnl.Attrs(b)
		d.expression(x.Get(unix.NFTA_EXPR_NAME), x.Get(unix.NFTA_EXPR_DATA))
		if d.missed(misses) {
			return nil
		}
	}
	d.rule.Handle = attrs.Uint64(unix.NFTA_RULE_HANDLE)
	if comment, ok := comment(attrs.Get(unix.NFTA_RULE_USERDATA)); ok {
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
	t := &Table{Family: Families[d.family], Name: d.table}
	if t.Family != "ip" && t.Family != "ip6" || !iptablesNames[t.Name] || !d.compat && !d.counted {
		return false
	}
	_, ok := iptablesRule(t, "", &d.rule)
	return ok
}

var iptablesNames = map[string]bool{"filter": true, "nat": true, "mangle": true, "raw": true, "security": true}
