package machine

import (
	"net/netip"
	"os"
	"slices"
	"strconv"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// The tables that every namespace has.
const (
	MainTable  = 254 // RT_TABLE_MAIN
	LocalTable = 255 // RT_TABLE_LOCAL
)

// defaultTTL is what packets begin with where nobody has said otherwise.
const defaultTTL = 64

// covers reports whether a route's destination has addr in it; the zero prefix
// is that of a default route.
func covers(p netip.Prefix, addr netip.Addr) bool { return !p.IsValid() || p.Contains(addr) }

// PrefixBits is the length of a prefix; 0 for the zero one, of a default route.
func PrefixBits(p netip.Prefix) int { return max(p.Bits(), 0) }

// SameRoute reports whether two are one entry of a table.
func SameRoute(a, b table.Route) bool {
	return a.Dst == b.Dst && a.Table == b.Table && a.Metric == b.Metric && a.Dev == b.Dev && a.Via == b.Via
}

// BestRoute is the route of the main table that a packet to dst takes: the longest
// prefix, then the lowest metric. Those of but, which may be nil, do not count.
func BestRoute(snap *table.Snapshot, dst netip.Addr, but func(table.Route) bool) (table.Route, bool) {
	return best(snap, MainTable, dst, func(r table.Route) bool { return r.Type == "unicast" && (but == nil || !but(r)) })
}

// BestOf is the same of another table.
func BestOf(snap *table.Snapshot, number int, dst netip.Addr) (table.Route, bool) {
	return best(snap, number, dst, func(r table.Route) bool { return r.Type == "unicast" })
}

// best is the same of the routes that count.
func best(snap *table.Snapshot, number int, dst netip.Addr, counts func(table.Route) bool) (table.Route, bool) {
	var found *table.Route
	for i := range snap.Routes {
		r := &snap.Routes[i]
		if r.Table != number || !covers(r.Dst, dst) || !counts(*r) {
			continue
		}
		if found == nil || PrefixBits(r.Dst) > PrefixBits(found.Dst) || PrefixBits(r.Dst) == PrefixBits(found.Dst) && r.Metric < found.Metric {
			found = r
		}
	}
	if found == nil {
		return table.Route{}, false
	}
	return *found, true
}

// ARPSender is the address that an ARP request for target says it comes from:
// the packet's own source, if that is an address of the namespace, or else one
// of the device (arp_solicit()).
func ARPSender(n *Space, link table.Link, source, target netip.Addr) netip.Addr {
	if target.Is6() {
		return n.solicitor(link, source)
	}
	addrs, _ := n.Addrs(link.Index)
	var chosen netip.Addr
	for _, a := range addrs {
		if a.Family() != 4 {
			continue
		}
		if !chosen.IsValid() || a.Prefix.Contains(target) {
			chosen = a.Prefix.Addr()
		}
		if a.Prefix.Contains(target) {
			break
		}
	}
	announce := n.confMax(link.Name, "arp_announce")
	own := announce < 2 && n.Local(source)
	if own && announce == 1 {
		own = slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Contains(source) && a.Prefix.Contains(target) })
	}
	switch {
	case own:
		return source
	case chosen.IsValid():
		return chosen
	}
	// A device without an address borrows another's (inet_select_addr()).
	borrowed, err := n.Env().MasqueradeAddr(link.Name, target)
	if err != nil || !borrowed.IsValid() {
		return source
	}
	return borrowed
}

// AddressesOf are the places where the devices but lo have an address.
func AddressesOf(n *Space, addr netip.Addr) []table.Addr {
	devices, err := n.DevicesFor(addr)
	if err != nil {
		return nil
	}
	var found []table.Addr
	for _, d := range devices {
		for _, a := range d.Addrs {
			if a.Prefix.Addr() == addr {
				found = append(found, a)
			}
		}
	}
	return found
}

