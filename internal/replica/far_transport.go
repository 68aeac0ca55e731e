package replica

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"nstutor/internal/replica/packet"
)

// replyTransport answers the first segment of a connection as who listens would, and
// a FIN as who has said goodbye, so that nothing is sent again; a datagram is sent
// back.
func (f *far) replyTransport(o outlook, frame []byte) []byte {
	p, header, ok := f.takes(o, frame)
	if !ok {
		return nil
	}
	body := f.answer(p[9], p[header:])
	if body == nil {
		return nil
	}
	return packet.OfIPv4(packet.Turned(frame), p[9], p[16:20], p[12:16], body)
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
