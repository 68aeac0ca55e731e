package wire

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// frameBytes serializes layers as a device would send them.
func frameBytes(t testing.TB, stack ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, options, stack...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func frameEthernet(typ layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{
		SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 0xa}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 0xb}, EthernetType: typ,
	}
}

func frameIPv4(src, dst string, protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: net.ParseIP(src), DstIP: net.ParseIP(dst)}
}

func frameEcho() *layers.ICMPv4 {
	return &layers.ICMPv4{TypeCode: frameICMPCode(layers.ICMPv4TypeEchoRequest, 0), Id: 5, Seq: 1}
}

// frameTaggedEcho is an echo request from 10.0.0.1 to 10.0.0.2 in 802.1Q tags.
func frameTaggedEcho(t testing.TB, tags ...uint16) []byte {
	stack := []gopacket.SerializableLayer{frameEthernet(layers.EthernetTypeDot1Q)}
	for i, tag := range tags {
		next := layers.EthernetTypeDot1Q
		if i == len(tags)-1 {
			next = layers.EthernetTypeIPv4
		}
		stack = append(stack, &layers.Dot1Q{VLANIdentifier: tag, Type: next})
	}
	return frameBytes(t, append(stack, frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolICMPv4), frameEcho())...)
}

// frameError is an ICMP error of 10.0.0.2 about what 10.0.0.1 sent to 10.9.9.9.
func frameError(t testing.TB, typ, code uint8, id, seq uint16, protocol layers.IPProtocol, quoted ...gopacket.SerializableLayer) []byte {
	packet := frameBytes(t, append([]gopacket.SerializableLayer{frameIPv4("10.0.0.1", "10.9.9.9", protocol)}, quoted...)...)
	return frameBytes(t, frameEthernet(layers.EthernetTypeIPv4),
		frameIPv4("10.0.0.2", "10.0.0.1", layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: frameICMPCode(typ, code), Id: id, Seq: seq}, gopacket.Payload(packet))
}

func decodedFrame(hatype, protocol uint16, data []byte) (f Frame) {
	frameDecoder{}.decodeLink(&f, hatype, 0, protocol, data)
	return f
}

func TestFrameReadsLikeTcpdump(t *testing.T) {
	ports := gopacket.Payload{0xbf, 0x68, 0x00, 0x35, 0, 8, 0, 0} // 49000 > 53
	ip := func(protocol layers.IPProtocol) []gopacket.SerializableLayer {
		return []gopacket.SerializableLayer{frameEthernet(layers.EthernetTypeIPv4), frameIPv4("10.0.0.1", "10.0.0.2", protocol)}
	}
	fragment := frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolICMPv4)
	fragment.FragOffset = 185
	syn := &layers.TCP{SrcPort: 40000, DstPort: 80, SYN: true, ACK: true}
	carried := frameIPv4("192.168.10.10", "192.168.11.10", layers.IPProtocolICMPv4)
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"tagged echo", frameTaggedEcho(t, 100), "10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 1, length 8"},
		{"UDP", frameBytes(t, append(ip(layers.IPProtocolUDP), ports)...), "10.0.0.1.49000 > 10.0.0.2.53: UDP, length 0"},
		{"TCP", frameBytes(t, append(ip(layers.IPProtocolTCP), frameSegment(t, syn), gopacket.Payload("hello"))...),
			"10.0.0.1.40000 > 10.0.0.2.80: Flags [S.], length 5"},
		{"IPIP", frameBytes(t, append(ip(layers.IPProtocolIPv4), carried, frameEcho())...),
			"10.0.0.1 > 10.0.0.2: IPIP: 192.168.10.10 > 192.168.11.10: ICMP echo request, id 5, seq 1, length 8"},
		{"fragment", frameBytes(t, frameEthernet(layers.EthernetTypeIPv4), fragment, ports), "10.0.0.1 > 10.0.0.2: ICMP fragment"},
		{"GRE with a key", frameBytes(t, append(ip(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv4, KeyPresent: true, Key: 7}, carried, frameEcho())...),
			"10.0.0.1 > 10.0.0.2: GRE: 192.168.10.10 > 192.168.11.10: ICMP echo request, id 5, seq 1, length 8"},
		{"GRE with Ethernet", frameBytes(t, append(ip(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging},
			frameEthernet(layers.EthernetTypeIPv4), carried, frameEcho())...),
			"10.0.0.1 > 10.0.0.2: GRE: 192.168.10.10 > 192.168.11.10: ICMP echo request, id 5, seq 1, length 8"},
		{"other protocol", frameBytes(t, append(ip(layers.IPProtocolESP), ports)...), "10.0.0.1 > 10.0.0.2: ip-proto-50, length 8"},
		{"host unreachable", frameError(t, 3, 1, 0, 0, layers.IPProtocolICMPv4, frameEcho()),
			"10.0.0.2 > 10.0.0.1: ICMP host 10.9.9.9 unreachable, length 36"},
		{"admin prohibited", frameError(t, 3, 13, 0, 0, layers.IPProtocolICMPv4, frameEcho()),
			"10.0.0.2 > 10.0.0.1: ICMP host 10.9.9.9 unreachable - admin prohibited filter, length 36"},
		{"port unreachable", frameError(t, 3, 3, 0, 0, layers.IPProtocolUDP, ports),
			"10.0.0.2 > 10.0.0.1: ICMP 10.9.9.9 udp port 53 unreachable, length 36"},
		{"8 bytes of TCP", frameError(t, 3, 3, 0, 0, layers.IPProtocolTCP, ports),
			"10.0.0.2 > 10.0.0.1: ICMP 10.9.9.9 tcp port 53 unreachable, length 36"},
		{"need to frag", frameError(t, 3, 4, 0, 1450, layers.IPProtocolICMPv4, frameEcho()),
			"10.0.0.2 > 10.0.0.1: ICMP 10.9.9.9 unreachable - need to frag (mtu 1450), length 36"},
		{"redirect", frameError(t, 5, 1, 0x0a00, 0x0003, layers.IPProtocolICMPv4, frameEcho()),
			"10.0.0.2 > 10.0.0.1: ICMP redirect 10.9.9.9 to host 10.0.0.3, length 36"},
		{"time exceeded", frameError(t, 11, 0, 0, 0, layers.IPProtocolICMPv4, frameEcho()),
			"10.0.0.2 > 10.0.0.1: ICMP time exceeded in-transit (to 10.9.9.9), length 36"},
		{"too short", []byte{1, 2, 3}, "Ethernet malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decodedFrame(unix.ARPHRD_ETHER, 0, test.data).String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// frameSegment is the TCP header without a checksum, which needs addresses.
func frameSegment(t testing.TB, tcp *layers.TCP) gopacket.Payload {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := tcp.SerializeTo(buf, gopacket.SerializeOptions{FixLengths: true}); err != nil {
		t.Fatal(err)
	}
	return gopacket.Payload(buf.Bytes())
}

func TestFrameOfATunnelDeviceHasNoLinkHeader(t *testing.T) {
	packet := frameBytes(t, frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolICMPv4), frameEcho())
	f := decodedFrame(unix.ARPHRD_TUNNEL, unix.ETH_P_IP, packet)
	if f.SrcMAC != nil || f.Op != "echo request" {
		t.Errorf("got %s", f.Line())
	}
}

