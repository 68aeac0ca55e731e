package wire

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// flowPacket is an Ethernet frame with a SYN or a datagram from one end to the other.
func flowPacket(t *testing.T, proto layers.IPProtocol, src, dst string, change func(*layers.IPv4)) []byte {
	from, to := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	var ports gopacket.SerializableLayer = &layers.TCP{SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()), SYN: true}
	if proto == layers.IPProtocolUDP {
		ports = &layers.UDP{SrcPort: layers.UDPPort(from.Port()), DstPort: layers.UDPPort(to.Port())}
	}
	if from.Addr().Is6() {
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
		setChecksumOf(ports, ip)
		return frameBytes(t, frameEthernet(layers.EthernetTypeIPv6), ip, ports)
	}
	ip := frameIPv4(from.Addr().String(), to.Addr().String(), proto)
	if change != nil {
		change(ip)
	}
	setChecksumOf(ports, ip)
	return frameBytes(t, frameEthernet(layers.EthernetTypeIPv4), ip, ports)
}

func setChecksumOf(transport gopacket.SerializableLayer, ip gopacket.NetworkLayer) {
	switch transport := transport.(type) {
	case *layers.TCP:
		transport.SetNetworkLayerForChecksum(ip)
	case *layers.UDP:
		transport.SetNetworkLayerForChecksum(ip)
	}
}

// inVXLAN puts a frame into a tunnel.
func inVXLAN(t *testing.T, frame []byte) []byte {
	outer := frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: 49000, DstPort: 8472}
	setChecksumOf(udp, outer)
	return frameBytes(t, frameEthernet(layers.EthernetTypeIPv4), outer, udp,
		&layers.VXLAN{ValidIDFlag: true, VNI: 100}, gopacket.Payload(frame))
}

func TestFilterTakesTheFlowAndNoOther(t *testing.T) {
	const tcp, udp = layers.IPProtocolTCP, layers.IPProtocolUDP
	const client, server, client6, server6 = "192.0.2.1:40000", "192.0.2.2:80", "[2001:db8::1]:40000", "[2001:db8::2]:80"
	end := netip.MustParseAddrPort
	flow := Flow{Proto: "TCP", Src: end(client), Dst: end(server)}
	flow6 := Flow{Proto: "TCP", Src: end(client6), Dst: end(server6)}
	masqueraded := Flow{Proto: "TCP", Dst: end(server)}
	onPort := Flow{Proto: "UDP", Src: netip.AddrPortFrom(netip.Addr{}, 40000)}
	packet := func(proto layers.IPProtocol, src, dst string) []byte { return flowPacket(t, proto, src, dst, nil) }
	options := flowPacket(t, tcp, client, server, func(ip *layers.IPv4) {
		ip.Options = []layers.IPv4Option{{OptionType: 1}, {OptionType: 1}, {OptionType: 1}, {OptionType: 0}}
	})
	later := flowPacket(t, tcp, client, server, func(ip *layers.IPv4) { ip.FragOffset = 185 })
	echo := frameBytes(t, frameEthernet(layers.EthernetTypeIPv4), frameIPv4("192.0.2.7", "192.0.2.8", layers.IPProtocolICMPv4), frameEcho())
	for _, test := range []struct {
		name  string
		flows []Flow
		frame []byte
		want  bool
	}{
		{"a request", []Flow{flow}, packet(tcp, client, server), true},
		{"a reply", []Flow{flow}, packet(tcp, server, client), true},
		{"behind IP options", []Flow{flow}, options, true},
		{"the same bytes in a later fragment", []Flow{flow}, later, false},
		{"another source port", []Flow{flow}, packet(tcp, "192.0.2.1:40001", server), false},
		{"another destination port", []Flow{flow}, packet(tcp, client, "192.0.2.2:81"), false},
		{"another source", []Flow{flow}, packet(tcp, "192.0.2.3:40000", server), false},
		{"another destination", []Flow{flow}, packet(tcp, client, "192.0.2.3:80"), false},
		{"another protocol", []Flow{flow}, packet(udp, client, server), false},
		{"the second of two flows", []Flow{flow, onPort}, packet(udp, client, "192.0.2.9:9"), true},
		{"behind masquerading", []Flow{masqueraded}, packet(tcp, "192.0.2.9:1024", server), true},
		{"its reply", []Flow{masqueraded}, packet(tcp, server, "192.0.2.9:1024"), true},
		{"to another behind it", []Flow{masqueraded}, packet(tcp, "192.0.2.9:1024", "192.0.2.2:81"), false},
		{"IPv6", []Flow{flow, flow6}, packet(tcp, client6, server6), true},
		{"IPv6, a reply", []Flow{flow6}, packet(tcp, server6, client6), true},
		{"IPv6, another port", []Flow{flow6}, packet(tcp, client6, "[2001:db8::2]:81"), false},
		{"IPv6, another address", []Flow{flow6}, packet(tcp, client6, "[2001:db8:1::2]:80"), false},
		{"IPv6, of a flow of IPv4", []Flow{flow}, packet(tcp, client6, server6), false},
		{"in VXLAN", []Flow{flow}, inVXLAN(t, packet(tcp, client, server)), true},
		{"in VXLAN, behind IP options", []Flow{flow}, inVXLAN(t, options), true},
		{"in VXLAN, a reply", []Flow{flow}, inVXLAN(t, packet(tcp, server, client)), true},
		{"in VXLAN, IPv6", []Flow{flow6}, inVXLAN(t, packet(tcp, client6, server6)), true},
		{"in VXLAN, another", []Flow{flow}, inVXLAN(t, packet(tcp, client, "192.0.2.2:81")), false},
		{"in VXLAN, another of IPv6", []Flow{flow6}, inVXLAN(t, packet(tcp, client6, "[2001:db8::2]:81")), false},
		{"in VXLAN, a ping", []Flow{flow}, inVXLAN(t, echo), true},
		{"in VXLAN, with a tag", []Flow{flow}, inVXLAN(t, frameTaggedEcho(t, 5)), true},
		{"in VXLAN, another when no flow is asked for", nil, inVXLAN(t, packet(tcp, client, "192.0.2.2:81")), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := wirePair(t)
			tap := wireCapture(t, b, Filter{IPv6: true, Flows: test.flows})
			labtest.Inject(t, a, "a0", test.frame)
			labtest.Inject(t, a, "a0", frameTaggedEcho(t, 999))
			seen := slices.ContainsFunc(wireUntil(t, tap.Frames(), func(f Frame) bool { return f.VLAN == 999 }), func(f Frame) bool {
				return !f.Out && (f.Proto == "TCP" || f.Proto == "UDP" || f.Proto == "VXLAN")
			})
			if seen != test.want {
				t.Errorf("seen %t, want %t", seen, test.want)
			}
			frame := decodedFrame(unix.ARPHRD_ETHER, 0, test.frame)
			found := slices.ContainsFunc(test.flows, func(w Flow) bool { _, ok := w.Find(&frame); return ok })
			if found && !test.want || test.want && !found && strings.Contains(test.name, "request") {
				t.Errorf("Find says %t", found)
			}
		})
	}
}