// LikelyHop is the address of a permanent entry on a device, which somebody meant to be a
// next hop, or of one who has said that it is a router (NTF_ROUTER); of the IP version of
// another address.
func LikelyHop(n *Space, dev string, of netip.Addr) netip.Addr {
	snap, err := n.Snapshot(table.Links | table.Neighbours)
	if err != nil {
		return netip.Addr{}
	}
	for _, entry := range snap.Neighbours {
		if entry.Dev == dev && (entry.State == "PERMANENT" || entry.Router) && entry.Dst.Is4() == of.Is4() {
			return entry.Dst
		}
	}
	return netip.Addr{}
}

// PrefixOver is the address of a device whose prefix has addr in it.
func PrefixOver(n *Space, link table.Link, addr netip.Addr) (netip.Prefix, bool) {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		if a.Prefix.Contains(addr) {
			return a.Prefix, true
		}
	}
	return netip.Prefix{}, false
}

// NextHopBy reports whether the kernel takes an address for a next hop by a device without
// being told that it is on the wire: a route of the device's without a gateway leads there, or
// will once it is up (fib_check_nh()). That of its address may have been taken away.
func NextHopBy(n *Space, link table.Link, via netip.Addr) bool {
	if via.Is6() && via.IsLinkLocalUnicast() {
		return true
	}
	snap, err := n.Snapshot(table.Links | table.Routes | table.Addrs)
	if _, near := PrefixOver(n, link, via); err != nil || !link.Up() && near {
		return near
	}
	asked := MainTable // and not those of policy rules: which of them are asked for it is not known
	if vrf, in := n.VRFOf(link); in {
		asked = vrf.VRF
	}
	return slices.ContainsFunc(snap.Routes, func(r table.Route) bool {
		return r.Table == asked && r.Dev == link.Name && r.Type == "unicast" && !r.Via.IsValid() && len(r.Nexthops) == 0 && r.Dst.Contains(via)
	})
}

// RoutesBy reports whether a namespace has a route by way of an address that is not the
// default: who wrote that takes it for a router of one's own.
func RoutesBy(n *Space, via netip.Addr) bool {
	snap, err := n.Snapshot(table.Links | table.Routes)
	return err == nil && slices.ContainsFunc(snap.Routes, func(r table.Route) bool { return r.Via == via && !r.Default() })
}

// Routed reports whether an address is behind a router of a namespace: whoever has written the route
// to it may have told others of it.
func Routed(n *Space, addr netip.Addr) bool { return n.Route(RouteQuery{Dst: addr}).Via.IsValid() }

// HasHostRoute reports whether addr has a route of its own.
func HasHostRoute(n *Space, addr netip.Addr) bool {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(snap.Routes, func(r table.Route) bool {
		return r.Table == MainTable && r.Dst.IsSingleIP() && r.Dst.Addr() == addr
	})
}

// HasFamily reports whether one of the addresses is of the IP version of another. A
// link-local one, which every device has that has IPv6, does not count.
func HasFamily(addrs []table.Addr, of netip.Addr) bool {
	return slices.ContainsFunc(addrs, func(a table.Addr) bool {
		own := a.Prefix.Addr()
		return own.Is4() == of.Is4() && (own.Is4() || !own.IsLinkLocalUnicast())
	})
}

// Networkless reports whether a device of n has no address of the network that an address
// is of, and n has that address nowhere else. has is one of that IP version that it has.
func Networkless(n *Space, dev table.Link, of netip.Addr) (has netip.Prefix, ok bool) {
	addrs, err := n.Addrs(dev.Index)
	if err != nil || !of.IsValid() || n.Local(of) {
		return has, false
	}
	for _, a := range addrs {
		if a.Prefix.Contains(of) {
			return has, false
		}
		if HasFamily([]table.Addr{a}, of) {
			has = a.Prefix
		}
	}
	return has, true
}

// FirstOther is the lowest address that a host can have of the network of an own address,
// where that is another one.
func FirstOther(own netip.Prefix) (first netip.Addr, ok bool) {
	first = own.Masked().Addr().Next()
	return first, first != own.Addr() && own.Contains(first)
}

