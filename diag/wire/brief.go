package wire

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// IsError says whether the frame is an ICMP message about another packet.
func (f Frame) IsError() bool { return (f.Proto == "ICMP" || f.Proto == "ICMP6") && f.Inner != nil }

// Tunnels reports whether the frame carries another one, or a packet, through a tunnel.
func (f Frame) Tunnels() bool {
	return f.Inner != nil && slices.Contains([]string{"VXLAN", "IPIP", "SIT", "GRE"}, f.Proto)
}

// Carried is the packet that a frame brings to its destination: the frame itself, or
// what it carries through a tunnel.
func (f *Frame) Carried() *Frame {
	for f.Tunnels() {
		f = f.Inner
	}
	return f
}

// Source and Target are the addresses of a packet, with their ports where it has any:
// "203.0.113.53:53", which tcpdump writes with another dot.
func (f Frame) Source() string { return briefEnd(f.Src, f.SrcPort) }

// Target is described at Source.
func (f Frame) Target() string { return briefEnd(f.Dst, f.DstPort) }

func briefEnd(addr netip.Addr, port int) string {
	if port == 0 {
		return addr.String()
	}
	return netip.AddrPortFrom(addr, uint16(port)).String()
}

// Brief is what a packet says and who says it to whom, without lengths and numbers
// that tell a reader nothing: "172.20.1.10 > 203.0.113.10 echo request 1".
func (f Frame) Brief() string {
	if f.Proto == "ARP" || !f.Src.IsValid() || f.Op == frameMalformed {
		return f.String()
	}
	return f.Source() + " > " + f.Target() + " " + f.Gist()
}

// Gist is the core of what a packet says: "who-has 172.20.1.1", "echo request 1",
// "TCP SYN", "A? web.example.".
func (f Frame) Gist() string {
	switch {
	case f.Op == frameMalformed, f.Op == frameFragment:
		return f.Proto + " " + f.Op
	case f.Proto == "ARP" && f.Op == "request":
		return fmt.Sprintf("who-has %s", f.Dst)
	case f.Proto == "ARP" && f.Op == "reply":
		return fmt.Sprintf("%s is-at", f.Src)
	case f.Proto == "ARP":
		return f.arpText()
	case f.Echo():
		return fmt.Sprintf("%s %d", f.Op, f.Seq)
	case f.Proto == "ICMP" || f.Proto == "ICMP6":
		return f.icmpText()
	case f.Proto == "TCP":
		return f.tcpGist()
	case f.Op != "":
		return f.Op
	}
	return fmt.Sprintf("%s length %d", f.Proto, f.Length)
}

// tcpGist is what a segment does to its connection, or how much it brings.
func (f Frame) tcpGist() string {
	var does []string
	for _, flag := range []struct{ letter, name string }{{"R", "RST"}, {"S", "SYN"}, {"F", "FIN"}} {
		if f.hasFlag(flag.letter) {
			does = append(does, flag.name)
		}
	}
	switch {
	case f.Length > 0:
		does = append(does, fmt.Sprintf("length %d", f.Length))
	case f.hasFlag(".") && !f.RST():
		does = append(does, "ACK")
	}
	return "TCP " + strings.Join(does, " ")
}
