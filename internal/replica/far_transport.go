package replica

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// tcpHeader is the size of one without options, udpHeader that of UDP's.
const tcpHeader, udpHeader = 20, 8

// The flags of a segment (RFC 9293).
const (
	tcpFIN, tcpSYN, tcpRST, tcpACK = 1, 2, 4, 16
)

// replyTransport answers the first segment of a connection as who listens would, and
// a FIN as who has said goodbye, so that nothing is sent again; a datagram is sent
// back.
func (f *far) replyTransport(o outlook, frame []byte) []byte {
	p, header, ok := f.takes(o, frame)
	if !ok {
		return nil
	}
	body := answerTransport(p[9], p[header:])
	if body == nil {
		return nil
	}
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, p[9], 0, 0}
	ip = append(append(ip, p[16:20]...), p[12:16]...)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(body)))
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	seal(p[9], ip[12:20], body)
	return slices.Concat(turned(frame), ip, body)
}

// answerTransport is the answer to a segment or a datagram, without its checksum.
func answerTransport(proto byte, p []byte) []byte {
	switch proto {
	case unix.IPPROTO_TCP:
		return answerSegment(p)
	case unix.IPPROTO_UDP:
		return answerDatagram(p)
	}
	return nil
}

// sums are the places of the checksums that have the addresses in them.
var sums = map[byte]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_UDP: 6, unix.IPPROTO_ICMPV6: 2}

// seal writes the checksum of a packet's body, whose source and destination are those.
// It is the same sum for IPv4 and IPv6 (RFC 8200, 8.1): of short lengths the rest is zero.
func seal(proto byte, ends, body []byte) {
	at := sums[proto]
	binary.BigEndian.PutUint16(body[at:], 0)
	pseudo := append(slices.Clone(ends), 0, proto, byte(len(body)>>8), byte(len(body)))
	sum := checksum(append(pseudo, body...))
	if sum == 0 && proto == unix.IPPROTO_UDP {
		sum = 0xffff // zero would be none (RFC 768)
	}
	binary.BigEndian.PutUint16(body[at:], sum)
}

func answerSegment(p []byte) []byte {
	if len(p) < tcpHeader || p[13]&tcpRST != 0 {
		return nil
	}
	flags, seq := byte(tcpACK), uint32(0)
	switch {
	case p[13]&(tcpSYN|tcpACK) == tcpSYN:
		flags |= tcpSYN
	case p[13]&tcpFIN != 0:
		flags |= tcpFIN
		seq = binary.BigEndian.Uint32(p[8:])
	default:
		return nil
	}
	const window = 0xffff
	reply := append(append([]byte{}, p[2:4]...), p[:2]...)
	reply = binary.BigEndian.AppendUint32(reply, seq)
	reply = binary.BigEndian.AppendUint32(reply, binary.BigEndian.Uint32(p[4:])+1)
	reply = append(reply, tcpHeader/4<<4, flags)
	reply = binary.BigEndian.AppendUint16(reply, window)
	return append(reply, 0, 0, 0, 0)
}

func answerDatagram(p []byte) []byte {
	if len(p) < udpHeader {
		return nil
	}
	reply := append(append([]byte{}, p[2:4]...), p[:2]...)
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(p)))
	return append(append(reply, 0, 0), p[udpHeader:]...)
}
