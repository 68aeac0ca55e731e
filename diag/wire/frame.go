package wire

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"nstutor/internal/say"
)

// Frame is one frame as a device of a network namespace received or sent it.
//
// The first group of fields is what the packet socket says about it
// (packet(7)); they are empty in an Inner frame. The rest is what the frame's
// own bytes say; a field that its protocol does not have is zero.
type Frame struct {
	At      time.Time // when the kernel handed the frame to the device or took it from there
	Netns   string    // the namespace, by the name it was opened with
	Dev     string    // the device's name at that time, or "if7" when it was already gone
	Ifindex int
	Out     bool // sent by this namespace (PACKET_OUTGOING)
	ToOther bool // addressed to another station's MAC, so that IP discards it (PACKET_OTHERHOST)
	Bytes   int  // length with the link header, but without a VLAN tag that the kernel took off

	SrcMAC, DstMAC net.HardwareAddr // nil on a device without link header, such as a tunnel
	VLAN           int              // VLAN ID of the outermost 802.1Q tag; 0 is untagged

	// Proto is "ARP", "ICMP", "ICMP6", "UDP", "TCP", "VXLAN", "IPIP", "SIT" or "GRE", or
	// names the number of anything else, as in "ip-proto-50".
	Proto string
	// Op is what the frame wants, in the words of tcpdump(8): "request" or
	// "reply" (ARP), "echo request", "host unreachable" (ICMP), "S." (TCP
	// flags), "A? web.example." (DNS over UDP). It is "fragment" for all but the
	// first fragment of an IP packet, and "malformed" for a frame that contradicts
	// itself.
	Op string

	Src, Dst             netip.Addr       // IP addresses; ARP's sender and target
	SenderMAC, TargetMAC net.HardwareAddr // inside ARP: the answer of an "is-at"
	SrcPort, DstPort     int              // of UDP, TCP and VXLAN's outer UDP
	ID, Seq              int              // of an ICMP echo; Seq is TCP's too
	IPID                 int              // the identification of the IPv4 header; 0 also where the sender needs none (RFC 6864)
	TTL                  int              // or the IPv6 hop limit
	Length               int              // bytes of the ICMP message, or of the UDP or TCP payload
	MTU                  int              // next hop's MTU in "need to frag", 0 if the router did not tell
	Gateway              netip.Addr       // the better gateway in an ICMP redirect
	VNI                  int              // VXLAN network identifier

	// Inner is the packet this one carries: the frame in a VXLAN or IPIP
	// tunnel, or the packet that an ICMP error quotes, which may be cut short.
	Inner *Frame
}

// frameMalformed and frameFragment are the two values of Frame.Op that any protocol may have.
const (
	frameMalformed = "malformed"
	frameFragment  = "fragment"
)

// String describes what the frame says, in the manner of tcpdump:
// "who-has 172.20.1.1 tell 172.20.1.10".
func (f Frame) String() string {
	switch {
	case f.Op == frameMalformed:
		return f.Proto + " malformed"
	case f.Proto == "ARP":
		return f.arpText()
	case !f.Src.IsValid():
		return strings.TrimSpace(f.Proto + " " + f.Op)
	}
	return fmt.Sprintf("%s > %s: %s",
		frameEndpoint(f.Src, f.SrcPort), frameEndpoint(f.Dst, f.DstPort), f.payloadText())
}

// payloadText is what follows the addresses of an IP packet.
func (f Frame) payloadText() string {
	switch {
	case f.Op == frameFragment:
		return f.Proto + " fragment"
	case f.Inner != nil && f.Proto == "VXLAN":
		return fmt.Sprintf("VXLAN, vni %d: %s", f.VNI, f.Inner)
	case f.Tunnels():
		return f.Proto + ": " + f.Inner.String()
	case f.Proto == "ICMP" || f.Proto == "ICMP6":
		return fmt.Sprintf("%s %s, length %d", f.Proto, f.icmpText(), f.Length)
	case f.Proto == "TCP":
		return fmt.Sprintf("Flags [%s], length %d", f.Op, f.Length)
	}
	if f.Proto == "UDP" && f.Op != "" {
		return fmt.Sprintf("%s, length %d", f.Op, f.Length)
	}
	return fmt.Sprintf("%s, length %d", f.Proto, f.Length)
}

// arpText follows arp_print() of tcpdump, without its "Request" and "Reply".
func (f Frame) arpText() string {
	switch f.Op {
	case "request":
		return fmt.Sprintf("who-has %s tell %s", f.Dst, f.Src)
	case "reply":
		return fmt.Sprintf("%s is-at %s", f.Src, f.SenderMAC)
	}
	return "ARP " + f.Op
}

// Unopened reports whether the frame is an ICMP error by which the destination of a packet
// says that nothing there takes what it carries (RFC 1122, 3.2.2.1).
func (f Frame) Unopened() bool {
	return f.Inner != nil && f.Src == f.Inner.Dst && (f.Op == "port unreachable" || f.Op == "protocol unreachable")
}

// icmpText follows icmp_print() of tcpdump: an error names what it is about.
func (f Frame) icmpText() string {
	switch {
	case f.Echo():
		return fmt.Sprintf("%s, id %d, seq %d", f.Op, f.ID, f.Seq)
	case f.Inner == nil || !f.Inner.Dst.IsValid():
		return f.Op
	}
	about := f.Inner
	switch f.Op {
	case "port unreachable":
		return fmt.Sprintf("%s %s port %d unreachable", about.Dst, strings.ToLower(about.Proto), about.DstPort)
	case "protocol unreachable":
		return fmt.Sprintf("%s protocol %s unreachable", about.Dst, about.Proto)
	case "need to frag":
		return fmt.Sprintf("%s unreachable - need to frag (mtu %d)", about.Dst, f.MTU)
	case "redirect":
		return fmt.Sprintf("redirect %s to host %s", about.Dst, f.Gateway)
	}
	if text, ok := frameICMPAbout[f.Op]; ok {
		return fmt.Sprintf(text, about.Dst)
	}
	return fmt.Sprintf("%s (to %s)", f.Op, about.Dst)
}

// Line is String with the time, where the frame was seen, its direction and
// its MACs: "15:04:05.000000 ns1/eth0 -> 02:…:01 > ff:…:ff: who-has …". The
// arrow "->" leaves the namespace, "<-" enters it.
func (f Frame) Line() string {
	var line strings.Builder
	arrow := "<-"
	if f.Out {
		arrow = "->"
	}
	fmt.Fprintf(&line, "%s %s/%s %s ", f.At.Format("15:04:05.000000"), say.Clean(f.Netns), say.Clean(f.Dev), arrow)
	if f.SrcMAC != nil {
		fmt.Fprintf(&line, "%s > %s: ", f.SrcMAC, f.DstMAC)
	}
	if f.VLAN != 0 {
		fmt.Fprintf(&line, "vlan %d, ", f.VLAN)
	}
	line.WriteString(f.String())
	if f.ToOther {
		line.WriteString(" (not this device's MAC)")
	}
	return line.String()
}

// frameEndpoint is an address and port as tcpdump joins them, with a dot.
func frameEndpoint(addr netip.Addr, port int) string {
	if port == 0 {
		return addr.String()
	}
	return fmt.Sprintf("%s.%d", addr, port)
}
