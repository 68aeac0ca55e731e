package explain_test

import (
	"regexp"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/hop"
	"nstutor/internal/lab/labtest"
)

// remade is the tunnel of host2 with another VNI, or another port.
func remade(vni, port string) string {
	return `
host2: ip link del vxlan0
host2: ip link add vxlan0 address 02:00:00:00:0b:01 type vxlan id ` + vni + ` dstport ` + port + ` local 10.57.4.21 dev eth0 learning
host2: ip addr add 192.168.11.1/32 dev vxlan0
host2: ip link set vxlan0 up
host2: ip route add 192.168.10.0/24 via 192.168.10.1 dev vxlan0 onlink
host2: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.20 self permanent`
}

// Faults of VXLAN that floods and learns.
var learningBreakages = among([]breakage{
	{name: "nobody to flood to", from: "pod-a", to: "192.168.11.10",
		fault: `host1: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "flooding to the wrong node", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self
host1: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.99 self permanent`,
		want: expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "flooding to this node itself", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self
host1: bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.20 self permanent`,
		want: expected{cause.NeighbourUnanswered, "host1", request}, or: []expected{{cause.RouteLoop, "host1", request}}},
	{name: "nobody to flood to, filtered, and a blackhole on the way back", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.21 self
host2: iptables -A FORWARD -i vxlan0 -s 192.168.10.0/24 -j DROP
pod-b: ip route add blackhole 192.168.10.0/24`,
		want: expected{cause.NeighbourUnanswered, "host1", request}, next: []cause.Code{cause.Filtered, cause.RouteBlackhole}},
	{name: "the other node floods to nobody, and learns", from: "pod-a", to: "192.168.11.10",
		fault: `host2: bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 10.57.4.20 self`},
	{name: "another VNI", from: "pod-a", to: "192.168.11.10",
		fault: remade("200", "4789"),
		want:  expected{cause.NeighbourUnanswered, "host1", request}, noFix: true},
	{name: "another port", from: "pod-a", to: "192.168.11.10",
		fault: remade("100", "8472"),
		want:  expected{cause.NeighbourUnanswered, "host1", request}, noFix: true},
	{name: "another port, and a rule behind it", from: "pod-a", to: "192.168.11.10",
		fault: remade("100", "8472") + `
host2: iptables -A INPUT -p udp --dport 4789 -j DROP`,
		want: expected{cause.NeighbourUnanswered, "host1", request}, fix: []string{}, noFix: true},
	{name: "no VXLAN on the other node", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link del vxlan0`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}, noFix: true},
	{name: "the way to the other node is the tunnel itself", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip route add 10.57.4.21 via 192.168.11.1 dev vxlan0 onlink`,
		want:  expected{cause.RouteLoop, "host1", request}, fix: []string{"host1: ip route replace 10.57.4.21 dev eth0"}},
	{name: "UDP dropped on the other node", from: "pod-a", to: "192.168.11.10",
		fault: `host2: iptables -A INPUT -p udp --dport 4789 -j DROP`,
		want:  expected{cause.Filtered, "host2", request}},
	{name: "UDP dropped on this node", from: "pod-a", to: "192.168.11.10",
		fault: `host1: iptables -A OUTPUT -o eth0 -p udp --dport 4789 -j DROP`,
		want:  expected{cause.Filtered, "host1", request}},
	{name: "UDP dropped on the way back", from: "pod-a", to: "192.168.11.10",
		fault: `host1: iptables -A INPUT -p udp --dport 4789 -j DROP`,
		want:  expected{cause.Filtered, "host1", request}},
	{name: "… which the answer to ARP takes, and the reply does not", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: iptables -A INPUT -p udp --dport 4789 -j DROP
host2: ip route replace 192.168.10.0/24 via 10.57.4.20 dev eth0`,
		want: expected{cause.Filtered, "host1", request}},
	{name: "underlay address of the other node changed", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip addr del 10.57.4.21/24 dev eth0
host2: ip addr add 10.57.4.31/24 dev eth0`,
		want: expected{cause.NeighbourUnanswered, "host1", request}, noFix: true},
	{name: "underlay address of the other node gone", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip addr flush dev eth0`,
		want:  expected{cause.NoAddress, "host2", request}, fix: []string{"host2: ip addr add 10.57.4.21/24 dev eth0"}},
	{name: "VXLAN device down", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip link set vxlan0 down`,
		want:  expected{cause.LinkDown, "host1", request}, or: []expected{{cause.NoRoute, "host1", request}}, noFix: true},
	{name: "no route to the other end, and a rule stops it wherever it goes", from: "pod-a", to: "192.168.11.1",
		fault: `
host1: ip route add default via 10.57.4.21
host1: ip route del 192.168.11.0/24
host1: iptables -A FORWARD -p icmp -j DROP`,
		want: expected{cause.NoRoute, "host1", request}, next: []cause.Code{cause.Filtered}},
	{name: "VXLAN device of the other node down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set vxlan0 down`,
		want:  expected{cause.LinkDown, "host2", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "underlay down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "host2", request}},
	{name: "inner packet filtered", from: "pod-a", to: "192.168.11.10",
		fault: `host2: iptables -A FORWARD -i vxlan0 -j DROP`,
		want:  expected{cause.Filtered, "host2", request}},
	{name: "1450 bytes do not hold 1500", from: "pod-a", to: "192.168.11.10", size: 1472, df: true,
		want: expected{cause.MTUExceeded, "host1", request}, noFix: true},
	{name: "1450 bytes", from: "pod-a", to: "192.168.11.10", size: 1422, df: true},
	{name: "fragments", from: "pod-a", to: "192.168.11.10", size: 1472,
		fault: `pod-a: ip route replace default via 169.254.1.1 dev eth0 onlink mtu 1450`},
})

func TestBrokenVXLAN(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, learning, learningBreakages)
}

// Faults of VXLAN whose device names none that its packets leave by.
var unboundBreakages = among([]breakage{
	{name: "the tunnel's own address is gone", from: "pod-a", to: "192.168.11.10", fault: "host1: ip addr del 10.57.4.20/24 dev eth0",
		want: expected{cause.NoAddress, "host1", request}, fix: []string{"host1: ip addr add 10.57.4.20/24 dev eth0"}},
	{name: "the address of the tunnel's other end is gone", from: "pod-a", to: "192.168.11.10", fault: "host2: ip addr del 10.57.4.21/24 dev eth0",
		want: expected{cause.NoAddress, "host2", request}, fix: []string{"host2: ip addr add 10.57.4.21/24 dev eth0"}},
})

func TestBrokenVXLANThatNamesNoDevice(t *testing.T) {
	labtest.Slow(t)
	unbound := learning
	unbound.name = "vxlan that names no device"
	unbound.script = regexp.MustCompile(`(?m)(local \S+) dev eth0 learning$`).ReplaceAllString(learning.script, "$1")
	explainBreakages(t, unbound, unboundBreakages)
}

// Faults of VXLAN where every entry is written down.
var flannelBreakages = among([]breakage{
	{name: "a strict check of who the tunnel's packets are sent to", from: "host1", to: "192.168.11.10",
		fault: `
host1: ip route replace 192.168.11.0/24 via 192.168.11.0 dev flannel.1 onlink src 10.57.4.20
host2: ip addr flush dev flannel.1
host2: ip route replace 192.168.10.0/24 via 192.168.10.0 dev flannel.1 onlink
host2: sysctl -qw net.ipv4.conf.flannel/1.rp_filter=1`,
		want: expected{cause.RPFilter, "host2", request}, fix: []string{"host2: sysctl -w net.ipv4.conf.flannel/1.rp_filter=0"}},
	{name: "a pod's prefix takes in what is behind the tunnel", from: "pod-a", to: "192.168.11.10",
		fault: `
pod-b: ip addr add 192.168.11.10/16 dev eth0
pod-b: ip addr del 192.168.11.10/24 dev eth0`,
		want: expected{device.WrongNetmask, "pod-b", reply}, fix: []string{"pod-b: ip addr add 192.168.11.10/32 dev eth0", "pod-b: ip addr del 192.168.11.10/16 dev eth0"}},
	{name: "neighbour missing", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip neigh del 192.168.11.0 dev flannel.1`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "FDB entry missing", from: "pod-a", to: "192.168.11.10",
		fault: `host1: bridge fdb del 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.21 self`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "both missing", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: ip neigh del 192.168.11.0 dev flannel.1
host1: bridge fdb del 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.21 self`,
		want: expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "FDB entry missing for the reply", from: "pod-a", to: "192.168.11.10",
		fault: `host2: bridge fdb del 02:00:00:00:0a:01 dev flannel.1 dst 10.57.4.20 self`,
		want:  expected{cause.NeighbourUnanswered, "host2", reply}},
	{name: "FDB entry for the wrong node", from: "pod-a", to: "192.168.11.10",
		fault: `host1: bridge fdb replace 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.99 self permanent`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}},
	{name: "FDB entry for this node itself", from: "pod-a", to: "192.168.11.10",
		fault: `host1: bridge fdb replace 02:00:00:00:0b:01 dev flannel.1 dst 10.57.4.20 self permanent`,
		want:  expected{cause.RouteLoop, "host1", request}},
	{name: "MAC of the other node changed", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set flannel.1 address 02:aa:bb:cc:dd:ee`,
		want:  expected{cause.NeighbourWrongMAC, "host1", request}, next: []cause.Code{cause.NeighbourUnanswered}},
	{name: "wrong MAC for the reply", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip neigh replace 192.168.10.0 lladdr 02:00:00:00:99:99 dev flannel.1 nud permanent
host2: bridge fdb append 02:00:00:00:99:99 dev flannel.1 dst 10.57.4.20 self permanent`,
		want: expected{cause.NeighbourWrongMAC, "host2", reply}},
	{name: "forwarding off on the VXLAN device", from: "pod-a", to: "192.168.11.10",
		fault: `host2: sysctl -qw net.ipv4.conf.flannel/1.forwarding=0`,
		want:  expected{cause.ForwardingOff, "host2", request}},
	{name: "reverse path of the VXLAN device", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: sysctl -qw net.ipv4.conf.flannel/1.rp_filter=1
host2: ip route replace 192.168.10.0/24 via 10.57.4.20`,
		want: expected{cause.RPFilter, "host2", request}},
	{name: "UDP dropped on the other node", from: "pod-a", to: "192.168.11.10",
		fault: `host2: nft 'add table inet f; add chain inet f in { type filter hook input priority 0; }; add rule inet f in udp dport 8472 drop'`,
		want:  expected{cause.Filtered, "host2", request}},
	{name: "UDP dropped on the way back", from: "pod-a", to: "192.168.11.10",
		fault: `host2: iptables -A OUTPUT -p udp --dport 8472 -j DROP`,
		want:  expected{cause.Filtered, "host2", reply}},
})

// TestATunnelOnAnotherPort: what carries the packet is seen on whatever port of UDP.
func TestATunnelOnAnotherPort(t *testing.T) {
	labtest.Slow(t)
	base := flannel
	base.script = strings.ReplaceAll(base.script, "dstport 8472", "dstport 5555")
	explainBreakages(t, base, []breakage{
		{name: "healthy", from: "pod-a", to: "192.168.11.10"},
		{name: "healthy, a datagram", from: "pod-a", to: "192.168.11.10", asks: "udp 53", serve: []string{"pod-b udp 0.0.0.0:53"}},
		{name: "a rule at the far end", from: "pod-a", to: "192.168.11.10",
			fault: `pod-b: iptables -A INPUT -p icmp -j DROP`,
			want:  expected{cause.Filtered, "pod-b", request}},
	})
}

func TestBrokenFlannel(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, flannel, flannelBreakages)
}

// TestTwinNetworksAreNotMistaken: the other node is the one that the wires lead
// to, although a second network has the same addresses, MACs and VNI.
func TestTwinNetworksAreNotMistaken(t *testing.T) {
	labtest.Slow(t)
	for _, c := range learningBreakages[:3] {
		t.Run(c.name, func(t *testing.T) {
			learning.build(t)
			b := learning.build(t)
			learning.build(t)
			c.try(b)
		})
	}
}

// VXLAN between two machines whose wire has IPv6 alone.
const overIPv6 = `
n1: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
n2: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
n1: ip link add eth0 type veth peer name eth0 netns n2
n1: ip link set eth0 up
n2: ip link set eth0 up
n1: ip addr add fd00:9::1/64 dev eth0 nodad
n2: ip addr add fd00:9::2/64 dev eth0 nodad
n1: ip link add vx0 type vxlan id 7 dstport 4789 local fd00:9::1 remote fd00:9::2 dev eth0
n2: ip link add vx0 type vxlan id 7 dstport 4789 local fd00:9::2 remote fd00:9::1 dev eth0
n1: ip addr add 10.7.0.1/24 dev vx0
n2: ip addr add 10.7.0.2/24 dev vx0
n1: ip link set vx0 up
n2: ip link set vx0 up
`

// TestWhatCarriesOverIPv6IsSeen: also where the ping itself is one of IPv4.
func TestWhatCarriesOverIPv6IsSeen(t *testing.T) {
	labtest.Slow(t)
	b := baseNetwork{"vxlan6", overIPv6, []journey{{"n1", "10.7.0.2"}}}.build(t)
	a := b.explain(breakage{from: "n1", to: "10.7.0.2"}, true)
	seen := map[string]bool{}
	for _, h := range a.Hops {
		if h.Observed == hop.OK {
			seen[b.script(h.Netns)+" "+h.Device] = true
		}
	}
	if a.Verdict != explain.Delivered || !seen["n1 eth0"] || !seen["n2 eth0"] {
		t.Errorf("%s, seen %v\n%s", a.Verdict, seen, b.account(a))
	}
	b.run("n2: ip6tables -A INPUT -p udp --dport 4789 -j DROP")
	b.forget()
	b.hide("n2")
	a = b.explain(breakage{from: "n1", to: "10.7.0.2"}, true)
	if a.Verdict != explain.Broken || a.Beyond != "eth0" {
		t.Errorf("%s, beyond %q\n%s", a.Verdict, a.Beyond, b.account(a))
	}
}
