package absent

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Unruled is the finding of a packet that no table has a route for which is asked, where main
// has one and is not asked; and how the packet would go on by it.
func Unruled(n *machine.Space, src netip.Addr, reply bool, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil {
		return nil, machine.RouteAnswer{}, false
	}
	route, ok := machine.BestRoute(snap, l.Dst, nil)
	f := source.Unruled{At: cause.At(n.Name), Lookup: l, Reply: reply, Main: route}
	for _, r := range snap.PolicyRules {
		if r.Family == 6 == l.Dst.Is6() {
			f.Rules = append(f.Rules, r)
		}
	}
	if !ok || slices.ContainsFunc(f.Rules, asksMain) {
		return nil, machine.RouteAnswer{}, false
	}
	link, _ := snap.Link(route.Dev)
	for _, r := range []netip.Addr{route.Src, sourceTo(snap, route.Via)} {
		if !src.IsValid() {
			src = r
		}
	}
	return f, fabric.WayOut{Dev: link, Via: route.Via}.Route(src), true
}

// VRFUnasked is the finding of a packet that comes in by a device of a VRF which has a way for
// it, or is its destination, where no policy rule has the tables of VRFs asked; and how it
// would go on.
func VRFUnasked(n *machine.Space, dev table.Link, reply bool, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	vrf, enslaved := n.VRFOf(dev)
	if !enslaved {
		return nil, machine.RouteAnswer{}, false
	}
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	asks := func(r table.PolicyRule) bool { return r.L3mdev && r.Family == 6 == l.Dst.Is6() }
	if err != nil || slices.ContainsFunc(snap.PolicyRules, asks) {
		return nil, machine.RouteAnswer{}, false
	}
	f := source.VRFUnasked{At: cause.At(n.Name), Lookup: l, Reply: reply, Dev: dev.Name, VRF: vrf}
	for _, own := range machine.AddressesOf(n, l.Dst) {
		if on, ok := snap.Link(own.Dev); ok && (on.Master == vrf.Name || on.Name == vrf.Name) {
			return f, machine.RouteAnswer{Kind: machine.KindLocal, Src: l.Dst}, true
		}
	}
	route, ok := machine.BestOf(snap, vrf.VRF, l.Dst)
	link, _ := snap.Link(route.Dev)
	return f, fabric.WayOut{Dev: link, Via: route.Via}.Route(l.Answer.Src), ok
}

// sourceTo is the source that main's route to an address gives.
func sourceTo(snap *table.Snapshot, to netip.Addr) netip.Addr {
	route, _ := machine.BestRoute(snap, to, nil)
	return route.Src
}

// asksMain reports whether a rule has the main table asked for every packet.
func asksMain(r table.PolicyRule) bool {
	all := table.PolicyRule{Family: r.Family, Priority: r.Priority, Action: "lookup", Table: machine.MainTable, SuppressPrefix: -1, SuppressGroup: -1, Proto: r.Proto}
	return r == all
}
