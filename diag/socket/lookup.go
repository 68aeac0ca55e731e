package socket

import (
	"cmp"
	"net/netip"
	"slices"
)

// Packet is what a lookup depends on: the first packet of a flow, as it is when
// the namespace takes it for its own, behind all translations.
type Packet struct {
	Proto   Proto
	To      netip.AddrPort
	From    netip.AddrPort // matters to UDP sockets that are connected; zero for anybody
	Ifindex int            // the device that it came in on (lo for one to oneself); 0 is not known, and no socket's
	VRF     int            // the VRF that device belongs to, 0 for none
}

// Miss is why a socket with the right port does not take a packet.
type Miss int

// The reasons, from the nearest to the farthest.
const (
	Fits         Miss = iota
	OtherDevice       // it is bound to another device
	OtherVRF          // it is bound to no device, and the packet comes from a VRF (net.ipv4.tcp_l3mdev_accept)
	OtherPeer         // a UDP socket that is connected to somebody else
	LoopbackOnly      // it is bound to 127.0.0.1, or to ::1
	OtherAddress      // it is bound to another address
	OtherFamily       // it is for IPv4 alone, or for IPv6 alone
	OtherProto        // it is a UDP socket, and the packet TCP, or the other way round
)

// Near is a socket that has the port that was asked for, but does not take the packet.
type Near struct {
	Socket
	Why Miss
}

// Found is the answer of For.
type Found struct {
	Takers []Socket // who takes the packet: one of these, several when they share a port (SO_REUSEPORT)
	Near   []Near   // the others with that port, the nearest first; of all ports, none
}

// For says who takes the packet. The kernel prefers a socket with the very address
// to one for all, and then one with a peer, with a device, and of the packet's own
// family (compute_score() in net/ipv4/inet_hashtables.c and net/ipv4/udp.c, and
// __inet_lookup_listener(), which looks for the address first).
func (l *Listeners) For(p Packet) (found Found) {
	p.To = netip.AddrPortFrom(p.To.Addr().Unmap().WithZone(""), p.To.Port())
	p.From = netip.AddrPortFrom(p.From.Addr().Unmap().WithZone(""), p.From.Port())
	best := 0
	for _, s := range l.All {
		if s.Local.Port() != p.To.Port() {
			continue
		}
		if why := l.miss(s, p); why != Fits {
			found.Near = append(found.Near, Near{s, why})
			continue
		}
		switch rank := rank(s, p); {
		case rank > best:
			best, found.Takers = rank, []Socket{s}
		case rank == best:
			found.Takers = append(found.Takers, s)
		}
	}
	slices.SortStableFunc(found.Near, func(a, b Near) int { return cmp.Compare(a.Why, b.Why) })
	return found
}

// WithPort is a socket that has a port, whatever packets it takes.
func (l *Listeners) WithPort(proto Proto, port uint16) (Socket, bool) {
	i := slices.IndexFunc(l.All, func(s Socket) bool { return s.Proto == proto && s.Local.Port() == port })
	if i < 0 {
		return Socket{}, false
	}
	return l.All[i], true
}

// miss is the farthest reason why a socket does not take a packet.
func (l *Listeners) miss(s Socket, p Packet) Miss {
	switch {
	case s.Proto != p.Proto:
		return OtherProto
	case !s.takesFamily(p.To.Addr()):
		return OtherFamily
	case s.Local.Addr().IsLoopback() && !p.To.Addr().IsLoopback():
		return LoopbackOnly
	case !s.Any() && s.Local.Addr() != p.To.Addr():
		return OtherAddress
	case s.Peer.IsValid() && s.Peer != p.From:
		return OtherPeer
	case s.Ifindex == 0 && p.VRF != 0 && !l.acceptAcrossVRF[p.Proto]:
		return OtherVRF
	case s.Ifindex != 0 && s.Ifindex != p.Ifindex && (p.VRF == 0 || s.Ifindex != p.VRF):
		return OtherDevice
	}
	return Fits
}

// rank orders the sockets that take a packet. It is at least 1.
func rank(s Socket, p Packet) int {
	rank := 1
	for i, better := range []bool{s.IPv6 == p.To.Addr().Is6(), s.Ifindex != 0, s.Peer.IsValid(), !s.Any()} {
		if better {
			rank += 1 << (i + 1)
		}
	}
	return rank
}
