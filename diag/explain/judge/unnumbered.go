package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// behindUnnumbered: a namespace that passes packets on has a device that is on and has
// neither an address nor a route, and on its wire somebody leads to the destination. Or it
// is in the network there, and nobody has it: then it is the address that is missing.
func (j *Judge) behindUnnumbered(n *machine.Space, p journey.Packet, l cause.Lookup) (Ruling, bool) {
	devices, err := n.DevicesFor(p.Dst)
	if err != nil {
		return Ruling{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || !d.Link.Carrier() || d.Link.Master != "" || len(d.Addrs) > 0 || routed(n, d.Link, p.Dst) {
			continue
		}
		f := device.Unnumbered{At: at(n), Link: d.Link, Lookup: l, Address: j.Address(n, d.Link, p.Dst)}
		own := f.Address.Prefix
		if !own.IsValid() {
			continue
		}
		if own.Contains(p.Dst) && len(fabric.Owners(j.joined(n), p.Dst)) == 0 {
			f.Address.Prefix = netip.PrefixFrom(p.Dst, own.Bits())
			return Ruling{Finding: f, Next: machine.RouteAnswer{Kind: machine.KindLocal, Src: p.Src}}, true
		}
		d.Addrs = []table.Addr{{Prefix: own}}
		wire := j.Explore(n, d.Link, flows.LegRequest, nil)
		via, knows := fabric.Gateway(n, d, p.Dst, wire)
		switch there := func(s fabric.Station) bool { return s.Space != nil && s.Has(p.Dst) }; {
		case !knows, own.Contains(p.Dst) && !slices.ContainsFunc(wire.Stations, there):
			continue
		case own.Contains(p.Dst):
			return Ruling{Finding: f, Next: fabric.WayOut{Dev: d.Link}.Route(p.Src)}, true
		}
		way := fabric.WayOut{Dev: d.Link, Via: via}
		f.Way = j.firstWay(n, way, p.Dst)
		return Ruling{Finding: f, Next: way.Route(p.Src)}, true
	}
	return Ruling{}, false
}

// routed reports whether routes to addresses like one lead out of a device.
func routed(n *machine.Space, dev table.Link, like netip.Addr) bool {
	snap, err := n.Snapshot(table.Links | table.Routes)
	return err != nil || slices.ContainsFunc(snap.Routes, func(r table.Route) bool {
		by := func(h table.Nexthop) bool { return h.Dev == dev.Name }
		return r.Dst.Addr().Is4() == like.Is4() && r.Type == "unicast" && (r.Dev == dev.Name || slices.ContainsFunc(r.Nexthops, by)) &&
			!r.Dst.Addr().IsLinkLocalUnicast()
	})
}
