package machine

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// Late is the policy rule that takes a packet for one of the namespace's own addresses
// elsewhere, because it comes before the rule that has the table local asked, or because
// nobody has that asked any more; q is the packet as it comes in. It has no Action where
// it is not that.
func (n *Space) Late(q RouteQuery) table.PolicyRule {
	one, err := n.Ask()
	if err != nil {
		return table.PolicyRule{}
	}
	rules, err := one.PolicyRules()
	if err != nil {
		return table.PolicyRule{}
	}
	asked, l := n.Route(q).Table, lookup{node: n, one: one, q: q}
	for _, r := range rules {
		switch {
		case r.Family == 4 != q.Dst.Is4() || r.Action != "lookup" || r.L3mdev || !l.selectedBy(r):
		case r.Table == unix.RT_TABLE_LOCAL:
			return table.PolicyRule{}
		case r.Table == asked && n.owns(q.Dst):
			return r
		}
	}
	return table.PolicyRule{}
}

// owns reports whether a device of the namespace has the address.
func (n *Space) owns(addr netip.Addr) bool {
	devices, err := n.DevicesFor(addr)
	return err == nil && slices.ContainsFunc(devices, func(d Device) bool {
		return slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Addr() == addr })
	})
}