func TestFrameOfAGREDeviceWithoutARemoteBeginsWithItsCarrier(t *testing.T) {
	packet := frameBytes(t, frameIPv4("192.0.2.1", "192.0.2.2", layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv4},
		frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolICMPv4), frameEcho())
	var f Frame
	frameDecoder{}.decodeLink(&f, unix.ARPHRD_IPGRE, 4, unix.ETH_P_IP, packet)
	if f.Src != netip.MustParseAddr("10.0.0.1") || f.Op != "echo request" {
		t.Errorf("got %s", f.Line())
	}
	for n := range packet {
		frameDecoder{}.decodeLink(&f, unix.ARPHRD_IPGRE, 4, unix.ETH_P_IP, packet[:n])
	}
}

func TestFrameFollowsOnlySoManyPacketsInsidePackets(t *testing.T) {
	stack := []gopacket.SerializableLayer{frameEthernet(layers.EthernetTypeIPv4)}
	for range 10 {
		stack = append(stack, frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolIPv4))
	}
	depth := 0
	for f := decodedFrame(unix.ARPHRD_ETHER, 0, frameBytes(t, stack...)); f.Inner != nil; f = *f.Inner {
		depth++
	}
	if depth != frameMaxNesting-1 {
		t.Errorf("%d packets inside, want %d", depth, frameMaxNesting-1)
	}
}

func TestFrameLineTellsWhereAndWhichWay(t *testing.T) {
	f := decodedFrame(unix.ARPHRD_ETHER, 0, frameTaggedEcho(t, 100))
	f.At = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	f.Netns, f.Dev = "ns1", "eth0"
	const rest = " 02:00:00:00:00:0a > 02:00:00:00:00:0b: vlan 100, 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 1, length 8"
	f.Out = true
	if got, want := f.Line(), "07:08:09.123456 ns1/eth0 ->"+rest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.Out, f.ToOther = false, true
	if got, want := f.Line(), "07:08:09.123456 ns1/eth0 <-"+rest+" (not this device's MAC)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	vxlan := frameBytes(f, frameEthernet(layers.EthernetTypeIPv4), frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolUDP),
		gopacket.Payload{0xbf, 0x68, 0x12, 0xb5, 0, 0, 0, 0}, &layers.VXLAN{ValidIDFlag: true, VNI: 100}, gopacket.Payload(frameTaggedEcho(f, 1)))
	for _, seed := range [][]byte{nil, vxlan, frameTaggedEcho(f, 200, 100), frameError(f, 3, 1, 0, 0, layers.IPProtocolICMPv4, frameEcho())} {
		f.Add(uint16(unix.ARPHRD_ETHER), uint16(0), seed)
	}
	f.Add(uint16(unix.ARPHRD_NONE), uint16(unix.ETH_P_IPV6), []byte{0x60, 0, 0, 0, 0, 8, 58, 64})
	f.Fuzz(func(t *testing.T, hatype, protocol uint16, data []byte) {
		frame := decodedFrame(hatype, protocol, data)
		if frame.Proto == "" {
			t.Error("a frame without a protocol")
		}
		// What came over a wire goes to a terminal in this line.
		if line := frame.Line(); strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
			t.Errorf("%q is not safe on a terminal", line)
		}
		depth := 0
		for inner := &frame; inner != nil; inner = inner.Inner {
			depth++
		}
		if depth > frameMaxNesting {
			t.Errorf("%d frames inside one another, want no more than %d", depth, frameMaxNesting)
		}
	})
}
