package flows

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/eval"
	"nstutor/diag/wire"
	"nstutor/internal/change"
)

// Flow is a packet by what stands in its headers.
type Flow struct {
	Proto            byte // IPPROTO_ICMP and IPPROTO_ICMPV6: an echo, or IPPROTO_TCP, IPPROTO_UDP
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16 // 0: of an echo, or not known
	Reply            bool   // it answers: an echo reply, SYN and ACK, a datagram back
}

// String is how the flow is told: its addresses, and the port that is asked.
func (f Flow) String() string {
	src, dst := f.Src.String(), eval.Endpoint(f.Dst, f.DstPort)
	if f.Reply {
		src, dst = eval.Endpoint(f.Src, f.SrcPort), f.Dst.String()
	}
	return fmt.Sprintf("%s > %s", src, dst)
}

// OfPing is the protocol of a ping to an address.
func OfPing(dst netip.Addr) byte {
	if dst.Is6() {
		return unix.IPPROTO_ICMPV6
	}
	return unix.IPPROTO_ICMP
}

// Protocol is the name of a protocol, as iptables and nft spell it.
func Protocol(number byte) string {
	switch number {
	case unix.IPPROTO_ICMP:
		return "icmp"
	case unix.IPPROTO_ICMPV6:
		return "icmpv6"
	case unix.IPPROTO_TCP:
		return "tcp"
	case unix.IPPROTO_UDP:
		return "udp"
	}
	return strconv.Itoa(int(number))
}

// Echo reports whether it is of a ping.
func (f Flow) Echo() bool { return f.Proto == unix.IPPROTO_ICMP || f.Proto == unix.IPPROTO_ICMPV6 }

// ICMPType is the number of the kind of packet; 0 also of what is no ping's.
func (f Flow) ICMPType() byte {
	switch {
	case f.Proto == unix.IPPROTO_ICMP && !f.Reply:
		return 8
	case f.Proto == unix.IPPROTO_ICMPV6 && f.Reply:
		return 129
	case f.Proto == unix.IPPROTO_ICMPV6:
		return 128
	}
	return 0
}

// Is reports whether a frame has such a packet.
func (f Flow) Is(frame wire.Frame) bool {
	if frame.Src != f.Src || frame.Dst != f.Dst || !samePort(f.SrcPort, frame.SrcPort) || !samePort(f.DstPort, frame.DstPort) {
		return false
	}
	switch f.Proto {
	case unix.IPPROTO_TCP:
		return !f.Reply && frame.SYN() || f.Reply && frame.SYNACK()
	case unix.IPPROTO_UDP:
		return frame.Proto == "UDP"
	}
	op := wire.EchoRequest
	if f.Reply {
		op = wire.EchoReply
	}
	return (frame.Proto == "ICMP" || frame.Proto == "ICMP6") && frame.Op == op
}

// ResetBy reports whether a frame resets the connection in place of such a packet.
func (f Flow) ResetBy(frame wire.Frame) bool {
	return frame.RST() && frame.Src == f.Src && frame.Dst == f.Dst && samePort(f.SrcPort, frame.SrcPort) && samePort(f.DstPort, frame.DstPort)
}

// Back is the reply to the flow.
func (f Flow) Back() Flow {
	return Flow{Proto: f.Proto, Src: f.Dst, Dst: f.Src, SrcPort: f.DstPort, DstPort: f.SrcPort, Reply: true}
}

func samePort(want uint16, is int) bool { return want == 0 || int(want) == is }

// Kind is what a rule can say of the packets of the flow, besides their addresses.
func (f Flow) Kind() change.Kind {
	k := change.Kind{Proto: Protocol(f.Proto)}
	switch {
	case f.Echo() && f.Reply:
		k.ICMPType = "echo-reply"
	case f.Echo():
		k.ICMPType = "echo-request"
	case f.Reply:
		k.SrcPort = f.SrcPort
	default:
		k.DstPort = f.DstPort
	}
	return k
}

// OnWire is the flow for a tap, in both directions.
func (f Flow) OnWire() wire.Flow {
	on := wire.Flow{Proto: strings.ToUpper(Protocol(f.Proto)), Src: netip.AddrPortFrom(f.Src, f.SrcPort), Dst: netip.AddrPortFrom(f.Dst, f.DstPort)}
	if f.Reply {
		on.Src, on.Dst = on.Dst, on.Src
	}
	return on
}
