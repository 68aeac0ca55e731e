package replica

import (
	"encoding/binary"
	"net/netip"

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
	p := frame[ethHeader:]
	if len(p) < 20 || p[0]>>4 != 4 || frame[0]&1 != 0 || binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
		return nil
	}
	header, length := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if header < 20 || length < header || length > len(p) {
		return nil
	}
	src, dst := netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	if f.copied[dst] || !o.returns(src) {
		return nil
	}
	var body []byte
	switch inner := p[header:length]; p[9] {
	case unix.IPPROTO_TCP:
		body = answerSegment(inner)
	case unix.IPPROTO_UDP:
		body = answerDatagram(inner)
	}
	if body == nil {
		return nil
	}
	reply := append(append(append([]byte{}, frame[6:12]...), frame[:6]...), frame[12:ethHeader]...)
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, p[9], 0, 0}
	ip = append(append(ip, p[16:20]...), p[12:16]...)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(body)))
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	at := map[byte]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_UDP: 6}[p[9]]
	pseudo := append(append([]byte{}, ip[12:20]...), 0, p[9], byte(len(body)>>8), byte(len(body)))
	sum := checksum(append(pseudo, body...))
	if sum == 0 && p[9] == unix.IPPROTO_UDP {
		sum = 0xffff // zero would be none (RFC 768)
	}
	binary.BigEndian.PutUint16(body[at:], sum)
	return append(append(reply, ip...), body...)
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
