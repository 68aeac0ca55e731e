package diag

import (
	"golang.org/x/sys/unix"

	"github.com/google/nftables/userdata"
	"github.com/vishvananda/netlink/nl"
)

var ruleFamilyNames = map[byte]string{
	unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6", unix.NFPROTO_INET: "inet",
	unix.NFPROTO_ARP: "arp", unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_NETDEV: "netdev",
}

// ruleHookNames are indexed by the hook's number; bridge and inet tables number
// theirs as IPv4 does, except for their ingress.
var ruleHookNames = []string{"prerouting", "input", "forward", "output", "postrouting", "ingress"}

func ruleHookName(family byte, number uint32) string {
	switch {
	case family == unix.NFPROTO_NETDEV && number == 0:
		return "ingress"
	case family == unix.NFPROTO_NETDEV:
		return "egress"
	case family == unix.NFPROTO_ARP && number == 0:
		return "input"
	case family == unix.NFPROTO_ARP:
		return "output"
	case int(number) < len(ruleHookNames):
		return ruleHookNames[number]
	default:
		return "[hook]"
	}
}

// assembleNFTables reads everything, and puts chains, sets and rules into their tables.
func assembleNFTables(c *nftConn) ([]RuleTable, error) {
	tables, err := c.dump(unix.NFT_MSG_GETTABLE, unix.NFT_MSG_NEWTABLE, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	chains, err := c.dump(unix.NFT_MSG_GETCHAIN, unix.NFT_MSG_NEWCHAIN, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	rules, err := c.dump(unix.NFT_MSG_GETRULE, unix.NFT_MSG_NEWRULE, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	sets, err := readRuleSets(c)
	if err != nil {
		return nil, err
	}
	var out []RuleTable
	for _, m := range tables {
		name := m.text(unix.NFTA_TABLE_NAME)
		t := RuleTable{
			Family: ruleFamilyNames[m.family], Name: name,
			Dormant: m.u32(unix.NFTA_TABLE_FLAGS)&1 != 0, // NFT_TABLE_F_DORMANT
			Sets:    sets.named(m.family, name),
		}
		for _, cm := range chains {
			if cm.family == m.family && cm.text(unix.NFTA_CHAIN_TABLE) == name {
				t.Chains = append(t.Chains, decodeNFTChain(cm))
			}
		}
		for _, rm := range rules {
			if rm.family != m.family || rm.text(unix.NFTA_RULE_TABLE) != name {
				continue
			}
			chain, ok := t.Chain(rm.text(unix.NFTA_RULE_CHAIN))
			if !ok {
				return nil, nl.ErrDumpInterrupted // made since the chains were read
			}
			chain.Rules = append(chain.Rules, decodeNFTRule(rm, &t, sets))
		}
		out = append(out, t)
	}
	return out, nil
}

func decodeNFTChain(m nftMessage) RuleChain {
	chain := RuleChain{Name: m.text(unix.NFTA_CHAIN_NAME)}
	if !m.has(unix.NFTA_CHAIN_HOOK) {
		return chain
	}
	hook := m.nested(unix.NFTA_CHAIN_HOOK)
	chain.Hook = ruleHookName(m.family, hook.u32(unix.NFTA_HOOK_HOOKNUM))
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
		for _, name := range rtAttrs(hook[hookDevs]) {
			chain.Devices = append(chain.Devices, attrString(name))
		}
	}
	return chain
}

func decodeNFTRule(m nftMessage, t *RuleTable, sets ruleSets) ChainRule {
	d := ruleDecoder{family: m.family, table: t.Name, sets: sets, regs: map[uint32]ruleOperand{}}
	d.rule.Handle = m.u64(unix.NFTA_RULE_HANDLE)
	for _, b := range rtAttrs(m.nftAttrs[unix.NFTA_RULE_EXPRESSIONS]) {
		attrs := parseNFTAttrs(b)
		d.expression(attrs.text(unix.NFTA_EXPR_NAME), attrs[unix.NFTA_EXPR_DATA])
	}
	if comment, ok := ruleComment(m.nftAttrs[unix.NFTA_RULE_USERDATA]); ok {
		d.rule.Comment = comment
	}
	d.rule.IPTables = d.byIPTables(t)
	return d.rule
}

// ruleComment finds the comment in a rule's user data. The kernel does not look
// into it: any program may have put anything there, so it is cut to the
// type-length-value entries that nft(8) would have written.
func ruleComment(data []byte) (string, bool) {
	whole := 0
	for len(data)-whole >= 2 && whole+2+int(data[whole+1]) <= len(data) {
		whole += 2 + int(data[whole+1])
	}
	return userdata.GetString(data[:whole], userdata.TypeComment)
}

// byIPTables tells rules of iptables-nft from others: they are in a table that
// iptables knows, and have an x_tables extension or at least a counter, which
// it puts into each. All that they say must have a form in iptables.
func (d *ruleDecoder) byIPTables(t *RuleTable) bool {
	if t.Family != "ip" && t.Family != "ip6" || !ruleIPTablesNames[t.Name] || !d.compat && !d.counted {
		return false
	}
	_, ok := iptablesRule(t, "", &d.rule)
	return ok
}

var ruleIPTablesNames = map[string]bool{"filter": true, "nat": true, "mangle": true, "raw": true, "security": true}
