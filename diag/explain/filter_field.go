package explain

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// filterValue is what a packet has in a field. Without bytes it is not known;
// absent, the packet has no such field.
type filterValue struct {
	bytes  []byte
	absent bool
}

// filterAddrType is an answer of Env.
type filterAddrType struct {
	number uint32
	known  bool
}

var (
	filterUnknown = filterValue{}
	filterAbsent  = filterValue{absent: true}
	filterStates  = map[CTState]uint32{CTInvalid: 1, CTEstablished: 2, CTRelated: 4, CTNew: 8, CTUntracked: 0x40}
	// filterTypes are the types of addresses. Rules ask only the local table
	// (inet_addr_type()): whatever is not there is unicast, with a route or not.
	filterTypes = map[string]uint32{
		"local": unix.RTN_LOCAL, "broadcast": unix.RTN_BROADCAST, "anycast": unix.RTN_ANYCAST, "multicast": unix.RTN_MULTICAST,
		"unicast": unix.RTN_UNICAST, "blackhole": unix.RTN_UNICAST, "unreachable": unix.RTN_UNICAST, "prohibit": unix.RTN_UNICAST,
		"throw": unix.RTN_UNICAST, "none": unix.RTN_UNICAST,
	}
)

func filterByte(b byte) filterValue { return filterValue{bytes: []byte{b}} }

func filter16(n uint16) filterValue { return filterValue{bytes: binary.BigEndian.AppendUint16(nil, n)} }

func filter32(n uint32) filterValue { return filterValue{bytes: binary.BigEndian.AppendUint32(nil, n)} }

// value is the packet's field, in network byte order.
func (e *filterEval) value(field netfilter.Field, s *filterState) filterValue {
	kind, rest, _ := strings.Cut(string(field), " ")
	if s.packet.EtherType == unix.ETH_P_ARP {
		return arpValue(string(field), s.packet)
	}
	switch kind {
	case "ip", "ip6":
		if (kind == "ip6") != s.packet.Src.Is6() {
			return filterAbsent
		}
		return filterHeader(rest, s.packet)
	case "tcp", "udp", "sctp", "icmp", "icmpv6", "th":
		return filterTransport(kind, rest, s.packet)
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
		return filterUnknown
	case "fib":
		return e.fibValue(rest, s.packet)
	default:
		return filterUnknown
	}
}

// arpValue is a field of an ARP packet: it has no IP header.
func arpValue(field string, p Packet) filterValue {
	switch field {
	case "ether type", "meta protocol":
		return filter16(unix.ETH_P_ARP)
	case "arp operation":
		return filter16(p.ARPOperation)
	case "arp saddr ip":
		return filterValue{bytes: p.Src.AsSlice()}
	case "arp daddr ip":
		return filterValue{bytes: p.Dst.AsSlice()}
	}
	switch kind, _, _ := strings.Cut(field, " "); kind {
	case "ip", "ip6", "tcp", "udp", "sctp", "icmp", "icmpv6", "th", "ct":
		return filterAbsent
	}
	return filterUnknown
}

func filterHeader(name string, p Packet) filterValue {
	switch {
	case name == "saddr" && !p.conn.srcUnknown:
		return filterValue{bytes: p.Src.AsSlice()}
	case name == "daddr" && !p.conn.dstUnknown:
		return filterValue{bytes: p.Dst.AsSlice()}
	case name == "protocol":
		return filterByte(p.Proto)
	case name == "nexthdr" && p.Proto == unix.IPPROTO_ICMPV6:
		return filterByte(p.Proto)
	case (name == "ttl" || name == "hoplimit") && p.TTL != 0:
		return filterByte(byte(p.TTL))
	case name == "length" && p.Length != 0:
		return filter16(uint16(p.Length))
	default:
		return filterUnknown
	}
}

var filterProtocols = map[string]byte{
	"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP,
	"icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6,
}

func filterTransport(proto, name string, p Packet) filterValue {
	hasPorts := p.Proto == unix.IPPROTO_TCP || p.Proto == unix.IPPROTO_UDP || p.Proto == unix.IPPROTO_SCTP
	isICMP := p.Proto == unix.IPPROTO_ICMP || p.Proto == unix.IPPROTO_ICMPV6
	switch {
	case proto != "th" && filterProtocols[proto] != p.Proto:
		return filterAbsent
	case name == "sport" && hasPorts:
		return filter16(p.SrcPort)
	case name == "dport" && hasPorts:
		return filter16(p.DstPort)
	case name == "sport" && isICMP: // nf_tables looks at the bytes, whatever they are
		return filterValue{bytes: []byte{p.ICMPType, p.ICMPCode}}
	case name == "type":
		return filterByte(p.ICMPType)
	case name == "code":
		return filterByte(p.ICMPCode)
	case name == "flags" && p.CTState == CTNew:
		return filterByte(0x02) // SYN
	default:
		return filterUnknown
	}
}

