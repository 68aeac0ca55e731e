package drop

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Drop is one packet that the kernel threw away.
type Drop struct {
	Time   time.Time
	Reason Reason
	// Netns is the inode of the network namespace, as in `readlink /proc/PID/ns/net`
	// and nsenter.Namespace.Inode; 0 where the kernel does not tell.
	Netns uint64
	// Device is the device that the packet was on: the one it came in by or, once it
	// has been routed, the one it was to leave by. Of a packet that had reached its
	// socket only Ifindex is known, and 0 is none. A name comes from strangers.
	Device  string
	Ifindex int
	// Function is the function of the kernel that threw it away, and Location the
	// address in it.
	Function string
	Location uint64
	Packet   Packet
	// Flow is the place in Filter.Flows of the flow that it belongs to. With Quoted
	// it is not of the flow itself, but an ICMP error about a packet of the flow.
	Flow   int
	Quoted bool
}

// Reason is what the kernel says of a drop: enum skb_drop_reason, whose numbers
// are other ones in each version (include/net/dropreason-core.h).
type Reason struct {
	Number uint32
	// Name is without SKB_DROP_REASON_, as perf(1) and dropwatch(1) print it: NO_SOCKET.
	// It is empty for one that vmlinux does not name, of a module.
	Name string
}

// Meaning is what a Drop lets one conclude.
type Meaning int

const (
	// Dropped is a packet that does not get any further, for the reason.
	Dropped Meaning = iota
	// Unsaid is a packet that was freed where the kernel gives no reason. Mostly it
	// was dropped; but there is code that frees so what it is done with.
	Unsaid
	// Consumed is no drop: the packet has served its purpose. It need not have been
	// one: to say which way a packet takes, the kernel makes one up (RTM_GETROUTE
	// with an input device).
	Consumed
	// Copy is one of several that the kernel made of a packet, and the packet itself
	// has gone on: to a program that captures and had no room, or an echo reply that
	// raw sockets have had and no ping socket waits for.
	Copy
)

// meanings are those of the reasons that are no reason to drop a packet.
var meanings = map[string]Meaning{
	"NOT_SPECIFIED": Unsaid, "NOT_DROPPED_YET": Unsaid, "CONSUMED": Consumed, "PACKET_SOCK_ERROR": Copy,
}

// Meaning is what the drop lets one conclude.
func (d Drop) Meaning() Meaning {
	// icmp_rcv() comes after raw_local_deliver(), and ends in ping_rcv().
	types, isICMP := echo[d.Packet.Proto]
	if d.Reason.Name == "NO_SOCKET" && isICMP && d.Packet.Type == types[1] && !d.Quoted {
		return Copy
	}
	if strings.HasPrefix(d.Function, "inet_rtm_getroute") || strings.HasPrefix(d.Function, "inet6_rtm_getroute") {
		return Consumed
	}
	// It had come to its socket, which was closed before anybody took it.
	if d.Reason.Name == "QUEUE_PURGE" && strings.HasSuffix(d.Function, "_sock_destruct") {
		return Consumed
	}
	return meanings[d.Reason.Name]
}

// Packet is the packet's addresses; of a carrier's those are of the outer one.
type Packet struct {
	Src, Dst netip.Addr
	Proto    uint8 // unix.IPPROTO_…
	// SrcPort and DstPort are 0 where the protocol has none, and in a fragment that
	// is not the first.
	SrcPort, DstPort uint16
	Type, Code       uint8  // of ICMP and ICMPv6
	ID               uint16 // of an echo and its reply
}

// The event, as the program writes it; the offsets are those of program.go.
func decode(b []byte, reasons map[uint32]string) (d Drop, ktime time.Duration, ok bool) {
	if len(b) < eventSize {
		return d, 0, false
	}
	word := func(at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }
	number := word(evReason)
	d = Drop{
		Reason: Reason{number, reasonName(reasons[number])},
		Netns:  uint64(word(evNetns)), Ifindex: int(word(evIfindex)),
		Function: text(b[evSymbol : evSymbol+symbolSize]), Location: binary.NativeEndian.Uint64(b[evLocation:]),
		Packet: decodePacket(b[evPacket:]), Flow: int(word(evFlow)), Quoted: word(evQuoted) != 0,
	}
	d.Device, ok = device(b[evDevice : evDevice+unix.IFNAMSIZ])
	if !ok { // what lies there is no device: sk_buff.dev serves other purposes in some queues
		d.Ifindex, d.Netns = 0, 0
	}
	return d, time.Duration(binary.NativeEndian.Uint64(b[evTime:])), true
}

// reasonName is a constant as the kernel's own tools print it.
func reasonName(constant string) string {
	return strings.TrimPrefix(strings.TrimPrefix(constant, "SKB_DROP_REASON_"), "SKB_")
}

func text(b []byte) string {
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

// device is the name of a device, if it can be one (dev_valid_name()); nothing is
// a device that is not known.
func device(b []byte) (name string, ok bool) {
	name = text(b)
	return name, len(name) < len(b) && !strings.ContainsAny(name, "/: \t\n\v\f\r")
}

func decodePacket(b []byte) Packet {
	p := Packet{Proto: b[pkProto]}
	if b[pkFamily] == 4 {
		p.Src, p.Dst = netip.AddrFrom4([4]byte(b[pkSrc:])), netip.AddrFrom4([4]byte(b[pkDst:]))
	} else {
		p.Src, p.Dst = netip.AddrFrom16([16]byte(b[pkSrc:])), netip.AddrFrom16([16]byte(b[pkDst:]))
	}
	inner := b[pkInner:]
	switch {
	case b[pkBare] != 0:
	case withPorts[p.Proto]:
		p.SrcPort, p.DstPort = binary.BigEndian.Uint16(inner), binary.BigEndian.Uint16(inner[2:])
	case p.Proto == unix.IPPROTO_ICMP, p.Proto == unix.IPPROTO_ICMPV6:
		p.Type, p.Code = inner[0], inner[1]
		if echo[p.Proto][0] == p.Type || echo[p.Proto][1] == p.Type {
			p.ID = binary.BigEndian.Uint16(inner[4:])
		}
	}
	return p
}
