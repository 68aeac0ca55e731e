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

// policies are glibc's own table (default_labels and default_precedence in getaddrinfo.c,
// after RFC 3484), the longest prefix first. Addresses of IPv4 are those of ::ffff:0:0/96.
var policies = []struct {
	prefix            netip.Prefix
	label, precedence int
}{
	{netip.MustParsePrefix("::1/128"), 0, 50},
	{netip.MustParsePrefix("::ffff:0:0/96"), 4, 10},
	{netip.MustParsePrefix("::/96"), 3, 20},
	{netip.MustParsePrefix("2001::/32"), 7, 40},
	{netip.MustParsePrefix("2002::/16"), 2, 30},
	{siteLocals, 5, 40},
	{netip.MustParsePrefix("fc00::/7"), 6, 40},
	{netip.MustParsePrefix("::/0"), 1, 40},
}

var siteLocals = netip.MustParsePrefix("fec0::/10") // RFC 3879: no more in use

// candidate is an address, and the source that the kernel selects for it; none where there
// is no way to it.
type candidate struct{ addr, src netip.Addr }

// inOrder sorts addresses as getaddrinfo(3) does (RFC 6724, section 6), by the sources that
// the namespace's kernel selects for them; what cannot be asked stays as it is. An
// /etc/gai.conf is not read.
func inOrder(ns *nsenter.Namespace, addrs []netip.Addr) []netip.Addr {
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
	slices.SortStableFunc(candidates, candidate.compare)
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
func (c candidate) compare(d candidate) int {
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
		own, _ := policy(c.addr)
		source, _ := policy(c.src)
		return own == source
	}
	_, precedence := policy(c.addr)
	_, other := policy(d.addr)
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

// policy is what the table has of an address; no address has label -1.
func policy(a netip.Addr) (label, precedence int) {
	if a.IsValid() {
		whole := netip.AddrFrom16(a.As16())
		for _, p := range policies {
			if p.prefix.Contains(whole) {
				return p.label, p.precedence
			}
		}
	}
	return -1, 0
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
