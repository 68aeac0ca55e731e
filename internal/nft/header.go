package nft

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// version is what a rule asks of the packets of an IP version.
type version struct {
	length    uint32            // of an address in bytes
	addresses map[string]uint32 // where they are in the header
	etherType uint16
	protocol  byte // as `meta nfproto` has it
}

var versions = map[string]version{
	"ip":  {4, map[string]uint32{"saddr": 12, "daddr": 16}, unix.ETH_P_IP, unix.NFPROTO_IPV4},
	"ip6": {16, map[string]uint32{"saddr": 8, "daddr": 24}, unix.ETH_P_IPV6, unix.NFPROTO_IPV6},
}

// only has the rule ask for one IP version, where its table has packets of others as
// well: only then is what stands at these places an address.
func (w *writer) only(name string) error {
	v := versions[name]
	switch family := w.table.Family; {
	case w.version == name || family == families[name]:
		return nil
	case w.version != "" || family != nftables.TableFamilyINet && family != nftables.TableFamilyBridge && family != nftables.TableFamilyNetdev:
		return say.Err("no packet of this table has anything of %s", "这个表里没有 %s 的包", name)
	case family == nftables.TableFamilyINet:
		w.add(&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{v.protocol}})
	default:
		w.etherType(v.etherType)
	}
	w.version = name
	return nil
}

// etherType has the rule ask what the kernel takes a packet for, and frame what stands
// in its Ethernet header, which only a bridge's packets all have.
func (w *writer) etherType(kind uint16) {
	w.add(&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(kind)})
}

func (w *writer) frame(kind uint16) {
	if w.table.Family != nftables.TableFamilyBridge {
		w.etherType(kind)
		return
	}
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseLLHeader, Offset: 12, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(kind)})
}

// address compares an address of the packet with another, or with a network.
func (w *writer) address(name, field string) error {
	v := versions[name]
	offset, known := v.addresses[field]
	if !known {
		return say.Err("%q is not understood here", "这里不认识 %q", name+" "+field)
	}
	op, text := w.comparison(), w.next()
	if set, ok := strings.CutPrefix(text, "@"); ok && set != "" && name == "ip" && field == "saddr" {
		return w.remembered(op, set)
	}
	p, ok := network(text)
	if !ok || uint32(p.Addr().BitLen()) != v.length*8 {
		return say.Err("%q is no network", "%q 不是网段", text)
	}
	if err := w.only(name); err != nil {
		return err
	}
	w.prefix(offset, p, op)
	return nil
}

// network reads a network, or an address for the one with nothing else in it.
func network(text string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil
}

// prefix compares what stands in the network header with a network.
func (w *writer) prefix(offset uint32, p netip.Prefix, op expr.CmpOp) {
	bits := p.Addr().BitLen()
	length := uint32(bits / 8)
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: length})
	if p.Bits() < bits {
		w.add(&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: length, Mask: net.CIDRMask(p.Bits(), bits), Xor: make([]byte, length)})
	}
	w.add(&expr.Cmp{Op: op, Register: 1, Data: p.Addr().AsSlice()})
}

// arpAddresses are where the IPv4 addresses are in an ARP packet of Ethernet (RFC 826).
var arpAddresses = map[string]uint32{"saddr": 14, "daddr": 24}

// arp compares an address that an ARP packet is about: `arp saddr ip 10.0.0.1`.
func (w *writer) arp(field string) error {
	offset, known := arpAddresses[field]
	if !known || !w.skips("ip") {
		return say.Err("%q is not understood here", "这里不认识 %q", "arp "+field)
	}
	op, text := w.comparison(), w.next()
	p, ok := network(text)
	if !ok || !p.Addr().Is4() {
		return say.Err("%q is no network", "%q 不是网段", text)
	}
	if w.table.Family != nftables.TableFamilyARP {
		w.frame(unix.ETH_P_ARP)
	}
	w.prefix(offset, p, op)
	return nil
}

// messages are the types of ICMP and ICMPv6, as nft calls them.
var messages = map[string]struct {
	version string
	types   map[string]byte
}{
	"icmp": {"ip", map[string]byte{"echo-reply": 0, "destination-unreachable": 3, "redirect": 5, "echo-request": 8, "time-exceeded": 11, "parameter-problem": 12}},
	"icmpv6": {"ip6", map[string]byte{
		"destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4, "echo-request": 128, "echo-reply": 129,
		"nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137,
	}},
}

// unreachable are the codes of an ICMP message that a destination is unreachable.
var unreachable = map[string]byte{"net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3, "frag-needed": 4}

// icmp compares the type of a message, `icmp type echo-request`, or its code.
func (w *writer) icmp(proto, field string) error {
	fields := []map[string]byte{messages[proto].types, unreachable}
	at := slices.Index([]string{"type", "code"}, field)
	if at < 0 || field == "code" && proto != "icmp" {
		return say.Err("%q is not understood here", "这里不认识 %q", proto+" "+field)
	}
	op, word := w.comparison(), w.next()
	kind, known := fields[at][word]
	if !known {
		return say.Err("%q is no %s of %s", "%q 不是 %[3]s 的 %[2]s", word, field, proto)
	}
	if err := w.only(messages[proto].version); err != nil {
		return err
	}
	w.protocol(protocols[proto], expr.CmpOpEq)
	w.transport(uint32(at), []byte{kind}, op)
	return nil
}

// ports are where they are in the headers of TCP and UDP, in bytes.
var ports = map[string]uint32{"sport": 0, "dport": 2}

// port compares a port of the packet, which has to be of that protocol; of any with
// ports where it is "th".
func (w *writer) port(proto, field string) error {
	offset, known := ports[field]
	if !known {
		return say.Err("%q is not understood here", "这里不认识 %q", proto+" "+field)
	}
	op := w.comparison()
	port, err := portNumber(w.next())
	if err != nil {
		return err
	}
	if proto != "th" {
		w.protocol(protocols[proto], expr.CmpOpEq)
	}
	w.transport(offset, port, op)
	return nil
}

func (w *writer) transport(offset uint32, data []byte, op expr.CmpOp) {
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: uint32(len(data))},
		&expr.Cmp{Op: op, Register: 1, Data: data})
}

// protocols are those that have ports, and ICMP.
var protocols = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6}

func (w *writer) protocol(number byte, op expr.CmpOp) {
	w.ported = w.ported || op == expr.CmpOpEq && (number == unix.IPPROTO_TCP || number == unix.IPPROTO_UDP)
	w.add(&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: []byte{number}})
}