func (e *filterEval) metaValue(name string, s *filterState) filterValue {
	p := s.packet
	v6 := p.Src.Is6()
	switch {
	case name == "mark" && !p.conn.pktMarkUnknown:
		return filter32(p.Mark)
	case name == "l4proto":
		return filterByte(p.Proto)
	case name == "nfproto" && v6:
		return filterByte(unix.NFPROTO_IPV6)
	case name == "nfproto":
		return filterByte(unix.NFPROTO_IPV4)
	case name == "protocol" && v6:
		return filter16(unix.ETH_P_IPV6)
	case name == "protocol":
		return filter16(unix.ETH_P_IP)
	case name == "length" && p.Length != 0:
		return filter32(uint32(p.Length))
	case name == "pkttype" && !p.Dst.IsMulticast() && e.addrType(p.Dst) != (filterAddrType{unix.RTN_BROADCAST, true}):
		return filterByte(unix.PACKET_HOST)
	case (name == "skuid" || name == "skgid") && (e.hook == "prerouting" || e.hook == "forward"):
		return filterAbsent // no socket has sent it here
	default:
		return filterUnknown
	}
}

// deviceValue is a device as the hook is told: the way in is not known to
// output, the way out not to prerouting and input.
func (e *filterEval) deviceValue(field string, p Packet) filterValue {
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
		value := make([]byte, unix.IFNAMSIZ)
		copy(value, name)
		return filterValue{bytes: value}
	}
	if name == "" {
		return filter32(0)
	}
	if devices, ok := e.env.(DeviceEnv); ok {
		if index, err := devices.DeviceIndex(name); err == nil {
			return filter32(uint32(index))
		}
	}
	return filterUnknown
}

// ctValue is what connection tracking knows. Before it has seen the packet,
// the packet is invalid to it (nft_ct_get_eval(), state_mt()).
func (e *filterEval) ctValue(name string, p Packet) filterValue {
	state := p.CTState
	if e.raw && state != CTUntracked || state == "" {
		state = CTInvalid
	}
	fresh := p.CTState == CTNew && p.conn.begun
	remembered := fresh || p.conn.begun && p.conn.answer
	var done uint32
	if p.conn.dnat {
		done |= 0x20
	}
	if p.conn.snat {
		done |= 0x10
	}
	switch {
	case name == "state":
		return filter32(filterStates[state])
	case state == CTInvalid || state == CTUntracked:
		return filterAbsent
	case name == "mark" && p.conn.begun && !p.conn.markUnknown:
		return filter32(p.conn.mark)
	case name == "status" && fresh:
		return filter32(done)
	case name == "status" && remembered:
		return filter32(done | 0x2 | 0x8) // seen-reply, confirmed
	case name == "direction" && (state == CTNew || remembered):
		return filterByte(byte(filterIf(p.conn.answer) / filterYes))
	case name == "protocol":
		return filterByte(p.Proto)
	case name == "original ip daddr" && remembered && p.conn.original.Is4(), name == "original ip6 daddr" && remembered && p.conn.original.Is6():
		return filterValue{bytes: p.conn.original.AsSlice()}
	case name == "original ip saddr" && remembered && p.conn.source.Is4(), name == "original ip6 saddr" && remembered && p.conn.source.Is6():
		return filterValue{bytes: p.conn.source.AsSlice()}
	default:
		return filterUnknown
	}
}

func (e *filterEval) fibValue(name string, p Packet) filterValue {
	var t filterAddrType
	switch {
	case name == "saddr . iif oif" && (e.hook == "prerouting" || e.hook == "input" || e.hook == "forward"):
		return e.fibDevice(p)
	case name == "daddr type" && !p.conn.dstUnknown:
		t = e.addrType(p.Dst)
	case name == "saddr type" && !p.conn.srcUnknown:
		t = e.addrType(p.Src)
	}
	if !t.known {
		return filterUnknown
	}
	return filter32(t.number)
}

// addrType asks for each address once.
func (e *filterEval) addrType(addr netip.Addr) filterAddrType {
	if t, ok := e.types[addr]; ok {
		return t
	}
	var t filterAddrType
	name, err := e.env.AddrType(addr)
	if t.number, t.known = filterTypes[strings.ToLower(name)]; addr.Is6() && (err != nil || t.number == unix.RTN_UNICAST && !strings.EqualFold(name, "unicast")) {
		t.known = false // of IPv6 they ask all tables
	}
	e.types[addr] = t
	return t
}
