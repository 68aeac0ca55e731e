package ruled

import (
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// Which are rules, by what they ask for and what they do: those that have all of what is
// not empty here.
type Which struct {
	To      string                // an address that they ask for as the destination
	Port    uint16                // a port that they ask for as the destination's
	Begun   bool                  // they ask for connections that have begun
	Verdict netfilter.VerdictKind // what they do
	Leads   string                // the address that they translate to
}

// established is the state that nf_conntrack gives packets of connections that have begun.
var established = []byte{0, 0, 0, 2}

// Has reports whether a rule is one of them.
func (w Which) Has(rule *netfilter.Rule) bool {
	switch {
	case w.Verdict != "" && rule.Verdict.Kind != w.Verdict:
		return false
	case w.Leads != "" && (!rule.Verdict.Addr.Min.IsValid() || rule.Verdict.Addr.Min.String() != w.Leads):
		return false
	case w.To != "" && !asks(rule, "ip daddr", netip.MustParseAddr(w.To).AsSlice()):
		return false
	case w.Begun && !asks(rule, "ct state", established):
		return false
	}
	port := []byte{byte(w.Port >> 8), byte(w.Port)}
	return w.Port == 0 || asks(rule, "tcp dport", port) || asks(rule, "udp dport", port)
}

// asks reports whether a rule asks for a field, and a value meets it.
func asks(rule *netfilter.Rule, field fields.Name, value []byte) bool {
	for _, m := range rule.Matches {
		if len(m.Key) == 1 && m.Key[0] == field && m.Holds(value) {
			return true
		}
	}
	return false
}

// String is what they have, in the words of nft.
func (w Which) String() string {
	var words []string
	if w.To != "" {
		words = append(words, "ip daddr "+w.To)
	}
	if w.Port != 0 {
		words = append(words, fmt.Sprintf("dport %d", w.Port))
	}
	if w.Begun {
		words = append(words, "ct state established")
	}
	if w.Verdict != "" {
		words = append(words, string(w.Verdict))
	}
	if w.Leads != "" {
		words = append(words, "to "+w.Leads)
	}
	return strings.Join(words, " ")
}
