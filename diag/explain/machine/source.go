package machine

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// discarded tells apart why the kernel drops a received IPv4 packet without a
// word. ip_route_input_slow() has one errno for all of it since Linux 6.13,
// EINVAL: for what no address may be, for a source that does not pass
// fib_validate_source(), and for a blackhole route.
func (l lookup) discarded(a RouteAnswer) RouteAnswer {
	dev := l.iif()
	switch {
	case dev == "" || !l.q.Src.Is4():
		return a
	case errors.Is(a.Err, unix.EXDEV): // older kernels say that it is rp_filter
		return l.unreturnable(l.wouldGo(a, KindRPFilter), dev)
	case l.unthinkable(l.q.Dst, dev), l.unthinkable(l.q.Src, dev):
		a.Kind = KindMartian
		if l.q.Dst.IsLoopback() || l.q.Src.IsLoopback() {
			a.Evidence = append(a.Evidence, l.node.confLines("route_localnet", "all", dev)...)
		}
		return a
	}
	accepted, known := l.sourceAccepted()
	if known && !accepted {
		return l.badSource(a, dev)
	}
	if reply, err := l.one.RouteEntry(table.RouteRequest{Dst: l.q.Dst, Mark: l.q.Mark}); err == nil && reply.Type != "unicast" && known {
		return l.wouldGo(a, KindMartian)
	}
	if black := l.rejected(a, KindBlackhole); black.Line != "" {
		return black
	}
	return l.badSource(a, dev)
}

// unthinkable reports whether the kernel takes no packet from or to addr,
// whatever the routes are.
func (l lookup) unthinkable(addr netip.Addr, dev string) bool {
	switch {
	case addr.IsLoopback():
		return !l.node.ConfOr(dev, "route_localnet")
	case addr.IsMulticast():
		return addr == l.q.Src
	}
	broadcast := addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return addr.IsUnspecified() || broadcast && addr == l.q.Src
}

// sourceAccepted asks the kernel about a packet with the same source to an
// address of the namespace's own: then nothing but the source can be wrong. It
// is not known when the namespace has no address to ask with.
func (l lookup) sourceAccepted() (accepted, known bool) {
	own, ok := l.ownAddress()
	if !ok {
		return false, false
	}
	_, err := l.one.Route(table.RouteRequest{Dst: own, Src: l.q.Src, IIF: l.q.IIF, Mark: l.q.Mark})
	return err == nil, true
}

// ownAddress is an address of the namespace: one of the device, or the one that
// it would take itself on the way to either end.
func (l lookup) ownAddress() (netip.Addr, bool) {
	addrs, _ := l.one.Addrs(l.q.IIF)
	for _, a := range addrs {
		if own := a.Prefix.Addr(); own.Is4() && own != l.q.Src {
			return own, true
		}
	}
	for _, to := range []netip.Addr{l.q.Dst, l.q.Src} {
		reply, err := l.one.Route(table.RouteRequest{Dst: to})
		if err == nil && reply.Src.Is4() && !reply.Src.IsLoopback() && reply.Src != l.q.Src {
			return reply.Src, true
		}
	}
	return netip.Addr{}, false
}

// badSource tells rp_filter from a source that would be refused without it:
// one that is an own address, or a broadcast one (__fib_validate_source()).
func (l lookup) badSource(a RouteAnswer, dev string) RouteAnswer {
	back, err := l.one.RouteEntry(l.wayBack(dev))
	if err == nil && back.Type != "unicast" {
		a = l.wouldGo(a, KindMartian)
		a.Evidence = append(append(a.Evidence, back.Line()), l.node.confLines("accept_local", "all", dev)...)
		return a
	}
	if l.node.confMax(dev, "rp_filter") > 0 {
		return l.unreturnable(l.wouldGo(a, KindRPFilter), dev)
	}
	return a
}

// wayBack is a packet to the source of this one. Its mark counts only where
// src_valid_mark is on.
func (l lookup) wayBack(dev string) table.RouteRequest {
	back := table.RouteRequest{Dst: l.q.Src}
	if l.node.ConfOr(dev, "src_valid_mark") {
		back.Mark = l.q.Mark
	}
	return back
}

// unreturnable adds the evidence for rp_filter.
func (l lookup) unreturnable(a RouteAnswer, dev string) RouteAnswer {
	back, err := l.one.Route(l.wayBack(dev))
	if err != nil {
		a.Evidence = append(a.Evidence, fmt.Sprintf("ip route get %s: %v", l.q.Src, unix.ENETUNREACH))
	} else {
		a.Evidence = append(a.Evidence, back.Line())
	}
	a.Evidence = append(a.Evidence, l.node.confLines("rp_filter", "all", dev)...)
	return a
}

// PrefixLen is that of the device's own prefix which covers addr, or that of the
// address alone.
func (n *Space) PrefixLen(link table.Link, addr netip.Addr) int {
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

// shared is the address space of carriers, which is as private (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Private reports whether an address means nothing to the world.
func Private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || shared.Contains(a)
}
