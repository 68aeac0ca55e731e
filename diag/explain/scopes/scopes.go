// Package scopes says what keeps an address of IPv6 from being used: that it is of one
// link alone, or that its namespace does not know whether it is its own.
package scopes

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/ipv6"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Unconfirmed is the finding of an address that a device has and may not use, which hop
// asks for.
func Unconfirmed(n *machine.Space, dev table.Link, addr netip.Addr, hop cause.NextHop) cause.Finding {
	f := ipv6.Contested{At: cause.At(n.Name), Hop: hop, Dev: dev.Name}
	addrs, _ := n.Addrs(dev.Index)
	for _, own := range addrs {
		if own.Prefix.Addr() == addr {
			f.Addr = own
		}
	}
	return named(f)
}

func named(f ipv6.Contested) cause.Finding {
	if slices.Contains(f.Addr.Flags, "dadfailed") {
		return f
	}
	return ipv6.Tentative{Contested: f}
}

// OfLink reports whether an address is of a link alone: no router passes on what comes
// from it.
func OfLink(addr netip.Addr) bool { return addr.Is6() && addr.IsLinkLocalUnicast() }

// Source is the finding of a packet with a link-local source that a router should pass on:
// its sender has no other one on the device that it leaves by, or may not use it. free is
// an address that the device could have.
func Source(n *machine.Space, dev string, src, dst netip.Addr, router *machine.Space, free func(table.Link) remedy.Address) cause.Finding {
	link, err := n.Link(dev)
	addrs, failed := n.Addrs(link.Index)
	if err == nil && failed == nil {
		for _, own := range addrs {
			if a := own.Prefix.Addr(); a.Is6() && !OfLink(a) && (slices.Contains(own.Flags, "dadfailed") || slices.Contains(own.Flags, "tentative")) {
				return named(ipv6.Contested{At: cause.At(n.Name), Dev: dev, Addr: own})
			}
		}
	}
	return ipv6.OutOfScope{At: cause.At(n.Name), Src: src, Dst: dst, Dev: dev, Addrs: addrs, Router: router.Name, Free: free(link)}
}
