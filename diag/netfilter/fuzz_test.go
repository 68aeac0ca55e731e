package netfilter

import (
	"bytes"
	"encoding/binary"
	"testing"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/diag/netfilter/xtables"

	"golang.org/x/sys/unix"
)

// fuzzExpression is one expression of a rule as nf_tables sends it.
func fuzzExpression(kind string, data []byte) []byte {
	x := nfnl.Name(nil, unix.NFTA_EXPR_NAME, kind)
	return attr.Append(nil, unix.NFTA_LIST_ELEM, attr.Append(x, unix.NFTA_EXPR_DATA, data))
}

// spellRule has everything printed that a rule can be printed as.
func spellRule(table *Table, rule *Rule) {
	_ = table.RuleText(rule)
	_, _ = iptablesRule(table, "INPUT", rule)
	for _, m := range rule.Matches {
		_ = m.String()
		_ = m.Holds(make([]byte, 4))
	}
}

// Any program with the right may put rules into the kernel, and the kernel does
// not look into all of what it keeps.
func FuzzNFTRule(f *testing.F) {
	u32 := func(kind uint16, n uint32) []byte { return attr.Append(nil, kind, u32(n)) }
	value := func(b ...byte) []byte { return attr.Append(nil, unix.NFTA_DATA_VALUE, b) }
	mark := bytes.Join([][]byte{u32(unix.NFTA_META_DREG, 1), u32(unix.NFTA_META_KEY, unix.NFT_META_MARK)}, nil)
	masked := bytes.Join([][]byte{u32(unix.NFTA_BITWISE_SREG, 1), u32(unix.NFTA_BITWISE_DREG, 1), u32(unix.NFTA_BITWISE_LEN, 4),
		attr.Append(nil, unix.NFTA_BITWISE_MASK, value(0, 0, 255, 255)), attr.Append(nil, unix.NFTA_BITWISE_XOR, value(0, 0, 0, 0))}, nil)
	compared := bytes.Join([][]byte{u32(unix.NFTA_CMP_SREG, 1), u32(unix.NFTA_CMP_OP, unix.NFT_CMP_EQ), attr.Append(nil, unix.NFTA_CMP_DATA, value(0, 0, 64, 0))}, nil)
	source := bytes.Join([][]byte{u32(unix.NFTA_PAYLOAD_DREG, 1), u32(unix.NFTA_PAYLOAD_BASE, unix.NFT_PAYLOAD_NETWORK_HEADER),
		u32(unix.NFTA_PAYLOAD_OFFSET, 12), u32(unix.NFTA_PAYLOAD_LEN, 4)}, nil)
	looked := bytes.Join([][]byte{nfnl.Name(nil, unix.NFTA_LOOKUP_SET, "s"), u32(unix.NFTA_LOOKUP_SREG, 1)}, nil)
	f.Add(byte(unix.NFPROTO_IPV4), bytes.Join([][]byte{fuzzExpression("meta", mark), fuzzExpression("bitwise", masked), fuzzExpression("cmp", compared)}, nil))
	f.Add(byte(unix.NFPROTO_IPV4), bytes.Join([][]byte{fuzzExpression("payload", source), fuzzExpression("lookup", looked), fuzzExpression("counter", nil)}, nil))
	for name := range expressions {
		f.Add(byte(unix.NFPROTO_IPV4), fuzzExpression(name, source))
		f.Add(byte(unix.NFPROTO_IPV6), fuzzExpression(name, compared))
	}
	f.Fuzz(func(t *testing.T, family byte, expressions []byte) {
		if len(expressions) > 1<<12 {
			return
		}
		attrs := attr.Append(nil, unix.NFTA_RULE_EXPRESSIONS, expressions)
		attrs = attr.Append(attrs, unix.NFTA_RULE_USERDATA, expressions)
		element := decodeRuleElement(expressions)
		set := &ruleSet{elements: []ruleElement{element}}
		d := &decoder{family: family, table: "filter", sets: func(ruleSetKey) (*ruleSet, bool) { return set, true }}
		spellRule(&Table{Family: Families[family], Name: "filter"}, d.nftRule(attrs, nil))
		d.nftRule(attrs, func(m *Match) bool { return m.Holds([]byte{10, 0, 0, 1}) })
		decodeNFTChain(nfnl.Message{Family: family, Attrs: expressions})
	})
}

// The extensions' structs are what iptables put there, of whatever version.
func FuzzXTExtension(f *testing.F) {
	for key := range xtMatches {
		name, rev, _ := bytes.Cut([]byte(key), []byte(" "))
		f.Add(byte(unix.NFPROTO_IPV4), string(name), int(rev[0]-'0'), make([]byte, 160))
	}
	for _, name := range []string{"MARK", "CONNMARK", "LOG", "CT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "REJECT"} {
		for rev := range 3 {
			f.Add(byte(unix.NFPROTO_IPV6), name, rev, bytes.Repeat([]byte{255}, 64))
		}
	}
	f.Fuzz(func(t *testing.T, family byte, name string, rev int, data []byte) {
		d := &decoder{family: family, table: "filter"}
		d.begin()
		x := xt{family: family, name: name, rev: rev, data: data}
		d.addXTMatch(x)
		d.addXTTarget(x)
		spellRule(&Table{Family: Families[family], Name: "filter"}, d.end())
	})
}

// fuzzXTEntry is an entry without conditions whose target is a verdict.
func fuzzXTEntry(family byte, target string, data []byte) []byte {
	layout := xtLayouts[family]
	size := layout.matches + 32 + len(data)
	b := make([]byte, size)
	binary.NativeEndian.PutUint16(b[layout.target:], uint16(layout.matches))
	binary.NativeEndian.PutUint16(b[layout.next:], uint16(size))
	binary.NativeEndian.PutUint16(b[layout.matches:], uint16(32+len(data)))
	copy(b[layout.matches+2:], target)
	copy(b[layout.matches+32:], data)
	return b
}

func FuzzLegacyTable(f *testing.F) {
	for _, family := range xtables.Families {
		accept := fuzzXTEntry(family.Number, "", []byte{0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0})
		head := fuzzXTEntry(family.Number, xtHead, append([]byte("mine"), make([]byte, 28)...))
		f.Add(family.Number == unix.NFPROTO_IPV6, uint32(0), uint32(len(accept)), bytes.Join([][]byte{accept, accept, head, accept, head}, nil))
	}
	f.Fuzz(func(t *testing.T, six bool, entry, policy uint32, entries []byte) {
		family := xtables.Families[0]
		if six {
			family = xtables.Families[1]
		}
		blob := xtTable{xtables.Table{Family: family.Number, Info: xtables.Info{ValidHooks: 31}, Entries: entries}, family.Name, nil}
		copy(blob.Info.Name[:], "filter")
		for hook := range blob.Info.HookEntry {
			blob.Info.HookEntry[hook], blob.Info.Underflow[hook] = entry, policy
		}
		table := blob.decode()
		_ = table.lines()
		for i := range table.Chains {
			for rule := range table.Chains[i].Walk(nil) {
				spellRule(&table, rule)
			}
			table.Chains[i].Uses(map[string]bool{"tcp": true})
		}
	})
}
