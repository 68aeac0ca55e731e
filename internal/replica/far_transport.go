package replica

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/internal/replica/packet"
)

// replyTransport answers the first segment of a connection as who listens would, and
// a FIN as who has said goodbye, so that nothing is sent again; a datagram is sent
// back.
func (f *far) replyTransport(frame []byte) []byte {
	p, header, ok := f.takes(frame)
	if !ok {
		return nil
	}
	body := f.answer(p[9], p[header:])
	if body == nil {
		return nil
	}
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, p[9], 0, 0}
	ip = append(append(ip, p[16:20]...), p[12:16]...)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(body)))
	binary.BigEndian.PutUint16(ip[10:], packet.Checksum(ip))
	packet.Seal(p[9], ip[12:20], body)
	return slices.Concat(packet.Turned(frame), ip, body)
}

// answer is the answer to a segment or a datagram, without its checksum.
func (f *far) answer(proto byte, p []byte) []byte {
	switch proto {
	case unix.IPPROTO_TCP:
		return packet.Segment(p)
	case unix.IPPROTO_UDP:
		if len(p) >= packet.UDP && f.tunnels[binary.BigEndian.Uint16(p[2:])] {
			return f.openVXLAN(p)
		}
		return packet.Datagram(p)
	}
	return nil
}
