package steps

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag"
)

// packet is what a rule of the nat table can look at on the way out: a ping.
type packet struct {
	src, dst netip.Addr
	out      string // device
}

// field is the value of one of the fields that the course's rules use.
func (p packet) field(name diag.RuleField) ([]byte, bool) {
	switch name {
	case "ip saddr":
		return p.src.AsSlice(), true
	case "ip daddr":
		return p.dst.AsSlice(), true
	case "oifname":
		padded := make([]byte, 16)
		copy(padded, p.out)
		return padded, true
	case "meta nfproto":
		return []byte{unix.NFPROTO_IPV4}, true
	case "meta l4proto", "ip protocol":
		return []byte{unix.IPPROTO_ICMP}, true
	}
	return nil, false
}

// rewritesSource says whether the chains behind the hook postrouting give the
// packet another source address.
func rewritesSource(set *diag.RuleSet, p packet) bool {
	for _, table := range set.Tables {
		if table.Dormant {
			continue
		}
		for _, chain := range table.Chains {
			if chain.Hook == "postrouting" && chain.Type == "nat" {
				if verdict(&table, &chain, p, 0) == diag.VerdictMasquerade {
					return true
				}
			}
		}
	}
	return false
}

// verdict follows the packet through a chain. SNAT counts as masquerading.
func verdict(table *diag.RuleTable, chain *diag.RuleChain, p packet, depth int) diag.RuleVerdictKind {
	const maxDepth = 16 // NFT_JUMP_STACK_SIZE
	for _, rule := range chain.Rules {
		if !slices.ContainsFunc(rule.Matches, func(m diag.RuleMatch) bool { return !p.meets(m) }) {
			switch kind := rule.Verdict.Kind; kind {
			case diag.VerdictMasquerade, diag.VerdictSNAT:
				return diag.VerdictMasquerade
			case diag.VerdictJump, diag.VerdictGoto:
				next, ok := table.Chain(rule.Verdict.Chain)
				if !ok || depth == maxDepth {
					continue
				}
				if v := verdict(table, next, p, depth+1); v != diag.VerdictContinue || kind == diag.VerdictGoto {
					return v
				}
			case diag.VerdictReturn:
				return diag.VerdictContinue
			case diag.VerdictAccept, diag.VerdictDrop:
				return kind
			}
		}
	}
	return diag.VerdictContinue
}

// meets says whether the packet meets a condition. One that looks at something
// else than the fields above is not met.
func (p packet) meets(m diag.RuleMatch) bool {
	values := make([][]byte, len(m.Key))
	for i, key := range m.Key {
		value, ok := p.field(key)
		if !ok {
			return false
		}
		values[i] = value
	}
	return m.Known() && m.Holds(values...)
}
