package netfilter

import (
	"bytes"
	"strings"

	"nstutor/diag/netfilter/fields"
)

// Match is one condition of a rule. It holds when the masked values of Key
// are in one of the alternatives, or, with Not, in none of them.
type Match struct {
	Key   []fields.Name // more than one for a concatenation; none when Text is all that is known
	Mask  []byte        // of a single Key; nil looks at all of it
	Not   bool
	OneOf []fields.Tuple
	Set   string // name of the set that OneOf was read from; empty for an anonymous one
	// Text is a condition that is not taken apart: an option of iptables, or
	// "[expr NAME]". Unread is then the part of the rule that it stands for, if it
	// stands for one alone.
	Text   string
	Unread *Expr
	Lot    *Lot // nil: it depends on the packet alone

	module string // the iptables extension it came from
	limit  *rateLimit
	nft    bool   // Text is in nft's words, for which iptables has none
	bound  string // "<", "<=", ">" or ">=", when only one end of the range was given
}

// Known says whether the condition can be judged from the values of its Key.
func (m Match) Known() bool { return len(m.Key) > 0 && m.Text == "" && m.Lot == nil }

// Counts is the name of what a condition counts by, such as "limit", "quota" or "recent": whether
// it holds, only the kernel knows. It is empty for others.
func (m Match) Counts() string {
	name := m.module
	if m.Unread != nil {
		name = strings.TrimPrefix(m.Unread.Name, "match ")
	}
	switch name {
	case "limit", "hashlimit", "connlimit", "quota", "recent":
		return name
	}
	if m.limit != nil {
		return "limit"
	}
	return ""
}

// Holds says whether the condition is met by values, one for each field of
// Key, in network byte order. A condition that is not Known never holds.
func (m Match) Holds(values ...[]byte) bool {
	if !m.Known() || len(values) != len(m.Key) {
		return false
	}
	if m.Mask != nil {
		values = [][]byte{fields.And(values[0], m.Mask)}
	}
	for _, tuple := range m.OneOf {
		if tuple.Contains(values) {
			return !m.Not
		}
	}
	return m.Not
}

// single is the one value that the condition compares with, if there is one.
func (m Match) single() ([]byte, bool) {
	if len(m.Key) != 1 || len(m.OneOf) != 1 || m.Text != "" {
		return nil, false
	}
	r := m.OneOf[0][0]
	return r.Lo, bytes.Equal(r.Lo, r.Hi)
}

// ruleEqual is the condition that field has this value.
func ruleEqual(field fields.Name, value []byte) Match {
	return Match{Key: []fields.Name{field}, OneOf: []fields.Tuple{{fields.Exactly(value)}}}
}
