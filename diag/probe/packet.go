package probe

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"nstutor/internal/say"

	"golang.org/x/net/icmp"
)

const (
	icmpHeaderLen   = 8
	pingPayload     = 56 // ping's default
	pingCookieBytes = 16
)

// echoTag tells one echo request from every other one in the namespace. A raw
// ICMP socket is given the replies and errors of everybody there, and ids are
// only 16 bits, so the payload carries a random cookie as well.
type echoTag struct {
	id, seq uint16
	cookie  [pingCookieBytes]byte
	family  *echoFamily
}

var lastEchoID atomic.Uint32

func init() {
	var start [2]byte
	rand.Read(start[:])
	lastEchoID.Store(uint32(binary.NativeEndian.Uint16(start[:])))
}

// FreshID is an echo's id that no other of this process has had of late.
func FreshID() uint16 { return uint16(lastEchoID.Add(1)) }

// newEchoTag takes a fresh id. Every echo has its own, where ping keeps one a
// process: conntrack knows a ping by addresses and id, and decides about NAT
// only once for each, so a running ping would not notice a NAT rule that came
// or went.
func newEchoTag(family *echoFamily, seq int) echoTag {
	tag := echoTag{id: FreshID(), seq: uint16(seq), family: family}
	rand.Read(tag.cookie[:])
	return tag
}

// request is the ICMP message to send, with size bytes of payload. A payload
// shorter than the cookie carries what fits. The checksum of ICMPv6 is left to the
// kernel, which knows the addresses that it covers.
func (t echoTag) request(size int) ([]byte, error) {
	payload := make([]byte, size)
	for i := copy(payload, t.cookie[:]); i < size; i++ {
		payload[i] = byte(i)
	}
	message := icmp.Message{
		Type: t.family.kind,
		Body: &icmp.Echo{ID: int(t.id), Seq: int(t.seq), Data: payload},
	}
	packet, err := message.Marshal(nil)
	if err != nil {
		return nil, say.Err("echo request: %v", "回显请求：%v", err)
	}
	return packet, nil
}

// matches says whether an ICMP echo message of the given type carries this
// tag. A message quoted in an ICMP error may be cut short anywhere after its
// header (RFC 792 promises 8 bytes), so as much of the cookie as is there is
// compared.
func (t echoTag) matches(echo []byte, typ byte) bool {
	if len(echo) < icmpHeaderLen || echo[0] != typ || echo[1] != 0 {
		return false
	}
	if binary.BigEndian.Uint16(echo[4:]) != t.id || binary.BigEndian.Uint16(echo[6:]) != t.seq {
		return false
	}
	cookie := echo[icmpHeaderLen:]
	cookie = cookie[:min(len(cookie), pingCookieBytes)]
	return bytes.Equal(cookie, t.cookie[:len(cookie)])
}

// ipv4Payload cuts the header off an IPv4 packet and says of which protocol
// the rest is. A fragment other than the first has no header to look at.
func ipv4Payload(packet []byte) (payload []byte, protocol byte, ok bool) {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return nil, 0, false
	}
	header := int(packet[0]&0xf) * 4
	offset := binary.BigEndian.Uint16(packet[6:]) & 0x1fff
	if header < 20 || len(packet) < header || offset != 0 {
		return nil, 0, false
	}
	return packet[header:], packet[9], true
}

// quotedEcho is the ICMP message inside an ICMP error, and the MTU that a
// "fragmentation needed" carries (RFC 1191).
func quotedEcho(message []byte) (echo []byte, mtu int, ok bool) {
	if len(message) < icmpHeaderLen {
		return nil, 0, false
	}
	if message[0] == icmpUnreachable && message[1] == icmpCodeFragNeeded {
		mtu = int(binary.BigEndian.Uint16(message[6:]))
	}
	echo, protocol, ok := ipv4Payload(message[icmpHeaderLen:])
	return echo, mtu, ok && protocol == 1
}
