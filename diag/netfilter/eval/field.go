package eval

import (
	"bytes"
	"encoding/binary"
	"strings"

	"nstutor/diag/netfilter/fields"

	"golang.org/x/sys/unix"
)

// fieldValue is what a packet has in a field. Without bytes it is not known;
// absent, the packet has no such field.
type fieldValue struct {
	bytes  []byte
	absent bool
}

// addrType is an answer of Env.
type addrType struct {
	number uint32
	dev    string // of the address
	known  bool
}

var (
	unknown  = fieldValue{}
	absent   = fieldValue{absent: true}
	ctStates = map[CTState]uint32{CTInvalid: 1, CTEstablished: 2, CTRelated: 4, CTNew: 8, CTUntracked: 0x40}
	// addrTypes are the types of addresses. Rules ask only the local table
	// (inet_addr_type()): whatever is not there is unicast, with a route or not.
	addrTypes = map[string]uint32{
		"local": unix.RTN_LOCAL, "broadcast": unix.RTN_BROADCAST, "anycast": unix.RTN_ANYCAST, "multicast": unix.RTN_MULTICAST,
		"unicast": unix.RTN_UNICAST, "blackhole": unix.RTN_UNICAST, "unreachable": unix.RTN_UNICAST, "prohibit": unix.RTN_UNICAST,
		"throw": unix.RTN_UNICAST, "none": unix.RTN_UNICAST,
	}
)

func byteValue(b byte) fieldValue { return fieldValue{bytes: []byte{b}} }

func uint16Value(n uint16) fieldValue {
	return fieldValue{bytes: binary.BigEndian.AppendUint16(nil, n)}
}

func uint32Value(n uint32) fieldValue {
	return fieldValue{bytes: binary.BigEndian.AppendUint32(nil, n)}
}

// value is the packet's field, in network byte order.
func (e *evaluator) value(field fields.Name, s *state) fieldValue {
	kind, rest, _ := strings.Cut(string(field), " ")
	if s.packet.EtherType == unix.ETH_P_ARP {
		switch kind {
		case "iif", "oif", "iifname", "oifname":
			return e.deviceValue(kind, s.packet)
		}
		return arpValue(string(field), s.packet)
	}
	switch kind {
	case "ip", "ip6":
		if (kind == "ip6") != s.packet.Src.Is6() {
			return absent
		}
		return header(rest, s.packet)
	case "tcp", "udp", "sctp", "icmp", "icmpv6", "th":
		return transport(kind, rest, s.packet)
	case "meta":
		return e.metaValue(rest, s)
	case "iif", "oif", "iifname", "oifname":
		return e.deviceValue(kind, s.packet)
	case "ct":
		return e.ctValue(rest, s.packet)
	case "ether":
		if rest == "type" {
			return e.metaValue("protocol", s)
		}
		return e.frameValue(field, s.packet)
	case "iiftype":
		return e.frameValue(field, s.packet)
	case "fib":
		return e.fibValue(field, s.packet)
	default:
		return unknown
	}
}

// frameValue is a field of the frame that the packet came in.
func (e *evaluator) frameValue(field fields.Name, p Packet) fieldValue {
	switch {
	case !e.framed(p):
		return unknown
	case field == "iiftype":
		return uint16Value(unix.ARPHRD_ETHER)
	case field == "ether saddr":
		return fieldValue{bytes: p.From[:]}
	}
	return unknown
}

// framed reports whether the frame that the packet came in is known: nothing has come in
// where a hook is told of the way out alone.
func (e *evaluator) framed(p Packet) bool {
	return p.From != MAC{} && (e.hook == "prerouting" || e.hook == "input" || e.hook == "forward" || e.hook == "link")
}

// xtMAC is struct xt_mac_info: an address, and whether that is inverted.
func (e *evaluator) xtMAC(data []byte, p Packet) (holds, known bool) {
	if len(data) < 12 || !e.framed(p) {
		return false, false
	}
	return bytes.Equal(data[:6], p.From[:]) == (binary.NativeEndian.Uint32(data[8:]) == 0), true
}

