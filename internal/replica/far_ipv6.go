package replica

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// The fixed header of IPv6, and the types of ICMPv6 (RFC 4443, RFC 4861).
const (
	header6 = 40

	echoRequest6, echoReply6 = 128, 129
	solicitation, advert     = 135, 136
)

// reply6 answers who asks for a neighbour, echo requests, the first segment of a
// connection, and datagrams.
func (f *far) reply6(o outlook, frame []byte) []byte {
	p := frame[ethHeader:]
	if len(p) < header6 || p[0]>>4 != 6 {
		return nil
	}
	length := int(binary.BigEndian.Uint16(p[4:]))
	if length > len(p)-header6 {
		return nil
	}
	inner := p[header6:][:length]
	if p[6] == unix.IPPROTO_ICMPV6 && len(inner) >= 24 && inner[0] == solicitation {
		return f.advertise(o, frame, inner)
	}
	src, dst := netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	if frame[0]&1 != 0 || f.copied[dst] || f.strangers[dst] || !o.returns(src) {
		return nil
	}
	var body []byte
	if p[6] != unix.IPPROTO_ICMPV6 {
		body = answerTransport(p[6], inner)
	} else if len(inner) >= 8 && inner[0] == echoRequest6 {
		body = slices.Clone(inner)
		body[0] = echoReply6
	}
	if body == nil {
		return nil
	}
	return packet6(turned(frame), p[6], 64, p[24:40], p[8:24], body)
}

// advertise answers who asks for a neighbour (RFC 4861, 7.2.4).
func (f *far) advertise(o outlook, frame, asked []byte) []byte {
	const solicited, override, targetAddress = 1 << 6, 1 << 5, 2
	target, from := asked[8:24], frame[ethHeader+8:][:16]
	mac := f.has(o, netip.AddrFrom16([16]byte(target)))
	if mac == nil || netip.AddrFrom16([16]byte(from)).IsUnspecified() {
		return nil // who looks whether an address is taken finds that it is not
	}
	body := append([]byte{advert, 0, 0, 0, solicited | override, 0, 0, 0}, target...)
	body = append(append(body, targetAddress, 1), mac...)
	ethernet := slices.Concat(frame[6:12], mac, frame[12:ethHeader])
	return packet6(ethernet, unix.IPPROTO_ICMPV6, 255, target, from, body)
}

// packet6 is a frame with a packet whose checksum is right.
func packet6(ethernet []byte, proto, hops byte, src, dst, body []byte) []byte {
	ip := []byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), proto, hops}
	ip = append(append(ip, src...), dst...)
	seal(proto, ip[8:], body)
	return slices.Concat(ethernet, ip, body)
}
