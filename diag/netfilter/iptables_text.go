package netfilter

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"

	"nstutor/diag/netfilter/fields"
)

// iptablesOption is how iptables asks for a field, and the extension it takes.
type iptablesOption struct {
	option string
	module string // empty for the rule's own conditions
	value  func(Match) (string, bool)
	after  string // an option of the extension that belongs to the field
}

var iptablesOptions = map[fields.Name]iptablesOption{
	"ip saddr": {"-s", "", iptablesAddr, ""}, "ip6 saddr": {"-s", "", iptablesAddr, ""},
	"ip daddr": {"-d", "", iptablesAddr, ""}, "ip6 daddr": {"-d", "", iptablesAddr, ""},
	"iifname": {"-i", "", iptablesDevice, ""}, "oifname": {"-o", "", iptablesDevice, ""},
	"meta l4proto": {"-p", "", iptablesSingle, ""}, "ip protocol": {"-p", "", iptablesSingle, ""}, "ip6 nexthdr": {"-p", "", iptablesSingle, ""},
	"tcp sport": {"--sport", "tcp", iptablesRange, ""}, "tcp dport": {"--dport", "tcp", iptablesRange, ""},
	"tcp flags": {"--tcp-flags", "tcp", iptablesTCPFlags, ""},
	"udp sport": {"--sport", "udp", iptablesRange, ""}, "udp dport": {"--dport", "udp", iptablesRange, ""},
	"th sport": {"--sports", "multiport", iptablesList, ""}, "th dport": {"--dports", "multiport", iptablesList, ""},
	"icmp type": {"--icmp-type", "icmp", iptablesNumber, ""}, "icmpv6 type": {"--icmpv6-type", "icmp6", iptablesNumber, ""},
	"icmp code": {"/", "icmp", iptablesNumber, ""}, "icmpv6 code": {"/", "icmp6", iptablesNumber, ""},
	"ct state":       {"--ctstate", "conntrack", iptablesStates, ""},
	"meta mark":      {"--mark", "mark", iptablesMark, ""},
	"ct mark":        {"--mark", "connmark", iptablesMark, ""},
	"fib saddr type": {"--src-type", "addrtype", iptablesTypes, ""}, "fib daddr type": {"--dst-type", "addrtype", iptablesTypes, ""},
	"fib saddr . iif type": {"--src-type", "addrtype", iptablesTypes, "--limit-iface-in"},
	"fib daddr . iif type": {"--dst-type", "addrtype", iptablesTypes, "--limit-iface-in"},
	"fib saddr . oif type": {"--src-type", "addrtype", iptablesTypes, "--limit-iface-out"},
	"fib daddr . oif type": {"--dst-type", "addrtype", iptablesTypes, "--limit-iface-out"},
}

// iptablesFirst is the order of a rule's own conditions in iptables-save.
var iptablesFirst = []string{"-s", "-d", "-i", "-o", "-p"}

func iptablesTable(t *Table) string {
	if t.Family == "ip6" {
		return "-6 -t " + t.Name // as ip6tables, and iptables itself, understands
	}
	return "-t " + t.Name
}

// iptablesRule is the rule as iptables-save prints it; false when a part of it
// has no form there.
func iptablesRule(t *Table, chain string, r *Rule) (string, bool) {
	words := []string{iptablesTable(t), "-A", chain}
	for _, first := range iptablesFirst {
		for _, m := range r.Matches {
			if o, ok := iptablesFieldOption(m); ok && o.option == first {
				text, ok := iptablesCondition(m, o)
				if !ok {
					return "", false
				}
				words = append(words, text)
			}
		}
	}
	module := ""
	for i := 0; i <= len(r.Matches); i++ {
		if r.Comment != "" && i == min(r.commentAfter, len(r.Matches)) {
			words, module = append(words, "-m comment --comment "+iptablesQuote(r.Comment)), ""
		}
		if i == len(r.Matches) {
			break
		}
		text, in, ok := iptablesExtension(r.Matches[i], module)
		if !ok {
			return "", false
		}
		switch {
		case text == "":
		case text[0] == '/' && in == module: // goes on with the condition before, as an ICMP code
			words[len(words)-1] += text
		default:
			words, module = append(words, text), in
		}
	}
	jump, ok := iptablesJump(t, r)
	if jump != "" {
		words = append(words, jump)
	}
	return strings.Join(words, " "), ok
}

// Words are a rule as the words of iptables, or of ip6tables, that append it. It is false
// where a part of it has no form there, and where one of them would need quotes.
func (t *Table) Words(c *Chain, r *Rule) (words []string, ok bool) {
	line, ok := iptablesRule(t, c.Name, r)
	line = strings.TrimPrefix(line, "-6 ")
	opaque := strings.ContainsAny(strings.Replace(line, " --to-source [", " ", 1), "\"'[\\") // an address of IPv6 with a port is not
	return strings.Fields(line), ok && !opaque
}