// arpValue is a field of an ARP packet: it has no IP header.
func arpValue(field string, p Packet) fieldValue {
	switch field {
	case "ether type", "meta protocol":
		return uint16Value(unix.ETH_P_ARP)
	case "arp operation":
		return uint16Value(p.ARPOperation)
	case "arp htype": // arp_create(), of Ethernet and IPv4
		return uint16Value(unix.ARPHRD_ETHER)
	case "arp ptype":
		return uint16Value(unix.ETH_P_IP)
	case "arp hlen":
		return byteValue(6)
	case "arp plen":
		return byteValue(4)
	case "ether saddr", "arp saddr ether":
		if p.From == (MAC{}) {
			return unknown
		}
		return fieldValue{bytes: p.From[:]}
	case "arp saddr ip":
		return fieldValue{bytes: p.Src.AsSlice()}
	case "arp daddr ip":
		return fieldValue{bytes: p.Dst.AsSlice()}
	}
	switch kind, _, _ := strings.Cut(field, " "); kind {
	case "ip", "ip6", "tcp", "udp", "sctp", "icmp", "icmpv6", "th", "ct":
		return absent
	}
	return unknown
}

func header(name string, p Packet) fieldValue {
	switch {
	case name == "saddr" && !p.conn.srcUnknown:
		return fieldValue{bytes: p.Src.AsSlice()}
	case name == "daddr" && !p.conn.dstUnknown:
		return fieldValue{bytes: p.Dst.AsSlice()}
	case name == "protocol":
		return byteValue(p.Proto)
	case name == "nexthdr" && p.Proto == unix.IPPROTO_ICMPV6:
		return byteValue(p.Proto)
	case (name == "ttl" || name == "hoplimit") && p.TTL != 0:
		return byteValue(byte(p.TTL))
	case name == "length" && p.Length != 0:
		return uint16Value(uint16(p.Length))
	default:
		return unknown
	}
}

var protocols = map[string]byte{
	"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP,
	"icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6,
}

// portsOf reports whether a packet's protocol has ports.
func portsOf(p Packet) bool {
	return p.Proto == unix.IPPROTO_TCP || p.Proto == unix.IPPROTO_UDP || p.Proto == unix.IPPROTO_SCTP
}

func transport(proto, name string, p Packet) fieldValue {
	hasPorts := portsOf(p)
	isICMP := p.Proto == unix.IPPROTO_ICMP || p.Proto == unix.IPPROTO_ICMPV6
	switch {
	case proto != "th" && protocols[proto] != p.Proto:
		return absent
	case name == "sport" && hasPorts:
		return uint16Value(p.SrcPort)
	case name == "dport" && hasPorts:
		return uint16Value(p.DstPort)
	case name == "sport" && isICMP: // nf_tables looks at the bytes, whatever they are
		return fieldValue{bytes: []byte{p.ICMPType, p.ICMPCode}}
	case name == "type":
		return byteValue(p.ICMPType)
	case name == "code":
		return byteValue(p.ICMPCode)
	case name == "flags" && p.Proto == unix.IPPROTO_TCP && (p.CTState == CTNew || p.conn.answer):
		return byteValue(p.tcpFlags())
	default:
		return unknown
	}
}

// tcpFlags are those of the first packet of a connection, or of what answers it.
func (p Packet) tcpFlags() byte {
	const syn, ack, ece, cwr = 0x02, 0x10, 0x40, 0x80
	switch {
	case !p.conn.answer && p.ECN:
		return syn | ece | cwr // tcp_ecn_send_syn()
	case !p.conn.answer:
		return syn
	case p.ECN:
		return syn | ack | ece // tcp_ecn_make_synack()
	}
	return syn | ack
}