// TestAConnectionIsFollowedThroughMasquerading: its SYN, SYN-ACK and RST, on all
// sides of a router that changes the source, by what each side knows of it.
func TestAConnectionIsFollowedThroughMasquerading(t *testing.T) {
	w := labtest.NewTrio(t)
	w.RuleFor(w.R, nftables.TableFamilyIPv4, unix.IPPROTO_TCP, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, &expr.Masq{})
	w.Must(w.S.Do(func() error {
		l, err := net.Listen("tcp4", "10.2.0.2:7000")
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
		return err
	}))
	for _, c := range []struct {
		port uint16
		want string
	}{{7000, "c:SYN c:SYNACK r:SYN r:SYN r:SYNACK r:SYNACK s:SYN s:SYNACK"}, {7001, "c:SYN c:RST r:SYN r:SYN r:RST r:RST s:SYN s:RST"}} {
		server := netip.AddrPortFrom(labtest.Addr("10.2.0.2"), c.port)
		flow := Flow{Proto: "TCP", Dst: server}
		var taps []*Tap
		for _, ns := range []*nsenter.Namespace{w.C, w.R, w.S} {
			taps = append(taps, wireCapture(t, ns, Filter{Flows: []Flow{flow}}))
		}
		w.Must(w.C.Do(func() error {
			if conn, err := net.Dial("tcp4", server.String()); err == nil {
				conn.Close()
			}
			return nil
		}))
		var frames []Frame
		for _, tap := range taps {
			frames = append(frames, tap.Pending()...)
		}
		var seen []string
		for _, f := range frames {
			s, ok := flow.Find(&f)
			kind := ""
			switch {
			case !ok:
			case s.Packet.SYN() && !s.Reply:
				kind = "SYN"
			case s.Packet.SYNACK() && s.Reply:
				kind = "SYNACK"
			case s.Packet.RST() && s.Reply:
				kind = "RST"
			}
			if kind != "" {
				seen = append(seen, fmt.Sprintf("%s:%s", f.Netns, kind))
			}
		}
		if got := strings.Join(seen, " "); got != c.want {
			t.Errorf("port %d: got %s, want %s", c.port, got, c.want)
		}
	}
}

func TestFindTellsAPacketFromOneThatAnErrorQuotes(t *testing.T) {
	data := frameError(t, 3, 13, 0, 0, layers.IPProtocolTCP, gopacket.Payload{0x9c, 0x40, 0, 80, 0, 0, 0, 1})
	frame := decodedFrame(unix.ARPHRD_ETHER, 0, data)
	flow := Flow{Proto: "TCP", Src: netip.MustParseAddrPort("10.0.0.1:40000"), Dst: netip.MustParseAddrPort("10.9.9.9:80")}
	s, ok := flow.Find(&frame)
	if !ok || !s.Quoted || s.Reply || s.Packet != frame.Inner {
		t.Errorf("got %+v, %t", s, ok)
	}
}

func TestECNDoesNotHideASYN(t *testing.T) {
	for op, want := range map[string][3]bool{
		"S": {true, false, false}, "SEW": {true, false, false}, "S.": {false, true, false}, "S.E": {false, true, false},
		"R": {false, false, true}, "R.": {false, false, true}, ".": {}, frameMalformed: {}, "": {},
	} {
		f := Frame{Proto: "TCP", Op: op}
		if got := [3]bool{f.SYN(), f.SYNACK(), f.RST()}; got != want {
			t.Errorf("%q: got %v, want %v", op, got, want)
		}
	}
}
