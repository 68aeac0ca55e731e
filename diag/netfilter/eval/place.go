package eval

import (
	"net/netip"
	"strings"

	"nstutor/diag/netfilter"
)

// Place is a rule, and where it stands. The zero value is that of no rule.
type Place struct {
	Table *netfilter.Table
	Chain *netfilter.Chain
	Rule  *netfilter.Rule
}

// Line is the rule as its tool spells it.
func (p Place) Line() string { return p.Table.RuleLine(p.Chain, p.Rule) }

// Line is the rule that decided, behind the name of the base chain where the rule's own
// spelling does not begin with it: one of nft that stands in that chain itself does.
func (r Result) Line() string {
	if strings.HasPrefix(r.Rule, r.At+" ") {
		return r.Rule
	}
	return r.At + ": " + r.Rule
}

// Untracked is the rule that keeps connection tracking from the packet: no rule of a
// nat chain sees it then (nf_nat_inet_fn()).
func (p Packet) Untracked() (Place, bool) {
	return p.conn.untracked, p.CTState == CTUntracked && p.conn.untracked.Rule != nil
}

// Sourced is the rule that gave the packet the source that it has.
func (p Packet) Sourced() (Place, bool) { return p.conn.sourced, p.conn.sourced.Rule != nil }

// SetOut is the source that the packet came to the namespace with.
func (p Packet) SetOut() netip.Addr { return p.conn.source.Addr() }

// Sent is the rule that gave the packet the destination that it has.
func (p Packet) Sent() (Place, bool) { return p.conn.sent, p.conn.sent.Rule != nil }

// LetBy is the rule that had the packet leave with the source that it had, before another
// one of the same chain of nat could give it one (nf_nat_inet_fn()).
func (p Packet) LetBy() (Place, bool) { return p.conn.letBy, p.conn.letBy.Rule != nil }

// Shortened is the rule that gave the packet its time to live, in this namespace.
func (p Packet) Shortened() Place { return p.conn.shortened }

// Tracked is the packet as it would be, were connection tracking on in the namespace and
// kept from it by no rule.
func (p Packet) Tracked() Packet {
	p.CTState, p.conn.untracked, p.conn.tracks = CTNew, Place{}, true
	return p
}

// Past returns p as though a rule were not there.
func (p Packet) Past(rule Place) Packet {
	p.past = rule
	return p
}

// is reports whether a rule is the one at the place.
func (p Place) is(t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule) bool {
	return p.Rule == rule || p.Rule != nil && rule.Handle != 0 && p.Rule.Handle == rule.Handle && p.Table.Family == t.Family && p.Table.Name == t.Name && p.Chain.Name == c.Name
}
