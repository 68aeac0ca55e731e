package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Untold is the finding of a packet that leaves by main's default route, where another table has
// a narrower one to its destination, and no policy rule has that table asked for anything.
func Untold(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) (cause.Finding, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil || now.Entry.Table != machine.MainTable || !now.Entry.Default() {
		return nil, false
	}
	asked := func(which int) bool {
		return slices.ContainsFunc(snap.PolicyRules, func(r table.PolicyRule) bool { return r.Family == 6 == dst.Is6() && r.Table == which }) ||
			slices.ContainsFunc(snap.Links, func(l table.Link) bool { return l.VRF == which })
	}
	var best table.Route
	for _, r := range snap.Routes {
		link, ok := snap.Link(r.Dev)
		if r.Type == "unicast" && r.Dst.Contains(dst) && !r.Default() && ok && link.Carrier() && r.Dev != now.DevName && !asked(r.Table) && (best.Type == "" || r.Dst.Bits() > best.Dst.Bits()) {
			best = r
		}
	}
	return source.Untold{At: cause.At(n.Name), Dst: dst, Line: now.Line, Route: best}, best.Type != ""
}
