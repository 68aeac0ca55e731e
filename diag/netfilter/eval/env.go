package eval

import (
	"net/netip"

	"nstutor/diag/netfilter/ipset"
)

// Env answers what rules ask about the namespace they are in. An error means that
// it cannot be told, and what asked is judged both ways then.
type Env interface {
	// AddrType is the type of addr in the local table ("local", "broadcast", …,
	// RTN_*, in any case), with the device that it is an address of; "unicast" or
	// the type of its route for what is not there, or "none".
	AddrType(addr netip.Addr) (kind, dev string, err error)
	// MasqueradeAddr is the source that MASQUERADE takes on oif towards dst: the
	// address of oif next to the next hop, or its first, or that of another
	// device when oif has none (inet_select_addr()); of IPv6 the one that
	// ipv6_dev_get_saddr() selects (RFC 6724). A route's preferred source does not
	// count. It is invalid, without an error, when there is none at all; the packet
	// is dropped then.
	MasqueradeAddr(oif string, dst netip.Addr) (netip.Addr, error)
	// DeviceIndex is the index of the device with that name.
	DeviceIndex(name string) (int, error)
	// RedirectAddr is the first address of the family on a device, as REDIRECT
	// takes it. It is invalid, without an error, when there is none.
	RedirectAddr(iif string, v6 bool) (netip.Addr, error)
	// Lookup is what fib_lookup() finds for a packet from src to dst that is on no
	// device: the devices of all its next hops and its type ("unicast", "local",
	// …). Without a route the type is empty, and there is no error.
	Lookup(dst, src netip.Addr, mark uint32) (devs []string, kind string, err error)
	// Heard is on how many of the queues with these numbers a program listens.
	Heard(first, last uint16) (int, error)
	// Transparent reports whether a socket with a port may take packets that are for other
	// addresses: the one that a rule of TPROXY hands them to. Port and protocol are all
	// that is looked at.
	Transparent(proto byte, port uint16) (bool, error)
	// Bridged reports whether what came in by a device may have ports of a bridge that
	// rules can ask for (br_netfilter).
	Bridged(iif string) (bool, error)
	// InSet reports whether a packet is in an ipset.
	InSet(q ipset.Question) (bool, error)
	// Recent reports whether an address is in a list of the match recent, and how many
	// ticks of the kernel ago it was seen at most: from 1; 0 where that is not known.
	Recent(name string, addr netip.Addr) (listed bool, ago uint64, err error)
}
