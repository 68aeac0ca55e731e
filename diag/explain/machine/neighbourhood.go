package machine

import (
	"net/netip"
	"slices"

	"nstutor/diag/table"
)

// What is in this file is asked when a way is looked for that a packet could take.

// AddressFor is the address of a router as a next hop for n: one on the device
// that it sends by, best of all in a prefix of n's. It is of the IP version of dst.
func AddressFor(router *Space, out string, n *Space, dev table.Link, dst netip.Addr) netip.Addr {
	link, err := router.Link(out)
	if err != nil {
		return netip.Addr{}
	}
	addrs, _ := router.Addrs(link.Index)
	own, _ := n.Addrs(dev.Index)
	var any netip.Addr
	for _, a := range addrs {
		if a.Prefix.Addr().Is4() != dst.Is4() || dst.Is6() && a.Prefix.Addr().IsLinkLocalUnicast() {
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
	snap, err := n.Snapshot(table.Links | table.Routes)
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

// FDBOf are those entries of a tunnel's forwarding database that are wanted.
func FDBOf(n *Space, dev table.Link, wanted func(table.FDBEntry) bool) []table.FDBEntry {
	one, err := n.Ask()
	if err != nil {
		return nil
	}
	entries, _ := one.VXLANFDB(dev.Index)
	return slices.DeleteFunc(entries, func(e table.FDBEntry) bool { return !wanted(e) })
}
