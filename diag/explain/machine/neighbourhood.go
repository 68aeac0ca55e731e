package machine

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/diag/table"
)

// What is in this file is asked when a way is looked for that a packet could take.

// PrefixLen is that of the device's own prefix which covers addr, or 32.
func PrefixLen(n *Space, link table.Link, addr netip.Addr) int {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return addr.BitLen()
	}
	for _, own := range addrs {
		if own.Prefix.Contains(addr) {
			return own.Prefix.Bits()
		}
	}
	return addr.BitLen()
}

// FreeName is a name that no device of the namespace has.
func FreeName(n *Space, name string) string {
	for i := 0; ; i++ {
		candidate := name + string(rune('0'+i%10))
		if _, err := n.Link(candidate); err != nil || i == 9 {
			return candidate
		}
	}
}

// AddressFor is the address of a router as a next hop for n: one on the device
// that it sends by, best of all in a prefix of n's.
func AddressFor(router *Space, out string, n *Space, dev table.Link) netip.Addr {
	link, err := router.Link(out)
	if err != nil {
		return netip.Addr{}
	}
	addrs, _ := router.Addrs(link.Index)
	own, _ := n.Addrs(dev.Index)
	var any netip.Addr
	for _, a := range addrs {
		if a.Family() != 4 {
			continue
		}
		if !any.IsValid() {
			any = a.Prefix.Addr()
		}
		for _, o := range own {
			if o.Prefix.Contains(a.Prefix.Addr()) {
				return a.Prefix.Addr()
			}
		}
	}
	return any
}

// MainRoute is the main table's route for an address, and its device.
func MainRoute(n *Space, dst netip.Addr) (table.Route, table.Link, bool) {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Routes})
	if err != nil {
		return table.Route{}, table.Link{}, false
	}
	route, ok := BestRoute(snap, dst, nil)
	if !ok {
		return table.Route{}, table.Link{}, false
	}
	link, err := n.Link(route.Dev)
	return route, link, err == nil
}

// VXLANOf finds the device of a namespace that belongs to the same VXLAN.
func VXLANOf(n *Space, net *table.VXLAN) (table.Link, bool, error) {
	devices, err := n.Devices()
	if err != nil {
		return table.Link{}, false, err
	}
	for _, d := range devices {
		if v := d.Link.VXLAN; v != nil && v.DstPort == net.DstPort && (v.VNI == net.VNI || v.External) {
			return d.Link, true, nil
		}
	}
	return table.Link{}, false, nil
}

// shared is the address space of carriers, which is as private (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Private reports whether an address means nothing to the world.
func Private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

// FDBOf are those entries of a tunnel's forwarding database that are wanted.
func FDBOf(n *Space, dev table.Link, wanted func(table.FDBEntry) bool) []table.FDBEntry {
	one, err := n.Ask()
	if err != nil {
		return nil
	}
	entries, _ := one.VXLANFDB(dev.Index)
	return slices.DeleteFunc(entries, func(e table.FDBEntry) bool { return !wanted(e) })
}
