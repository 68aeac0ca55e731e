package resolve

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/internal/nsenter"
)

// candidate is an address, and the source that the kernel selects for it; none where there
// is no way to it.
type candidate struct{ addr, src netip.Addr }

// inOrder sorts addresses as getaddrinfo(3) does (RFC 6724, section 6), by the sources that
// the namespace's kernel selects for them, and by the table of gai.conf; what cannot be
// asked stays as it is.
func (t table) inOrder(ns *nsenter.Namespace, addrs []netip.Addr) []netip.Addr {
	if len(addrs) < 2 {
		return addrs
	}
	candidates := make([]candidate, len(addrs))
	err := nsenter.In(ns, func() error {
		for i, addr := range addrs {
			candidates[i] = candidate{addr, sourceFor(addr)}
		}
		return nil
	})
	if err != nil {
		return addrs
	}
	slices.SortStableFunc(candidates, t.compare)
	sorted := make([]netip.Addr, len(addrs))
	for i, c := range candidates {
		sorted[i] = c.addr
	}
	return sorted
}

// sourceFor is the source that the kernel of the calling thread's namespace selects; it is
// not told anything that it would send.
func sourceFor(addr netip.Addr) netip.Addr {
	fd, err := unix.Socket(dial.Family(addr), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}
	}
	defer unix.Close(fd)
	const port = 53 // of no meaning
	if err := unix.Connect(fd, dial.Sockaddr(netip.AddrPortFrom(addr, port))); err != nil {
		return netip.Addr{}
	}
	name, _ := unix.Getsockname(fd)
	return dial.Endpoint(name).Addr()
}

// compare are the rules, by their numbers.
func (t table) compare(c, d candidate) int {
	first := func(c, d bool) int {
		switch {
		case c == d:
			return 0
		case c:
			return -1
		}
		return 1
	}
	labelled := func(c candidate) bool {
		own, _ := t.policy(c.addr)
		source, _ := t.policy(c.src)
		return own == source
	}
	_, precedence := t.policy(c.addr)
	_, other := t.policy(d.addr)
	ranked := []int{
		first(c.src.IsValid(), d.src.IsValid()),                             // 1: there is a way
		first(scope(c.addr) == scope(c.src), scope(d.addr) == scope(d.src)), // 2
		first(labelled(c), labelled(d)),                                     // 5
		cmp.Compare(other, precedence),                                      // 6
		cmp.Compare(scope(c.addr), scope(d.addr)),                           // 8: the narrower one
	}
	if c.addr.Is6() && d.addr.Is6() {
		ranked = append(ranked, cmp.Compare(common(d), common(c))) // 9: of IPv4 only within a network of one's own
	}
	return cmp.Or(ranked...)
}

// scope is that of RFC 4291; addresses of IPv4 are global but for their own
// link-local ones and the loopback's.
func scope(a netip.Addr) int {
	const linkLocal, siteLocal, global = 0x2, 0x5, 0xe
	switch {
	case !a.IsValid():
		return 0
	case a.IsLoopback(), a.IsLinkLocalUnicast():
		return linkLocal
	case siteLocals.Contains(a):
		return siteLocal
	}
	return global
}

// common is how many bits an address and its source have in common.
func common(c candidate) int {
	if !c.src.IsValid() {
		return 0
	}
	a, b := c.addr.As16(), c.src.As16()
	for i := range a {
		if differ := a[i] ^ b[i]; differ != 0 {
			return 8*i + bits.LeadingZeros8(differ)
		}
	}
	return 8 * len(a)
}
