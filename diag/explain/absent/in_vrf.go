package absent

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// InVRF is the finding of a packet of no VRF that no table has a route for which is asked, where the
// table of one VRF alone has one; and how the packet would go on by it. begins tells that it is
// the namespace's own.
func InVRF(n *machine.Space, f flows.Flow, begins bool, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil {
		return nil, machine.RouteAnswer{}, false
	}
	found := source.InVRF{At: cause.At(n.Name), Lookup: l, Reply: f.Reply}
	for _, vrf := range snap.Links {
		route, ok := machine.BestOf(snap, vrf.VRF, l.Dst)
		if vrf.VRF == 0 || !ok || !vrf.Up() {
			continue
		}
		if found.VRF.VRF != 0 {
			return nil, machine.RouteAnswer{}, false // whoever asks has to say which one is meant
		}
		found.VRF, found.Route = vrf, route
	}
	link, up := snap.Link(found.Route.Dev)
	if found.VRF.VRF == 0 || !up || !link.Carrier() {
		return nil, machine.RouteAnswer{}, false
	}
	found.Gone = !slices.ContainsFunc(snap.PolicyRules, func(r table.PolicyRule) bool { return r.L3mdev && r.Family == 6 == l.Dst.Is6() })
	found.Way = remedy.Way{Netns: n.Name, Dev: link.Name, Via: found.Route.Via, Onlink: found.Route.Onlink}
	if !found.Route.Default() {
		found.Way.Net = found.Route.Dst
	}
	home, ok := machine.BestRoute(snap, f.Src, nil)
	back, _ := machine.BestOf(snap, found.VRF.VRF, f.Src)
	if !begins && ok && !home.Default() && machine.PrefixBits(back.Dst) < machine.PrefixBits(home.Dst) {
		found.Back = remedy.Way{Netns: n.Name, Net: home.Dst, Dev: home.Dev, Via: home.Via, Onlink: home.Onlink, Table: found.VRF.VRF}
	}
	if begins && f.DstPort != 0 {
		path := "net/ipv4/" + flows.Protocol(f.Proto) + "_l3mdev_accept" // for IPv6 as well
		if value, err := n.NS.ReadSysctl(path); err == nil && value == "0" {
			found.Deaf = &change.Sysctl{Netns: n.Name, Path: path, Value: "1"}
		}
	}
	src := f.Src
	if near, ok := machine.BestOf(snap, found.VRF.VRF, found.Route.Via); ok && !src.IsValid() {
		src = near.Src
	}
	return found, fabric.WayOut{Dev: link, Via: found.Route.Via}.Route(src), true
}
