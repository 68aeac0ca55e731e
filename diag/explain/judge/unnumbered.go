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

// inward are the kinds of devices that a node has for its pods and guests: whom their other ends
// belong to cannot be seen either, and is nobody who leads out.
var inward = []string{"veth", "tun"}

// outward reports whether a wire of a device leads out of sight, as that of an uplink does: not
// where it is a bridge for pods, or holds addresses alone, or carries packets in others.
func (j *Judge) outward(n *machine.Space, d machine.Device) bool {
	if d.Link.Has("NOARP") || d.Link.Has("POINTOPOINT") || d.Link.Kind == "tun" || d.Link.VXLAN != nil || d.Link.Tunnel != nil {
		return false
	}
	return slices.ContainsFunc(j.Explore(n, d.Link, flows.LegRequest, nil).Edges, func(e fabric.Edge) bool {
		return d.Link.Bridge == nil || !slices.Contains(inward, e.Dev.Kind)
	})
}

// unleased is the finding of a namespace whose devices that lead out of sight have no address, as
// without a lease of DHCP, and no routes.
func (j *Judge) unleased(n *machine.Space, l cause.Lookup) (cause.Finding, bool) {
	devices, err := n.DevicesFor(l.Dst)
	if err != nil {
		return nil, false
	}
	f := device.Unleased{At: at(n), Lookup: l}
	for _, d := range devices {
		lent := d.Link.Kind == "veth" && n.Conf(d.Link.Name, "proxy_arp") == 1
		if !d.Link.Up() || !d.Link.Carrier() || d.Link.Master != "" || lent || routed(n, d.Link, l.Dst) || !j.outward(n, d) {
			continue
		}
		if len(d.Addrs) > 0 {
			return nil, false
		}
		f.Links, f.Awaits = append(f.Links, d.Link), awaited(n, l.Dst, d.Link)
	}
	return f, len(f.Links) > 0
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
