package netfilter

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/diag/netfilter/fields"
)

// Lines are the chains, sets and rules, one line each, table by table. Rules that
// iptables wrote are in the form of iptables-save, others in that of nft; counters
// are left out, and what is not understood is named in brackets.
func (s *RuleSet) Lines() []string {
	lines := []string{}
	for i := range s.Tables {
		lines = append(lines, s.Tables[i].lines()...)
	}
	return lines
}

// String is the Lines, each ended by a newline.
func (s *RuleSet) String() string {
	var b strings.Builder
	for _, line := range s.Lines() {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func (t *Table) lines() []string {
	var lines []string
	for _, set := range t.Sets {
		kind := "set"
		if set.Map {
			kind = "map"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s { %s }", t.Family, t.Name, kind, set.Name, strings.Join(set.Members, ", ")))
	}
	for i := range t.Chains {
		lines = append(lines, t.chainLine(&t.Chains[i]))
	}
	for i := range t.Chains {
		for j := range t.Chains[i].Rules {
			lines = append(lines, t.RuleLine(&t.Chains[i], &t.Chains[i].Rules[j]))
		}
	}
	return lines
}

// RuleLine is one rule of the chain, in the form of the tool that wrote it.
func (t *Table) RuleLine(chain *Chain, rule *Rule) string {
	if rule.IPTables {
		line, _ := iptablesRule(t, chain.Name, rule)
		return line
	}
	return strings.Join([]string{t.Family, t.Name, chain.Name, t.RuleText(rule)}, " ")
}

func (t *Table) chainLine(c *Chain) string {
	if t.Legacy {
		if c.Hook == "" {
			return iptablesTable(t) + " -N " + c.Name
		}
		return iptablesTable(t) + " -P " + c.Name + " " + strings.ToUpper(c.Policy)
	}
	line := t.Family + " " + t.Name + " " + c.Name
	if c.Hook == "" {
		return line
	}
	line += " hook " + c.Hook
	for _, dev := range c.Devices {
		line += " device " + dev
	}
	line += " priority " + priority(t.Family, c.Hook, c.Priority) + " policy " + c.Policy
	if t.Dormant {
		line += " flags dormant"
	}
	return line
}

// priorityName is a priority with a name, and the hooks that have it.
type priorityName struct {
	name  string
	value int
	hooks string // empty for all
}

var (
	priorityNames = []priorityName{
		{"raw", -300, ""}, {"mangle", -150, ""}, {"dstnat", -100, "prerouting output"}, {"filter", 0, ""},
		{"security", 50, ""}, {"srcnat", 100, "postrouting input"},
	}
	bridgePriorityNames = []priorityName{
		{"dstnat", -300, "prerouting"}, {"filter", -200, ""}, {"out", 100, "output"}, {"srcnat", 300, "postrouting"},
	}
)

// priority writes a priority as nft does: by name, or at most 10 from one.
func priority(family, hook string, priority int) string {
	names := priorityNames
	if family == "bridge" {
		names = bridgePriorityNames
	}
	for _, n := range names {
		if n.hooks != "" && !slices.Contains(strings.Fields(n.hooks), hook) {
			continue
		}
		switch diff := priority - n.value; {
		case diff == 0:
			return n.name
		case diff > 0 && diff <= 10:
			return fmt.Sprintf("%s + %d", n.name, diff)
		case diff < 0 && diff >= -10:
			return fmt.Sprintf("%s - %d", n.name, -diff)
		}
	}
	return strconv.Itoa(priority)
}

// RuleText is the rule in nft's syntax, without the chain.
func (t *Table) RuleText(r *Rule) string {
	var words []string
	effects := r.Effects
	for i := 0; i <= len(r.Matches); i++ {
		for len(effects) > 0 && effects[0].After <= i {
			words = append(words, nftEffect(effects[0]))
			effects = effects[1:]
		}
		if i < len(r.Matches) && !nftImplied(r, i) {
			words = append(words, nftMatch(r.Matches[i]))
		}
	}
	if verdict := nftTableVerdict(t, r.Verdict); verdict != "" {
		words = append(words, verdict)
	}
	if r.Comment != "" {
		words = append(words, "comment "+strconv.Quote(r.Comment))
	}
	return strings.Join(words, " ")
}

// nftImplied says that a later condition speaks of the protocol which this one
// demands, so that nft leaves this one out.
func nftImplied(r *Rule, at int) bool {
	m := r.Matches[at]
	value, ok := m.single()
	if !ok || m.Not || m.Mask != nil {
		return false
	}
	var protocols []string
	switch text := fields.Text(m.Key[0], value); m.Key[0] {
	case "meta nfproto":
		protocols = map[string][]string{"ipv4": {"ip", "icmp"}, "ipv6": {"ip6", "icmpv6"}}[text]
	case "meta protocol", "ether type":
		protocols = []string{text}
	case "meta l4proto":
		protocols = []string{strings.Replace(text, "ipv6-icmp", "icmpv6", 1)}
	}
	later := []string{r.Verdict.From}
	if r.Verdict.With != "tcp reset" {
		later = append(later, r.Verdict.With)
	}
	for _, m := range r.Matches[at+1:] {
		later = append(later, m.Text)
		for _, f := range m.Key {
			later = append(later, string(f))
		}
	}
	return slices.ContainsFunc(later, func(text string) bool {
		protocol, _, more := strings.Cut(text, " ")
		return more && slices.Contains(protocols, protocol)
	})
}

func nftEffect(e Effect) string {
	switch {
	case e.Text != "":
		return e.Text
	case e.Field == "meta notrack":
		return "notrack"
	case e.Mask == 0xffffffff:
		return fmt.Sprintf("%s set 0x%08x", e.Field, e.Xor)
	case e.Mask == e.Xor:
		return fmt.Sprintf("%s set %s | 0x%08x", e.Field, e.Field, e.Xor)
	case e.Xor == 0:
		return fmt.Sprintf("%s set %s & 0x%08x", e.Field, e.Field, ^e.Mask)
	case e.Mask == 0:
		return fmt.Sprintf("%s set %s ^ 0x%08x", e.Field, e.Field, e.Xor)
	case e.Mask&e.Xor == e.Xor:
		return fmt.Sprintf("%s set %s & 0x%08x | 0x%08x", e.Field, e.Field, ^e.Mask|e.Xor, e.Xor)
	default:
		return fmt.Sprintf("%s set %s & 0x%08x ^ 0x%08x", e.Field, e.Field, ^e.Mask, e.Xor)
	}
}

// nftTableVerdict is the verdict as in a table of this family: the usual answer
// goes without saying, and where both families meet, an address translation
// names its own.
func nftTableVerdict(t *Table, v Verdict) string {
	text := nftVerdict(v)
	usual := map[string]string{"ip": "icmp", "ip6": "icmpv6", "inet": "icmpx", "bridge": "icmpx"}
	if v.Kind == VerdictReject && v.With == usual[t.Family]+" port-unreachable" {
		return "reject"
	}
	if t.Family == "inet" && v.family != "" {
		return strings.Replace(text, " to ", " "+v.family+" to ", 1)
	}
	return text
}

func nftVerdict(v Verdict) string {
	switch v.Kind {
	case VerdictJump, VerdictGoto:
		return string(v.Kind) + " " + v.Chain
	case VerdictReject:
		return "reject with " + v.With
	case VerdictQueue:
		text := fmt.Sprintf("queue num %d", v.Queue.First)
		if v.Queue.Last != v.Queue.First {
			text += fmt.Sprintf("-%d", v.Queue.Last)
		}
		switch {
		case v.Queue.Bypass && v.Queue.Fanout:
			text += " bypass,fanout"
		case v.Queue.Bypass:
			text += " bypass"
		case v.Queue.Fanout:
			text += " fanout"
		}
		return text
	case VerdictMap:
		return v.From
	case VerdictUnknown:
		return v.Text
	case VerdictMasquerade, VerdictRedirect, VerdictSNAT, VerdictDNAT:
		words := []string{string(v.Kind)}
		if target := natTarget(v, "-"); target != "" {
			words = append(words, "to", target)
		}
		return strings.Join(append(words, v.Flags...), " ")
	default:
		return string(v.Kind)
	}
}

// natTarget is "first-last:port-port" as both tools write it.
func natTarget(v Verdict, portDash string) string {
	text := v.From
	if v.Addr.Min.IsValid() {
		text = natAddr(v.Addr.Min, v.Port.Min != 0)
		if v.Addr.Max != v.Addr.Min && v.Addr.Max.IsValid() {
			text += "-" + natAddr(v.Addr.Max, v.Port.Min != 0)
		}
	}
	if v.Port.Min != 0 {
		text += fmt.Sprintf(":%d", v.Port.Min)
		if v.Port.Max != v.Port.Min && v.Port.Max != 0 {
			text += fmt.Sprintf("%s%d", portDash, v.Port.Max)
		}
	}
	return text
}

func natAddr(a netip.Addr, withPort bool) string {
	if a.Is6() && withPort {
		return "[" + a.String() + "]"
	}
	return a.String()
}