func iptablesFieldOption(m Match) (iptablesOption, bool) {
	if !m.Known() || len(m.Key) != 1 {
		return iptablesOption{}, false
	}
	o, ok := iptablesOptions[m.Key[0]]
	return o, ok
}

// iptablesExtension writes a condition of an extension; module is the one that
// the condition before belongs to, and need not be named again.
func iptablesExtension(m Match, module string) (text, in string, ok bool) {
	if m.Text != "" {
		if m.limit != nil {
			text, ok = m.limit.iptables()
			return text, "", ok
		}
		return m.Text, "", !m.nft
	}
	o, ok := iptablesFieldOption(m)
	if !ok {
		return "", "", false
	}
	if o.module == "" {
		return "", "", true // already written
	}
	in = o.module
	if m.module == "state" {
		o.option, in = "--state", "state"
	}
	if text, ok = iptablesCondition(m, o); ok && in != module {
		text = "-m " + in + " " + text
	}
	return text, in, ok
}

func iptablesCondition(m Match, o iptablesOption) (string, bool) {
	value, ok := o.value(m)
	if o.option == "/" {
		return "/" + value, ok && !m.Not
	}
	not := m.Not
	if m.Key[0] == "ct state" {
		not = !not // the mask's bits are compared with none
	}
	text := o.option + " " + value
	if o.after != "" {
		text += " " + o.after
	}
	if not {
		text = "! " + text
	}
	return text, ok
}

func iptablesSingle(m Match) (string, bool) {
	value, ok := m.single()
	if !ok || m.Mask != nil {
		return "", false
	}
	return fields.Text(m.Key[0], value), true
}

func iptablesNumber(m Match) (string, bool) {
	value, ok := m.single()
	return fields.NumberText(value), ok && m.Mask == nil
}

func iptablesAddr(m Match) (string, bool) {
	value, ok := m.single()
	if !ok {
		return "", false
	}
	mask := m.Mask
	if mask == nil {
		mask = bytes.Repeat([]byte{0xff}, len(value))
	}
	if bits, ok := fields.PrefixLen(mask); ok {
		return fmt.Sprintf("%s/%d", fields.AddrText(value), bits), true
	}
	return fields.AddrText(value) + "/" + net.IP(mask).String(), true
}

func iptablesDevice(m Match) (string, bool) {
	value, ok := m.single()
	if m.Mask != nil {
		return wildcard(value) + "+", ok
	}
	return wildcard(value), ok
}

func iptablesRange(m Match) (string, bool) {
	if len(m.OneOf) != 1 || m.Mask != nil {
		return "", false
	}
	return strings.ReplaceAll(fields.RangeText(m.Key[0], m.OneOf[0][0]), "-", ":"), true
}

func iptablesList(m Match) (string, bool) {
	var values []string
	for _, tuple := range m.OneOf {
		values = append(values, strings.ReplaceAll(fields.RangeText(m.Key[0], tuple[0]), "-", ":"))
	}
	return strings.Join(values, ","), m.Set == "" && m.Mask == nil
}

func iptablesTypes(m Match) (string, bool) {
	text, ok := iptablesList(m)
	return strings.ToUpper(text), ok
}

// iptablesStateNames are in the order that iptables writes them in.
var iptablesStateNames = []fields.Flag{
	{Bit: 0x1, Name: "INVALID"}, {Bit: 0x8, Name: "NEW"}, {Bit: 0x4, Name: "RELATED"}, {Bit: 0x2, Name: "ESTABLISHED"},
	{Bit: 0x40, Name: "UNTRACKED"},
}

func iptablesStates(m Match) (string, bool) {
	value, ok := m.single()
	if !ok || m.Mask == nil || !fields.AllZero(value) {
		return "", false
	}
	return strings.Join(fields.FlagNames(iptablesStateNames, fields.Number(m.Mask)), ","), true
}

func iptablesMark(m Match) (string, bool) {
	value, ok := m.single()
	if m.Mask != nil {
		return fmt.Sprintf("%#x/%#x", fields.Number(value), fields.Number(m.Mask)), ok
	}
	return fmt.Sprintf("%#x", fields.Number(value)), ok
}

func iptablesTCPFlags(m Match) (string, bool) {
	value, ok := m.single()
	mask := m.Mask
	if mask == nil {
		mask = []byte{0xff}
	}
	wanted := "NONE"
	if !fields.AllZero(value) {
		wanted = strings.Join(fields.FlagNames(fields.TCPFlags[:6], fields.Number(value)), ",")
	}
	looked := strings.Join(fields.FlagNames(fields.TCPFlags[:6], fields.Number(mask)), ",")
	return strings.ToUpper(looked + " " + wanted), ok && slices.Max(mask)&0xc0 == 0
}
