package socket

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Proto is a transport protocol by its number (IPPROTO_TCP in <netinet/in.h>).
type Proto uint8

// The protocols whose sockets are read.
const (
	TCP Proto = unix.IPPROTO_TCP
	UDP Proto = unix.IPPROTO_UDP
)

func (p Proto) String() string {
	if p == TCP {
		return "tcp"
	}
	return "udp"
}

// Socket is a TCP socket that listens, or a UDP socket that has a port.
type Socket struct {
	Proto   Proto
	IPv6    bool           // its family: whether `::` takes IPv4 too is for V6Only
	Local   netip.AddrPort // an unspecified address stands for every one
	Peer    netip.AddrPort // of a UDP socket that is connected: it takes packets from there alone
	V6Only  bool           // IPV6_V6ONLY: `::` is not for IPv4
	Ifindex int            // the device that it is bound to (SO_BINDTODEVICE), 0 for none; VRFs are devices too
	// Waiting of Room is taken: of a TCP socket, connections that nobody has accepted
	// yet, of the backlog that listen(2) was given; of a UDP socket, bytes that nobody
	// has read yet, by the kernel's accounting, of its receive buffer.
	Waiting, Room int
	Dropped       uint64 // packets that the socket has dropped so far, 0 where the kernel does not count them (before Linux 4.13)
	UID           uint32 // of its owner, in the reader's user namespace
	Inode         uint32 // of its owners' descriptors: see Owners
	// Opaque says that the socket has not asked for packets to addresses of others
	// (IP_TRANSPARENT): no rule hands it any. A kernel before 5.10 does not tell.
	Opaque bool
}

// smallestDatagram is what a UDP packet without data takes of a receive buffer:
// SKB_TRUESIZE() of a head that holds the headers, on 64 bits.
const smallestDatagram = 768

// Full says whether the socket drops what comes now: sk_acceptq_is_full() for
// TCP, __udp_enqueue_schedule_skb() for UDP.
func (s Socket) Full() bool {
	if s.Proto == TCP {
		return s.Waiting > s.Room
	}
	return s.Waiting > 0 && s.Waiting+smallestDatagram > s.Room
}

// Any says whether the socket is for all addresses of its family.
func (s Socket) Any() bool { return s.Local.Addr().IsUnspecified() }

// Takes says whether packets to an address of its namespace can be for the socket.
func (s Socket) Takes(a netip.Addr) bool {
	return s.takesFamily(a) && (s.Any() || s.Local.Addr() == a)
}

// takesFamily says whether the socket takes packets of an address's family.
func (s Socket) takesFamily(a netip.Addr) bool {
	switch {
	case !s.Any():
		return s.Local.Addr().Is4() == a.Is4()
	case a.Is4():
		return !s.IPv6 || !s.V6Only
	}
	return s.IPv6
}
