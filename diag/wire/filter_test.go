package wire

import (
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

func TestFilterTakesOnlyWhatItIsAskedFor(t *testing.T) {
	ports := gopacket.Payload{0xbf, 0x68, 0x00, 0x35, 0, 8, 0, 0} // 49000 > 53
	toOldPort := gopacket.Payload{0xbf, 0x68, 0x21, 0x18, 0, 8, 0, 0}
	options := frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolUDP)
	options.Options = []layers.IPv4Option{{OptionType: 1}, {OptionType: 1}, {OptionType: 1}, {OptionType: 0}}
	later := frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolUDP)
	later.FragOffset = 185
	over6 := func(protocol layers.IPProtocol) *layers.IPv6 {
		return &layers.IPv6{Version: 6, HopLimit: 255, NextHeader: protocol, SrcIP: make([]byte, 16), DstIP: make([]byte, 16)}
	}
	ip6 := over6(layers.IPProtocolICMPv6)
	solicitation := gopacket.Payload(append([]byte{layers.ICMPv6TypeNeighborSolicitation}, make([]byte, 23)...))
	ip := func(protocol layers.IPProtocol) *layers.IPv4 { return frameIPv4("10.0.0.1", "10.0.0.2", protocol) }

	everything := Filter{TCP: true, UDP: true, IPv6: true}
	for _, test := range []struct {
		name   string
		stack  []gopacket.SerializableLayer
		filter Filter
		want   bool
	}{
		{"UDP by default", []gopacket.SerializableLayer{ip(layers.IPProtocolUDP), ports}, Filter{}, false},
		{"UDP", []gopacket.SerializableLayer{ip(layers.IPProtocolUDP), ports}, Filter{UDP: true}, true},
		{"UDP to Linux's VXLAN port", []gopacket.SerializableLayer{ip(layers.IPProtocolUDP), toOldPort}, Filter{}, true},
		{"the same behind IP options", []gopacket.SerializableLayer{options, toOldPort}, Filter{}, true},
		{"the same bytes in a later fragment", []gopacket.SerializableLayer{later, toOldPort}, Filter{}, false},
		{"IPIP", []gopacket.SerializableLayer{ip(layers.IPProtocolIPv4), ip(layers.IPProtocolTCP), ports}, Filter{}, true},
		{"GRE", []gopacket.SerializableLayer{ip(layers.IPProtocolGRE), ports}, Filter{}, true},
		{"ESP", []gopacket.SerializableLayer{ip(layers.IPProtocolESP), ports}, everything, false},
		{"UDP over IPv6 to VXLAN's port", []gopacket.SerializableLayer{over6(layers.IPProtocolUDP), toOldPort}, Filter{}, true},
		{"UDP over IPv6 by default", []gopacket.SerializableLayer{over6(layers.IPProtocolUDP), ports}, Filter{}, false},
		{"GRE over IPv6", []gopacket.SerializableLayer{over6(layers.IPProtocolGRE), ports}, Filter{}, true},
		{"TCP over IPv6", []gopacket.SerializableLayer{over6(layers.IPProtocolTCP), ports}, Filter{TCP: true}, false},
		{"neighbour solicitation by default", []gopacket.SerializableLayer{ip6, solicitation}, Filter{}, false},
		{"neighbour solicitation", []gopacket.SerializableLayer{ip6, solicitation}, Filter{IPv6: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := wirePair(t)
			tap := wireCapture(t, b, test.filter)
			typ := layers.EthernetTypeIPv4
			if _, ok := test.stack[0].(*layers.IPv6); ok {
				typ = layers.EthernetTypeIPv6
			}
			labtest.Inject(t, a, "a0", frameBytes(t, append([]gopacket.SerializableLayer{frameEthernet(typ)}, test.stack...)...))
			labtest.Inject(t, a, "a0", frameTaggedEcho(t, 999))
			frames := wireUntil(t, tap.Frames(), func(f Frame) bool { return f.VLAN == 999 })
			frames = frames[:len(frames)-1]
			seen := false
			for _, f := range frames {
				seen = seen || (!f.Out && f.Proto != "ARP")
			}
			if seen != test.want {
				t.Errorf("seen %t, want %t:\n%s", seen, test.want, wireLines(frames))
			}
		})
	}
}

func TestTapKeepsTCPOutUnlessAsked(t *testing.T) {
	for _, test := range []struct {
		name   string
		filter Filter
		want   []string
	}{
		{"default", Filter{}, nil},
		{"TCP", Filter{TCP: true}, []string{"S", "R."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := wirePair(t)
			tap := wireCapture(t, b, test.filter)
			err := a.Do(func() error {
				fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				return unix.Connect(fd, &unix.SockaddrInet4{Addr: wireAddrB.As4(), Port: 81})
			})
			if err != unix.ECONNREFUSED {
				t.Fatalf("connect: %v, want a refusal", err)
			}
			wireEcho(t, a, wireAddrB, 7, 1)
			var flags []string
			for _, f := range wireUntil(t, tap.Frames(), wireIsEchoReply) {
				if f.Proto == "TCP" {
					flags = append(flags, f.Op)
				}
			}
			if strings.Join(flags, " ") != strings.Join(test.want, " ") {
				t.Errorf("saw TCP %q, want %q", flags, test.want)
			}
		})
	}
}

// The kernel takes the outermost tag out of a received frame, and leaves it in
// one that a packet socket sent: the filter must find the IP header in both.
func TestTapSeesThroughVLANTags(t *testing.T) {
	a, b := wirePair(t)
	tapA, tapB := wireCapture(t, a, Filter{}), wireCapture(t, b, Filter{})
	for _, tags := range [][]uint16{{100}, {200, 100}} {
		labtest.Inject(t, a, "a0", frameTaggedEcho(t, tags...))
		for _, tap := range []*Tap{tapA, tapB} {
			isTagged := func(f Frame) bool { return f.VLAN == int(tags[0]) && f.Op == "echo request" }
			f := wireUntil(t, tap.Frames(), isTagged)[0]
			if f.Src != wireAddrA || f.Dst != wireAddrB || f.ID != 5 {
				t.Errorf("tags %v in %s: %s", tags, f.Netns, f.Line())
			}
		}
	}
}