// DefaultTTL is what the namespace's packets to an address begin with that leave by a device:
// IPv6 has it of each (ip6_dst_hoplimit()); and the setting that says so.
func DefaultTTL(n *Space, dst netip.Addr, dev string) (ttl int, setting string) {
	setting = "net/ipv4/ip_default_ttl"
	if dst.Is6() {
		setting = "net/ipv6/conf/" + dev + "/hop_limit"
	}
	value, err := n.Sysctl(setting)
	if err != nil {
		return defaultTTL, setting
	}
	if ttl, err = strconv.Atoi(value); err != nil {
		return defaultTTL, setting
	}
	return ttl, setting
}

// ConntrackRaisable reports whether the maximum of the table can be set in a namespace.
func ConntrackRaisable(n *Space) bool {
	writable := false
	err := n.NS.Do(func() error {
		info, err := os.Stat("/proc/sys/net/netfilter/nf_conntrack_max")
		writable = err == nil && info.Mode()&0o200 != 0
		return err
	})
	return err == nil && writable
}

// OneOfDefaults reports whether a route is a default one, and there is another by another
// device.
func (n *Space) OneOfDefaults(route RouteAnswer) bool {
	e := route.Entry
	return e.Type != "" && e.Default() && n.HasOtherDefault(e.Table, route.DevName)
}

// HasOtherDefault reports whether a routing table has a default route by another
// device than dev.
func (n *Space) HasOtherDefault(which int, dev string) bool {
	snap, err := n.Snapshot(table.Links | table.Routes)
	return err == nil && slices.ContainsFunc(snap.Routes, func(r table.Route) bool {
		return r.Type == "unicast" && r.Default() && r.Table == which && r.Dev != dev
	})
}

// Documentation is an address for which only a default route is right (RFC 5737).
var Documentation = netip.MustParseAddr("192.0.2.1")

// Elsewhere is such an address of the other's family (RFC 3849).
func Elsewhere(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		return netip.MustParseAddr("2001:db8::1")
	}
	return Documentation
}

// Without is the route in the main table that a packet would take if the one
// that rejects it were not there: the longest prefix, then the lowest metric.
func (n *Space) Without(dst, src netip.Addr) (RouteAnswer, bool) {
	rest, link, ok := MainRoute(n, dst)
	if !ok {
		return RouteAnswer{}, false
	}
	if !src.IsValid() {
		src = n.Route(RouteQuery{Dst: Elsewhere(dst), OIF: link.Index}).Src
	}
	return RouteAnswer{
		Kind: KindUnicast, Via: rest.Via, Dev: link.Index, DevName: link.Name, Src: src, Line: rest.Line(), Onlink: rest.Onlink,
	}, true
}

// RejectedBehind is the main table's route that rejects a packet to dst, too, where the
// policy rule, or the route for dst alone, that rejects it now is gone.
func (n *Space) RejectedBehind(dst netip.Addr, now RouteAnswer) (RouteAnswer, bool) {
	alone := now.Entry.Type != "" && now.Entry.Table == MainTable && now.Entry.Dst.IsSingleIP()
	snap, err := n.Snapshot(table.Routes)
	if err != nil || now.Rule.Action == "" && !alone {
		return RouteAnswer{}, false
	}
	r, ok := best(snap, MainTable, dst, func(r table.Route) bool { return !alone || !SameRoute(r, now.Entry) })
	if kind := RouteKind(r.Type); ok && kind.Rejects() {
		return RouteAnswer{Kind: kind, Table: MainTable, Line: r.Line(), Entry: r, Evidence: []string{r.Line()}}, true
	}
	return RouteAnswer{}, false
}

// Tracks reports whether a rule of the namespace needs connection tracking.
func (n *Space) Tracks() bool {
	rules, err := n.Rules()
	if err != nil {
		return false
	}
	tables := make([]*netfilter.Table, 0, len(rules.Tables))
	for i := range rules.Tables {
		tables = append(tables, &rules.Tables[i])
	}
	return eval.Tracks(tables)
}
