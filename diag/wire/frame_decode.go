package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// frameMaxNesting bounds how many packets inside packets are followed. A ping
// in IPIP in VXLAN that is quoted by an ICMP error needs three.
const frameMaxNesting = 4

// frameVXLANPorts are IANA's port for VXLAN (RFC 7348) and the one that Linux used
// before, which `ip link add type vxlan` still takes without dstport.
var frameVXLANPorts = []uint16{4789, 8472}

// frameTCPFlags spells TCP's flags as tcpdump does, in its order.
var frameTCPFlags = []struct {
	letter string
	set    func(*layers.TCP) bool
}{
	{"F", func(t *layers.TCP) bool { return t.FIN }},
	{"S", func(t *layers.TCP) bool { return t.SYN }},
	{"R", func(t *layers.TCP) bool { return t.RST }},
	{"P", func(t *layers.TCP) bool { return t.PSH }},
	{".", func(t *layers.TCP) bool { return t.ACK }},
	{"U", func(t *layers.TCP) bool { return t.URG }},
	{"E", func(t *layers.TCP) bool { return t.ECE }},
	{"W", func(t *layers.TCP) bool { return t.CWR }},
}

// frameDecoder fills in the part of a Frame that its bytes tell. It never
// fails: what cannot be read stays zero, with Op "malformed". It keeps no
// reference to the bytes.
type frameDecoder struct {
	depth int
	vxlan []uint16 // ports of VXLAN, besides those that have it on every machine
}

// inner decodes a packet inside a packet, or returns nil when that goes too deep.
func (d frameDecoder) inner(decode func(*Frame, frameDecoder)) *Frame {
	if d.depth+1 >= frameMaxNesting {
		return nil
	}
	f := &Frame{}
	d.depth++
	decode(f, d)
	return f
}

// decodeLink reads a frame as a packet socket delivers it. hatype is the
// device's ARPHRD_* type: only Ethernet and the loopback device put an
// Ethernet header first; tunnels start with the network header, and protocol
// (an ETH_P_* number in host order) says which. A device of GRE without a remote has
// addresses (halen bytes each): its frames begin with what carries them (ipgre_header()).
func (d frameDecoder) decodeLink(f *Frame, hatype uint16, halen uint8, protocol uint16, data []byte) {
	switch {
	case hatype == unix.ARPHRD_ETHER || hatype == unix.ARPHRD_LOOPBACK:
		d.decodeEthernet(f, data)
	case hatype == unix.ARPHRD_IPGRE && halen > 0:
		d.decodeIPGRE(f, data)
	default:
		d.decodeNetwork(f, layers.EthernetType(protocol), data)
	}
}

func (d frameDecoder) decodeIPGRE(f *Frame, data []byte) {
	var carrier layers.IPv4
	var gre layers.GRE
	if carrier.DecodeFromBytes(data, gopacket.NilDecodeFeedback) != nil || gre.DecodeFromBytes(carrier.Payload, gopacket.NilDecodeFeedback) != nil {
		f.Proto, f.Op = "GRE", frameMalformed
		return
	}
	d.decodeNetwork(f, gre.Protocol, gre.Payload)
}

func (d frameDecoder) decodeEthernet(f *Frame, data []byte) {
	var eth layers.Ethernet
	if err := eth.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
		f.Proto, f.Op = "Ethernet", frameMalformed
		return
	}
	f.SrcMAC, f.DstMAC = bytes.Clone(eth.SrcMAC), bytes.Clone(eth.DstMAC)
	d.decodeNetwork(f, eth.EthernetType, eth.Payload)
}

// decodeNetwork reads what follows the link header, VLAN tags included.
func (d frameDecoder) decodeNetwork(f *Frame, typ layers.EthernetType, data []byte) {
	for typ == layers.EthernetTypeDot1Q || typ == layers.EthernetTypeQinQ {
		var tag layers.Dot1Q
		if err := tag.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
			f.Proto, f.Op = "VLAN", frameMalformed
			return
		}
		if f.VLAN == 0 {
			f.VLAN = int(tag.VLANIdentifier)
		}
		typ, data = tag.Type, tag.Payload
	}
	switch typ {
	case layers.EthernetTypeARP:
		d.decodeARP(f, data)
	case layers.EthernetTypeIPv4:
		d.decodeIPv4(f, data)
	case layers.EthernetTypeIPv6:
		d.decodeIPv6(f, data)
	case layers.EthernetTypeLLC:
		f.Proto = "LLC" // an 802.3 frame, such as a bridge's spanning tree
	default:
		f.Proto = fmt.Sprintf("ethertype 0x%04x", uint16(typ))
	}
}

func (d frameDecoder) decodeARP(f *Frame, data []byte) {
	f.Proto = "ARP"
	var arp layers.ARP
	err := arp.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if err != nil || arp.Protocol != layers.EthernetTypeIPv4 || arp.ProtAddressSize != 4 {
		f.Op = frameMalformed
		return
	}
	f.Src, _ = netip.AddrFromSlice(arp.SourceProtAddress)
	f.Dst, _ = netip.AddrFromSlice(arp.DstProtAddress)
	f.SenderMAC, f.TargetMAC = bytes.Clone(arp.SourceHwAddress), bytes.Clone(arp.DstHwAddress)
	switch arp.Operation {
	case layers.ARPRequest:
		f.Op = "request"
	case layers.ARPReply:
		f.Op = "reply"
	default:
		f.Op = fmt.Sprintf("op %d", arp.Operation)
	}
}

