package fabric

import (
	"net/netip"

	"nstutor/diag/explain/configured"
	"nstutor/diag/explain/machine"
)

// Gateway is whom a default route on the device should name: an address in the device's
// prefix, or one for next hops alone (169.254.0.0/16), of one of the stations on its wire who
// knows the way, else the one that a file of the machine names, else of anybody there, else
// whom something here takes for it, else, where all of the wire can be seen, the prefix's
// first, for which proxy ARP may stand. It is invalid where nobody tells.
func Gateway(n *machine.Space, d machine.Device, dst netip.Addr, wire *Explorer) (_ netip.Addr, knows bool) {
	own := d.Addrs[0].Prefix
	anybody := machine.LikelyHop(n, d.Link.Name, dst)
	if named, _ := told(n, d, wire.Stations); !anybody.IsValid() && named.Is4() == dst.Is4() {
		anybody = named
	}
	for _, s := range wire.Stations {
		if s.Space == nil || s.Space == n {
			continue
		}
		addrs, err := s.Space.Addrs(s.Dev.Index)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			near := own.Contains(a.Prefix.Addr()) || a.Prefix.Contains(own.Addr()) || own.IsSingleIP() || dst.Is4() && a.Prefix.Addr().IsLinkLocalUnicast()
			if a.Prefix.Addr().Is4() != dst.Is4() || a.Prefix.Addr() == own.Addr() || !near {
				continue
			}
			route := s.Space.Route(machine.RouteQuery{Dst: dst})
			forwards := s.Space.Conf(s.Dev.Name, "forwarding") == 1
			if !anybody.IsValid() && (forwards || route.Kind == machine.KindUnicast && route.Dev != s.Dev.Index) {
				anybody = a.Prefix.Addr()
			}
			if route.Kind == machine.KindLocal || forwards && route.Kind == machine.KindUnicast && route.Dev != s.Dev.Index {
				return a.Prefix.Addr(), true
			}
		}
	}
	if named, ok := Configured(d, dst); ok {
		return named.Addr, true
	}
	hinted, _ := Hinted(n, d, wire.Stations)
	switch {
	case anybody.IsValid():
		return anybody, false
	case dst.Is6():
		return netip.Addr{}, false
	case hinted.IsValid():
		return hinted, false
	case own.IsSingleIP(): // nobody else fits in there
		return linkLocalGateway, false
	}
	if first, ok := machine.FirstOther(own); ok && wire.Whole() {
		return first, false
	}
	return netip.Addr{}, false // any guess may be somebody else
}

// Configured is the gateway that a file of the machine names for a device.
func Configured(d machine.Device, dst netip.Addr) (configured.Gateway, bool) {
	asked := configured.Device{Name: d.Link.Name, Index: d.Link.Index}
	for _, a := range d.Addrs {
		asked.Addrs = append(asked.Addrs, a.Prefix)
	}
	return configured.Of("/", asked, dst)
}

// linkLocalGateway is the next hop that nobody needs to have, as pod networks
// use it: with onlink, and proxy ARP or the address at the other end.
var linkLocalGateway = netip.MustParseAddr("169.254.1.1")
