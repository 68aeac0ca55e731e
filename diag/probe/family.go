package probe

import (
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Echo messages of ICMPv6 (RFC 4443).
const (
	icmp6EchoRequest = 128
	icmp6EchoReply   = 129
)

// echoFamily is what differs between ping and ping -6.
type echoFamily struct {
	protocol       int
	any            netip.Addr
	request, reply byte
	kind           icmp.Type
	// headed says that a raw socket is given the IP header too (raw(7); RFC 3542 has
	// it otherwise for IPv6).
	headed bool
	// The options of ip(7) and ipv6(7), and the level that they have.
	level, recvErr, recvTTL, ttl, discover, discoverDo int
}

var echo4 = echoFamily{
	protocol: unix.IPPROTO_ICMP, any: netip.IPv4Unspecified(),
	request: icmpEchoRequest, reply: icmpEchoReply, kind: ipv4.ICMPTypeEcho, headed: true,
	level: unix.SOL_IP, recvErr: unix.IP_RECVERR, recvTTL: unix.IP_RECVTTL, ttl: unix.IP_TTL,
	discover: unix.IP_MTU_DISCOVER, discoverDo: unix.IP_PMTUDISC_DO,
}

var echo6 = echoFamily{
	protocol: unix.IPPROTO_ICMPV6, any: netip.IPv6Unspecified(),
	request: icmp6EchoRequest, reply: icmp6EchoReply, kind: ipv6.ICMPTypeEchoRequest,
	level: unix.SOL_IPV6, recvErr: unix.IPV6_RECVERR, recvTTL: unix.IPV6_RECVHOPLIMIT, ttl: unix.IPV6_UNICAST_HOPS,
	discover: unix.IPV6_MTU_DISCOVER, discoverDo: unix.IPV6_PMTUDISC_DO,
}

// echoFamilyOf is the family of an echo to an address.
func echoFamilyOf(dst netip.Addr) *echoFamily {
	if dst.Is6() {
		return &echo6
	}
	return &echo4
}

// keepReplies has a raw socket shown nothing but what a ping may be about. The
// errors of IPv6 come by the error queue alone.
func (f *echoFamily) keepReplies(fd int) error {
	if f == &echo4 {
		return unix.SetsockoptInt(fd, unix.SOL_RAW, rawICMPFilter, int(rawICMPIgnored))
	}
	var ignored unix.ICMPv6Filter
	for i := range ignored.Data {
		ignored.Data[i] = ^uint32(0)
	}
	ignored.Data[icmp6EchoReply/32] &^= 1 << (icmp6EchoReply % 32)
	return unix.SetsockoptICMPv6Filter(fd, unix.SOL_ICMPV6, unix.ICMPV6_FILTER, &ignored)
}