func (e *evaluator) metaValue(name string, s *state) fieldValue {
	p := s.packet
	v6 := p.Src.Is6()
	switch {
	case name == "mark" && !p.conn.pktMarkUnknown:
		return uint32Value(p.Mark)
	case name == "l4proto":
		return byteValue(p.Proto)
	case name == "nfproto" && v6:
		return byteValue(unix.NFPROTO_IPV6)
	case name == "nfproto":
		return byteValue(unix.NFPROTO_IPV4)
	case name == "protocol" && v6:
		return uint16Value(unix.ETH_P_IPV6)
	case name == "protocol":
		return uint16Value(unix.ETH_P_IP)
	case name == "length" && p.Length != 0:
		return uint32Value(uint32(p.Length))
	case name == "pkttype" && !p.Dst.IsMulticast() && e.addrType(p.Dst).number != unix.RTN_BROADCAST:
		return byteValue(unix.PACKET_HOST)
	case name == "hour" || name == "day" || name == "time":
		return clock(name)
	case name == "skuid" || name == "skgid":
		return e.owner(name, p)
	default:
		return unknown
	}
}

// deviceValue is a device as the hook is told: the way in is not known to
// output, the way out not to prerouting and input.
func (e *evaluator) deviceValue(field string, p Packet) fieldValue {
	name := p.IIF
	if strings.HasPrefix(field, "oif") {
		name = p.OIF
		if e.hook == "prerouting" || e.hook == "input" {
			name = ""
		}
	} else if e.hook == "output" {
		name = ""
	}
	if strings.HasSuffix(field, "name") {
		return nameValue(name)
	}
	return e.indexValue(name)
}

// nameValue is the name of a device, as long as the kernel has it.
func nameValue(name string) fieldValue {
	value := make([]byte, unix.IFNAMSIZ)
	copy(value, name)
	return fieldValue{bytes: value}
}

// indexValue is the index of a device, 0 for none. Each is asked for once.
func (e *evaluator) indexValue(name string) fieldValue {
	value, known := e.indexes[name]
	if known {
		return value
	}
	if name == "" {
		value = uint32Value(0)
	} else if index, err := e.env.DeviceIndex(name); err == nil {
		value = uint32Value(uint32(index))
	}
	e.indexes[name] = value
	return value
}

// ctValue is what connection tracking knows. Before it has seen the packet,
// the packet is invalid to it (nft_ct_get_eval(), state_mt()).
func (e *evaluator) ctValue(name string, p Packet) fieldValue {
	state := p.CTState
	if e.raw && state != CTUntracked || state == "" {
		state = CTInvalid
	}
	fresh := p.CTState == CTNew && p.conn.begun
	known := fresh || p.conn.begun && (p.conn.answer || p.conn.goesOn)
	var done uint32
	if p.conn.dnat {
		done |= 0x20
	}
	if p.conn.snat {
		done |= 0x10
	}
	switch {
	case name == "state":
		return uint32Value(ctStates[state])
	case state == CTInvalid || state == CTUntracked:
		return absent
	case name == "mark" && p.conn.begun && !p.conn.markUnknown:
		return uint32Value(p.conn.mark)
	case name == "status" && fresh && p.conn.goesOn:
		return uint32Value(done | 0x8) // confirmed
	case name == "status" && fresh:
		return uint32Value(done)
	case name == "status" && known:
		return uint32Value(done | 0x2 | 0x8) // seen-reply, confirmed
	case name == "direction" && (state == CTNew || known):
		return byteValue(byte(when(p.conn.answer) / yes))
	case name == "protocol":
		return byteValue(p.Proto)
	case name == "original ip daddr" && known && p.conn.original.Addr().Is4(), name == "original ip6 daddr" && known && p.conn.original.Addr().Is6():
		return fieldValue{bytes: p.conn.original.Addr().AsSlice()}
	case name == "original ip saddr" && known && p.conn.source.Addr().Is4(), name == "original ip6 saddr" && known && p.conn.source.Addr().Is6():
		return fieldValue{bytes: p.conn.source.Addr().AsSlice()}
	case name == "original proto-dst" && known && portsOf(p):
		return uint16Value(p.conn.original.Port())
	case name == "original proto-src" && known && portsOf(p):
		return uint16Value(p.conn.source.Port())
	default:
		return unknown
	}
}
