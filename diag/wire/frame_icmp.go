package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Frame.Op of an echo and of its reply, in ICMP and in ICMPv6, and of what asks for a
// neighbour of IPv6, as an ARP request does.
const (
	EchoRequest  = "echo request"
	EchoReply    = "echo reply"
	Solicitation = "neighbor solicitation"
)

// Echo reports whether the frame is an echo or its reply.
func (f Frame) Echo() bool { return f.Op == EchoRequest || f.Op == EchoReply }

// frameICMPOps names an ICMP type and code as Frame.Op has it: tcpdump's words
// (unreach2str and type2str in print-icmp.c) without the address.
var frameICMPOps = map[layers.ICMPv4TypeCode]string{
	frameICMPCode(layers.ICMPv4TypeEchoReply, 0):              EchoReply,
	frameICMPCode(layers.ICMPv4TypeEchoRequest, 0):            EchoRequest,
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 0): "net unreachable",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 1): "host unreachable",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 2): "protocol unreachable",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 3): "port unreachable",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 4): "need to frag",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 5): "host unreachable - source route failed",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 6): "net unreachable - unknown",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 7): "host unreachable - unknown",
	// A REJECT rule and an `ip route add prohibit` answer with these.
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 9):  "net unreachable - admin prohibited",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 10): "host unreachable - admin prohibited",
	frameICMPCode(layers.ICMPv4TypeDestinationUnreachable, 13): "host unreachable - admin prohibited filter",
	frameICMPCode(layers.ICMPv4TypeSourceQuench, 0):            "source quench",
	frameICMPCode(layers.ICMPv4TypeRedirect, 0):                "redirect",
	frameICMPCode(layers.ICMPv4TypeRedirect, 1):                "redirect",
	frameICMPCode(layers.ICMPv4TypeRouterAdvertisement, 0):     "router advertisement",
	frameICMPCode(layers.ICMPv4TypeRouterSolicitation, 0):      "router solicitation",
	frameICMPCode(layers.ICMPv4TypeTimeExceeded, 0):            "time exceeded in-transit",
	frameICMPCode(layers.ICMPv4TypeTimeExceeded, 1):            "ip reassembly time exceeded",
	frameICMPCode(layers.ICMPv4TypeParameterProblem, 0):        "parameter problem",
	frameICMPCode(layers.ICMPv4TypeTimestampRequest, 0):        "time stamp query",
	frameICMPCode(layers.ICMPv4TypeTimestampReply, 0):          "time stamp reply",
}

// frameICMPAbout are those of frameICMPOps in which tcpdump names the destination
// of the packet that the error is about.
var frameICMPAbout = map[string]string{
	"net unreachable":                            "net %s unreachable",
	"net unreachable - unknown":                  "net %s unreachable - unknown",
	"net unreachable - admin prohibited":         "net %s unreachable - admin prohibited",
	"host unreachable":                           "host %s unreachable",
	"host unreachable - unknown":                 "host %s unreachable - unknown",
	"host unreachable - source route failed":     "host %s unreachable - source route failed",
	"host unreachable - admin prohibited":        "host %s unreachable - admin prohibited",
	"host unreachable - admin prohibited filter": "host %s unreachable - admin prohibited filter",
}

// frameICMPv6Ops is frameICMPOps for ICMPv6, whose codes matter less here: by type.
var frameICMPv6Ops = map[uint8]string{
	layers.ICMPv6TypeDestinationUnreachable: "unreachable",
	layers.ICMPv6TypePacketTooBig:           "packet too big",
	layers.ICMPv6TypeTimeExceeded:           "time exceeded in-transit",
	layers.ICMPv6TypeParameterProblem:       "parameter problem",
	layers.ICMPv6TypeEchoRequest:            EchoRequest,
	layers.ICMPv6TypeEchoReply:              EchoReply,
	layers.ICMPv6TypeRouterSolicitation:     "router solicitation",
	layers.ICMPv6TypeRouterAdvertisement:    "router advertisement",
	layers.ICMPv6TypeNeighborSolicitation:   Solicitation,
	layers.ICMPv6TypeNeighborAdvertisement:  "neighbor advertisement",
	layers.ICMPv6TypeRedirect:               "redirect",
}

func frameICMPCode(typ, code uint8) layers.ICMPv4TypeCode {
	return layers.CreateICMPv4TypeCode(typ, code)
}

// decodeICMP reads an ICMP message and, for an error, the packet it quotes
// (RFC 792: the IP header and at least 8 bytes; Linux quotes as much as fits
// in 576 bytes).
func (d frameDecoder) decodeICMP(f *Frame, data []byte) {
	var icmp layers.ICMPv4
	if err := icmp.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
		f.Op = frameMalformed
		return
	}
	op, known := frameICMPOps[icmp.TypeCode]
	if !known {
		op = fmt.Sprintf("type %d code %d", icmp.TypeCode.Type(), icmp.TypeCode.Code())
	}
	f.Op = op
	switch icmp.TypeCode.Type() {
	case layers.ICMPv4TypeEchoRequest, layers.ICMPv4TypeEchoReply:
		f.ID, f.Seq = int(icmp.Id), int(icmp.Seq)
		return
	case layers.ICMPv4TypeRedirect:
		f.Gateway, _ = netip.AddrFromSlice(icmp.Contents[4:8])
	case layers.ICMPv4TypeDestinationUnreachable:
		if icmp.TypeCode.Code() == layers.ICMPv4CodeFragmentationNeeded {
			f.MTU = int(icmp.Seq) // RFC 1191: the second half of the unused word
		}
	case layers.ICMPv4TypeTimeExceeded, layers.ICMPv4TypeParameterProblem, layers.ICMPv4TypeSourceQuench:
	default:
		return
	}
	f.Inner = d.inner(func(quoted *Frame, d frameDecoder) {
		d.decodeNetwork(quoted, layers.EthernetTypeIPv4, icmp.Payload)
	})
}

// decodeICMPv6 is decodeICMP for RFC 4443.
func (d frameDecoder) decodeICMPv6(f *Frame, data []byte) {
	if len(data) < 8 {
		f.Op = frameMalformed
		return
	}
	typ := data[0]
	op, known := frameICMPv6Ops[typ]
	if !known {
		op = fmt.Sprintf("type %d code %d", typ, data[1])
	}
	f.Op = op
	switch typ {
	case layers.ICMPv6TypeEchoRequest, layers.ICMPv6TypeEchoReply:
		f.ID = int(binary.BigEndian.Uint16(data[4:6]))
		f.Seq = int(binary.BigEndian.Uint16(data[6:8]))
	case layers.ICMPv6TypePacketTooBig:
		f.MTU = int(binary.BigEndian.Uint32(data[4:8]))
		fallthrough
	case layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6TypeTimeExceeded, layers.ICMPv6TypeParameterProblem:
		f.Inner = d.inner(func(quoted *Frame, d frameDecoder) {
			d.decodeNetwork(quoted, layers.EthernetTypeIPv6, data[8:])
		})
	}
}
