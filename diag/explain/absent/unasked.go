package absent

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Unasked is the finding of a packet that leaves by the main table's default route, with a
// source of another device's network: a table of its own has a way out by that device, and no
// policy rule has it asked for this source.
func Unasked(n *machine.Space, src netip.Addr, now machine.RouteAnswer) (found source.Unasked, ok bool) {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil || now.Entry.Table != machine.MainTable || !now.Entry.Default() {
		return source.Unasked{}, false
	}
	for _, r := range snap.Routes {
		if r.Table == machine.MainTable || r.Type != "unicast" || r.Dev == now.DevName || !r.Via.IsValid() || !r.Default() || r.Via.Is6() != src.Is6() {
			continue
		}
		link, ok := snap.Link(r.Dev)
		if !ok || !link.Carrier() {
			continue
		}
		if own, near := machine.PrefixOver(n, link, src); near {
			return source.Unasked{At: cause.At(n.Name), Src: src, Net: own.Masked(), Out: now.DevName, Line: now.Line, Route: r, Before: ruledBefore(snap, r)}, true
		}
	}
	return source.Unasked{}, false
}

// BackUnasked is Unasked for the way back to who sends to own, an address of n, as rp_filter asks
// for it.
func BackUnasked(n *machine.Space, own, sender netip.Addr) (found source.Unasked, ok bool) {
	if !n.Local(own) {
		return source.Unasked{}, false
	}
	found, ok = Unasked(n, own, n.Route(machine.RouteQuery{Dst: sender, Src: own}))
	found.Back = true
	return found, ok
}

// ruledBefore is the preference of the rules by which other sources have the table of a route
// asked; 0 where there are none.
func ruledBefore(snap *table.Snapshot, r table.Route) int {
	for _, rule := range snap.PolicyRules {
		if rule.Family == 6 == r.Via.Is6() && rule.Table == r.Table && rule.Src.IsValid() {
			return rule.Priority
		}
	}
	return 0
}
