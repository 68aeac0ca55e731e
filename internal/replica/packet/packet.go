// Package packet is what the answers of somebody who is not there are made of: headers,
// checksums, and what is said again.
package packet

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// The sizes of headers, that of TCP without options.
const (
	Ethernet = 14
	IPv6     = 40
	TCP      = 20
	UDP      = 8
	VXLAN    = 8
)

// The flags of a segment (RFC 9293).
const (
	FIN, SYN, RST, ACK = 1, 2, 4, 16
)

// Turned is the Ethernet header of a frame's answer.
func Turned(frame []byte) []byte {
	return slices.Concat(frame[6:12], frame[:6], frame[12:Ethernet])
}

// Checksum is the Internet's (RFC 1071).
func Checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// sums are the places of the checksums that have the addresses in them.
var sums = map[byte]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_UDP: 6, unix.IPPROTO_ICMPV6: 2}

// Seal writes the checksum of a packet's body, whose source and destination are those.
// It is the same sum for IPv4 and IPv6 (RFC 8200, 8.1): of short lengths the rest is zero.
func Seal(proto byte, ends, body []byte) {
	at := sums[proto]
	binary.BigEndian.PutUint16(body[at:], 0)
	pseudo := append(slices.Clone(ends), 0, proto, byte(len(body)>>8), byte(len(body)))
	sum := Checksum(append(pseudo, body...))
	if sum == 0 && proto == unix.IPPROTO_UDP {
		sum = 0xffff // zero would be none (RFC 768)
	}
	binary.BigEndian.PutUint16(body[at:], sum)
}

// Segment is the answer to a segment as of who listens and has said goodbye, without its
// checksum; nil: none.
func Segment(p []byte) []byte {
	if len(p) < TCP || p[13]&RST != 0 {
		return nil
	}
	flags, seq := byte(ACK), uint32(0)
	switch {
	case p[13]&(SYN|ACK) == SYN:
		flags |= SYN
	case p[13]&FIN != 0:
		flags |= FIN
		seq = binary.BigEndian.Uint32(p[8:])
	default:
		return nil
	}
	const window = 0xffff
	reply := append(append([]byte{}, p[2:4]...), p[:2]...)
	reply = binary.BigEndian.AppendUint32(reply, seq)
	reply = binary.BigEndian.AppendUint32(reply, binary.BigEndian.Uint32(p[4:])+1)
	reply = append(reply, TCP/4<<4, flags)
	reply = binary.BigEndian.AppendUint16(reply, window)
	return append(reply, 0, 0, 0, 0)
}

// Datagram says a datagram again, without its checksum; nil: it is none.
func Datagram(p []byte) []byte {
	if len(p) < UDP {
		return nil
	}
	reply := append(append([]byte{}, p[2:4]...), p[:2]...)
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(p)))
	return append(append(reply, 0, 0), p[UDP:]...)
}

// OfIPv4 is a frame with a packet of TCP or UDP whose checksums are right.
func OfIPv4(ethernet []byte, proto byte, src, dst, body []byte) []byte {
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, proto, 0, 0}
	ip = append(append(ip, src...), dst...)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(body)))
	binary.BigEndian.PutUint16(ip[10:], Checksum(ip))
	Seal(proto, ip[12:20], body)
	return slices.Concat(ethernet, ip, body)
}

// OfIPv6 is a frame with a packet whose checksum is right.
func OfIPv6(ethernet []byte, proto, hops byte, src, dst, body []byte) []byte {
	ip := []byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), proto, hops}
	ip = append(append(ip, src...), dst...)
	Seal(proto, ip[8:], body)
	return slices.Concat(ethernet, ip, body)
}
