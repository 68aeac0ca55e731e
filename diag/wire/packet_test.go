package wire

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/miekg/dns"
)

// seen is a frame of an echo, ms after the first.
func seen(ms int, netns, dev string, out bool, change func(*Frame)) Frame {
	f := Frame{
		At: time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond), Netns: netns, Dev: dev, Out: out,
		Proto: "ICMP", Op: EchoRequest, ID: 7, Seq: 1, IPID: 4711, TTL: 64, Length: 64,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.9.0.9"),
	}
	if change != nil {
		change(&f)
	}
	return f
}

// places are where each packet was seen, in order.
func places(w Packets) (all [][]string) {
	for _, p := range w.All {
		var at []string
		for _, f := range p.Seen {
			at = append(at, f.Netns+" "+f.Dev)
		}
		all = append(all, at)
	}
	return all
}

func TestFramesAreJoinedToPackets(t *testing.T) {
	translated := func(f *Frame) { f.Src, f.TTL = netip.MustParseAddr("192.168.6.160"), 63 }
	question := func(f *Frame) {
		*f = Frame{At: f.At, Netns: f.Netns, Dev: f.Dev, Out: f.Out, Proto: "ARP", Op: "request", Src: f.Src, Dst: f.Dst}
	}
	tunnelled := func(f *Frame) {
		inner := *f
		*f = Frame{At: f.At, Netns: f.Netns, Dev: f.Dev, Out: f.Out, Proto: "VXLAN", IPID: 5, Inner: &inner}
	}
	ttl := func(n int) func(*Frame) { return func(f *Frame) { f.TTL = n } }
	for name, c := range map[string]struct {
		frames []Frame
		want   [][]string
	}{
		"translated on its way": {
			[]Frame{seen(0, "pod", "eth0", true, nil), seen(1, "host", "veth", false, nil), seen(2, "host", "eth0", true, translated)},
			[][]string{{"pod eth0", "host veth", "host eth0"}},
		},
		"late frames": {
			[]Frame{seen(5, "pod", "eth0", true, func(f *Frame) { f.Seq = 2 }), seen(1, "host", "veth", false, nil), seen(0, "pod", "eth0", true, nil)},
			[][]string{{"pod eth0", "host veth"}, {"pod eth0"}},
		},
		"a question that is repeated": {
			[]Frame{seen(0, "pod", "eth0", true, question), seen(1, "host", "veth", false, question), seen(900, "pod", "eth0", true, question), seen(901, "host", "veth", false, question)},
			[][]string{{"pod eth0", "host veth"}, {"pod eth0", "host veth"}},
		},
		"a loop": {
			[]Frame{seen(0, "a", "eth0", true, ttl(3)), seen(1, "b", "eth0", false, ttl(3)), seen(2, "b", "eth0", true, ttl(2)), seen(3, "a", "eth0", false, ttl(2)), seen(4, "a", "eth0", true, ttl(1))},
			[][]string{{"a eth0", "b eth0", "b eth0", "a eth0", "a eth0"}},
		},
		"through a tunnel": {
			[]Frame{seen(0, "pod", "eth0", true, nil), seen(1, "node", "eth0", true, tunnelled), seen(2, "other", "eth0", false, tunnelled)},
			[][]string{{"pod eth0", "node eth0", "other eth0"}},
		},
		"long ago": {
			[]Frame{seen(0, "pod", "eth0", true, nil), seen(5000, "host", "veth", false, nil)},
			[][]string{{"pod eth0"}, {"host veth"}},
		},
	} {
		var got Packets
		for _, f := range c.frames {
			got.Add(f)
		}
		if at := places(got); !slices.EqualFunc(at, c.want, slices.Equal) {
			t.Errorf("%s: %v instead of %v", name, at, c.want)
		}
	}
}

// A pair of namespaces, and what an echo leaves between them.
func TestAnEchoIsFourPacketsOnItsCable(t *testing.T) {
	a, b := wirePair(t)
	tapA, tapB := wireCapture(t, a, Filter{}), wireCapture(t, b, Filter{})
	wireEcho(t, a, wireAddrB, 7, 1)
	frames := wireUntil(t, tapA.Frames(), wireIsEchoReply)
	var w Packets
	for _, f := range slices.Concat(tapB.Pending(), frames) {
		if f.Proto == "ARP" && f.Dst == wireAddrA && f.Op == "request" {
			continue // b may ask for a, some time
		}
		w.Add(f)
	}
	var said []string
	for _, p := range w.All[:min(4, len(w.All))] {
		said = append(said, p.Seen[0].Brief())
		if len(p.Seen) != 2 || !p.Seen[0].Out || p.Last().Out {
			t.Errorf("%s was seen %d times, out: %v", p.Seen[0].Brief(), len(p.Seen), p.Seen[0].Out)
		}
	}
	want := []string{"who-has 10.0.0.2 tell 10.0.0.1", "10.0.0.2 is-at " + wireMACb, "10.0.0.1 > 10.0.0.2 echo request 1", "10.0.0.2 > 10.0.0.1 echo reply 1"}
	if !slices.Equal(said, want) {
		t.Errorf("the cable had %q", said)
	}
}

func TestADatagramToANameServerSaysWhatItAsks(t *testing.T) {
	question := new(dns.Msg).SetQuestion("web.example.", dns.TypeA)
	answer := new(dns.Msg).SetReply(question)
	record, err := dns.NewRR("web.example. 60 IN A 203.0.113.10")
	if err != nil {
		t.Fatal(err)
	}
	answer.Answer = []dns.RR{record}
	for want, m := range map[string]*dns.Msg{
		"A? web.example.":       question,
		"A 203.0.113.10":        answer,
		"NXDomain web.example.": new(dns.Msg).SetRcode(question, dns.RcodeNameError),
		"no A for web.example.": new(dns.Msg).SetReply(question),
	} {
		packed, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		ip := frameIPv4("10.0.0.1", "10.0.0.2", layers.IPProtocolUDP)
		udp := &layers.UDP{SrcPort: 53, DstPort: 53}
		if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		var f Frame
		frameDecoder{}.decodeEthernet(&f, frameBytes(t, frameEthernet(layers.EthernetTypeIPv4), ip, udp, gopacket.Payload(packed)))
		if f.Op != want || f.Brief() != "10.0.0.1:53 > 10.0.0.2:53 "+want {
			t.Errorf("%q instead of %q", f.Brief(), want)
		}
	}
}