func (d frameDecoder) decodeIPv4(f *Frame, data []byte) {
	f.Proto = "IP"
	var ip layers.IPv4
	err := ip.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if err != nil || ip.Version != 4 {
		f.Op = frameMalformed
		return
	}
	f.Src, _ = netip.AddrFromSlice(ip.SrcIP)
	f.Dst, _ = netip.AddrFromSlice(ip.DstIP)
	f.TTL, f.IPID = int(ip.TTL), int(ip.Id)
	f.Length = int(ip.Length) - 4*int(ip.IHL)
	d.decodeTransport(f, ip.Protocol, ip.FragOffset, ip.Payload)
}

func (d frameDecoder) decodeIPv6(f *Frame, data []byte) {
	f.Proto = "IP6"
	var ip layers.IPv6
	err := ip.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if err != nil || ip.Version != 6 {
		f.Op = frameMalformed
		return
	}
	f.Src, _ = netip.AddrFromSlice(ip.SrcIP)
	f.Dst, _ = netip.AddrFromSlice(ip.DstIP)
	f.TTL = int(ip.HopLimit)
	f.Length = int(ip.Length)
	d.decodeTransport(f, ip.NextHeader, 0, ip.Payload)
}

func (d frameDecoder) decodeTransport(f *Frame, protocol layers.IPProtocol, fragOffset uint16, data []byte) {
	var decode func(*Frame, []byte)
	switch protocol {
	case layers.IPProtocolICMPv4:
		f.Proto, decode = "ICMP", d.decodeICMP
	case layers.IPProtocolICMPv6:
		f.Proto, decode = "ICMP6", d.decodeICMPv6
	case layers.IPProtocolIPv4:
		f.Proto, decode = "IPIP", d.carrying(layers.EthernetTypeIPv4)
	case layers.IPProtocolIPv6:
		f.Proto, decode = "SIT", d.carrying(layers.EthernetTypeIPv6)
	case layers.IPProtocolGRE:
		f.Proto, decode = "GRE", d.decodeGRE
	case layers.IPProtocolTCP:
		f.Proto, decode = "TCP", d.decodeTCP
	case layers.IPProtocolUDP:
		f.Proto, decode = "UDP", d.decodeUDP
	default:
		f.Proto = fmt.Sprintf("ip-proto-%d", uint8(protocol))
		return
	}
	if fragOffset != 0 {
		f.Op = frameFragment
		return
	}
	decode(f, data)
}

// carrying decodes a packet of IP that another one carries.
func (d frameDecoder) carrying(typ layers.EthernetType) func(*Frame, []byte) {
	return func(f *Frame, data []byte) {
		f.Inner = d.inner(func(carried *Frame, d frameDecoder) { d.decodeNetwork(carried, typ, data) })
	}
}

func (d frameDecoder) decodeGRE(f *Frame, data []byte) {
	var gre layers.GRE
	if err := gre.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
		return // a quote that was cut short
	}
	f.Inner = d.inner(func(carried *Frame, d frameDecoder) {
		if gre.Protocol == layers.EthernetTypeTransparentEthernetBridging {
			d.decodeEthernet(carried, gre.Payload)
			return
		}
		d.decodeNetwork(carried, gre.Protocol, gre.Payload)
	})
}

// decodePorts reads what UDP and TCP have in common; it is all there is when
// an ICMP error quotes only the 8 bytes that RFC 792 asks for.
func (f *Frame) decodePorts(data []byte) bool {
	if len(data) < 8 {
		f.Op = frameMalformed
		return false
	}
	f.SrcPort = int(binary.BigEndian.Uint16(data[0:2]))
	f.DstPort = int(binary.BigEndian.Uint16(data[2:4]))
	return true
}

func (d frameDecoder) decodeUDP(f *Frame, data []byte) {
	if !f.decodePorts(data) {
		return
	}
	f.Length -= 8
	if port := uint16(f.DstPort); slices.Contains(frameVXLANPorts, port) || slices.Contains(d.vxlan, port) {
		d.decodeVXLAN(f, data[8:])
		return
	}
	if f.SrcPort == dnsPort || f.DstPort == dnsPort {
		f.Op = dnsText(data[8:])
	}
}

func (d frameDecoder) decodeVXLAN(f *Frame, data []byte) {
	var vxlan layers.VXLAN
	err := vxlan.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if err != nil || !vxlan.ValidIDFlag {
		return // some other protocol on this port, or a quote cut short: it stays UDP
	}
	f.Proto, f.VNI = "VXLAN", int(vxlan.VNI)
	f.Inner = d.inner(func(carried *Frame, d frameDecoder) {
		d.decodeEthernet(carried, vxlan.Payload)
	})
}

func (d frameDecoder) decodeTCP(f *Frame, data []byte) {
	if !f.decodePorts(data) {
		return
	}
	var tcp layers.TCP
	if err := tcp.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
		return // cut short: the ports are known, the flags are not
	}
	f.Length -= 4 * int(tcp.DataOffset)
	f.Seq = int(tcp.Seq)
	var flags strings.Builder
	for _, flag := range frameTCPFlags {
		if flag.set(&tcp) {
			flags.WriteString(flag.letter)
		}
	}
	f.Op = flags.String()
}
