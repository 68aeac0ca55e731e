package machine

import (
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// late is the policy rule that takes a packet for one of the namespace's own addresses
// elsewhere, because it comes before the rule that has the table local asked, or because
// nobody has that asked any more; q is the packet as it comes in, and asked the table by
// which it goes. The rule has no Action where it is not that.
func (n *Space) late(q RouteQuery, asked int) table.PolicyRule {
	one, err := n.Ask()
	if err != nil {
		return table.PolicyRule{}
	}
	rules, err := one.PolicyRules()
	if err != nil {
		return table.PolicyRule{}
	}
	l := lookup{node: n, one: one, q: q}
	for _, r := range l.selecting(rules) {
		switch {
		case r.Action != "lookup" || r.L3mdev:
		case r.Table == unix.RT_TABLE_LOCAL:
			return table.PolicyRule{}
		case r.Table == asked && len(AddressesOf(n, q.Dst)) > 0:
			return r
		}
	}
	return table.PolicyRule{}
}

// AsksLocal reports whether a rule of IPv4 has table local asked for every packet, as the
// kernel's own does until somebody deletes it.
func (n *Space) AsksLocal() bool {
	snap, err := n.Snapshot(table.PolicyRules)
	return err != nil || slices.ContainsFunc(snap.PolicyRules, func(r table.PolicyRule) bool {
		return r.Family == 4 && r.Action == "lookup" && r.Table == unix.RT_TABLE_LOCAL
	})
}
