package fabric

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// TooWide is the finding of a device whose own prefix says that the destination is on its
// wire, while a router there has a narrower one, and knows the way. hop is the next hop
// that is looked for, which is the destination itself.
func TooWide(x *Explorer, n *machine.Space, dev table.Link, hop cause.NextHop) (cause.Finding, Station, bool) {
	own, ok := machine.PrefixOver(n, dev, hop.Addr)
	if !ok {
		return nil, Station{}, false
	}
	for _, s := range x.Stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		far, ok := s.Narrower(own, hop.Addr)
		if !ok {
			continue
		}
		noDefault := n.Route(machine.RouteQuery{Dst: machine.Documentation}).Kind != machine.KindUnicast
		return device.TooWide{NextHop: hop, Own: own, Far: far, FarDev: s.Dev.Name, NoDefault: noDefault}, s, true
	}
	return nil, Station{}, false
}

// TooNarrow is the finding of a namespace without a route to a destination that is on the
// wire of a device of its own: those there have a wider prefix that holds both. on are the
// stations of a device's wire. With it comes the route that is missing.
func TooNarrow(n *machine.Space, dst netip.Addr, on func(table.Link) []Station) (cause.Finding, machine.RouteAnswer, bool) {
	devices, err := n.DevicesFor(dst)
	if err != nil {
		return nil, machine.RouteAnswer{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || len(d.Addrs) == 0 || d.Link.Master != "" {
			continue
		}
		own := d.Addrs[0].Prefix
		for _, s := range on(d.Link) {
			far, ok := s.Wider(own, dst)
			if !ok {
				continue
			}
			f := device.TooNarrow{At: cause.At(n.Name), Dst: dst, Own: own, Dev: d.Link.Name, Far: far, FarDev: s.Dev.Name}
			return f, machine.RouteAnswer{Kind: machine.KindUnicast, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}, true
		}
	}
	return nil, machine.RouteAnswer{}, false
}
