package wire

import (
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// Flow is one connection by its addresses and ports, in both directions. What is
// zero fits everything: behind a translation only one end may be known, as in
// Flow{Proto: "TCP", Src: netip.AddrPortFrom(client, port)}.
type Flow struct {
	Proto    string // "TCP" or "UDP", as Frame.Proto has it
	Src, Dst netip.AddrPort
}

// Sighting is a packet of a flow in a frame.
type Sighting struct {
	Packet *Frame // the frame itself, or what it carries in a tunnel
	Reply  bool   // from Dst to Src
	Quoted bool   // it is no packet but one that an ICMP error is about: the Frame above it is the error
}

// Find looks for a packet of the flow in a frame: the frame itself, in VXLAN or
// IPIP, or quoted by an ICMP error.
func (w Flow) Find(f *Frame) (s Sighting, ok bool) {
	for ; f != nil; f = f.Inner {
		if forth, back := w.is(f, w.Src, w.Dst), w.is(f, w.Dst, w.Src); forth || back {
			return Sighting{Packet: f, Reply: !forth, Quoted: s.Quoted}, true
		}
		s.Quoted = s.Quoted || f.Proto == "ICMP" || f.Proto == "ICMP6"
	}
	return Sighting{}, false
}

func (w Flow) is(f *Frame, src, dst netip.AddrPort) bool {
	return f.Proto == w.Proto && endFits(src, f.Src, f.SrcPort) && endFits(dst, f.Dst, f.DstPort)
}

func endFits(end netip.AddrPort, addr netip.Addr, port int) bool {
	return (!end.Addr().IsValid() || plain(end) == addr) && (end.Port() == 0 || int(end.Port()) == port)
}

// plain is an endpoint's address as a packet has it.
func plain(end netip.AddrPort) netip.Addr { return end.Addr().Unmap().WithZone("") }

// protocol is the flow's number in the IP header.
func (w Flow) protocol() uint32 {
	if w.Proto == "UDP" {
		return unix.IPPROTO_UDP
	}
	return unix.IPPROTO_TCP
}

// The segments that open a TCP connection, or refuse it. ECN adds flags of its own
// to the first two (RFC 3168), so Op is more than "S" and "S." then.

// SYN says whether the frame asks for a TCP connection.
func (f Frame) SYN() bool { return f.hasFlag("S") && !f.hasFlag(".") }

// SYNACK says whether the frame accepts one.
func (f Frame) SYNACK() bool { return f.hasFlag("S") && f.hasFlag(".") }

// RST says whether the frame refuses or breaks off one.
func (f Frame) RST() bool { return f.hasFlag("R") }

func (f Frame) hasFlag(flag string) bool {
	return f.Proto == "TCP" && f.Op != frameMalformed && f.Op != frameFragment && strings.Contains(f.Op, flag)
}
