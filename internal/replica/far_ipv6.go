package replica

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/internal/replica/packet"
)

// The fixed header of IPv6, and the types of ICMPv6 (RFC 4443, RFC 4861).
const (
	echoRequest6, echoReply6 = 128, 129
	solicitation, advert     = 135, 136
)

// reply6 answers who asks for a neighbour, echo requests, the first segment of a
// connection, and datagrams.
func (f *far) reply6(o outlook, frame []byte) []byte {
	p := frame[packet.Ethernet:]
	if len(p) < packet.IPv6 || p[0]>>4 != 6 {
		return nil
	}
	length := int(binary.BigEndian.Uint16(p[4:]))
	if length > len(p)-packet.IPv6 {
		return nil
	}
	inner := p[packet.IPv6:][:length]
	if p[6] == unix.IPPROTO_ICMPV6 && len(inner) >= 24 && inner[0] == solicitation {
		return f.advertise(o, frame, inner)
	}
	src, dst := netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	if frame[0]&1 != 0 || f.copied[dst] || f.strangers[dst] || !f.returns(o, frame, src, dst) {
		return nil
	}
	var body []byte
	if p[6] != unix.IPPROTO_ICMPV6 {
		body = f.answer(p[6], inner)
	} else if len(inner) >= 8 && inner[0] == echoRequest6 {
		body = slices.Clone(inner)
		body[0] = echoReply6
	}
	if body == nil {
		return nil
	}
	return packet.OfIPv6(packet.Turned(frame), p[6], 64, p[24:40], p[8:24], body)
}

// advertise answers who asks for a neighbour (RFC 4861, 7.2.4).
func (f *far) advertise(o outlook, frame, asked []byte) []byte {
	const solicited, override, targetAddress = 1 << 6, 1 << 5, 2
	target, from := asked[8:24], frame[packet.Ethernet+8:][:16]
	mac := f.has(o, netip.AddrFrom16([16]byte(target)))
	if mac == nil || netip.AddrFrom16([16]byte(from)).IsUnspecified() {
		return nil // who looks whether an address is taken finds that it is not
	}
	body := append([]byte{advert, 0, 0, 0, solicited | override, 0, 0, 0}, target...)
	body = append(append(body, targetAddress, 1), mac...)
	ethernet := slices.Concat(frame[6:12], mac, frame[12:packet.Ethernet])
	return packet.OfIPv6(ethernet, unix.IPPROTO_ICMPV6, 255, target, from, body)
}
