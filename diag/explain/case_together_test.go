package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// togetherBreakages are several faults at once, on a node whose pods ask it for each other.
var togetherBreakages = among([]breakage{
	{name: "a proxy that does not forward, and a route to the wrong pod", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip route replace 10.244.1.11 dev veth-pod-a
host: sysctl -qw net.ipv4.conf.veth-pod-a.forwarding=0`, asks: "udp 8080", serve: []string{"pod-b udp 10.244.1.11:8080"},
		fix:  []string{"host: sysctl -w net.ipv4.conf.veth-pod-a.forwarding=1", "host: ip route replace 10.244.1.11 dev veth-pod-b"},
		want: expected{cause.ProxyARPNeedsForwarding, "host", request}},
	{name: "a device that is down, a route that rejects, and no proxy for the reply", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip link set veth-pod-a down
host: sysctl -qw net.ipv4.conf.veth-pod-b.proxy_arp=0
host: ip route replace unreachable 10.244.1.11`,
		fix: []string{"host: ip link set veth-pod-a up", "host: ip route del unreachable 10.244.1.11", "host: ip route add 10.244.1.11 dev veth-pod-b",
			"host: sysctl -w net.ipv4.conf.veth-pod-b.proxy_arp=1", "host: ip route add 10.244.1.10 dev veth-pod-a"},
		want: expected{cause.LinkDown, "host", request}},
})

func TestFaultsTogether(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, togetherBreakages)
}

// pointed6 are pods whose node has no address for them: they have a next hop with an entry that
// somebody has written.
var pointed6 = baseNetwork{"pods with a written next hop", `
host: ip link add veth-pod-a address 02:00:00:00:a0:01 type veth peer name eth0 address 02:00:00:00:a0:02 netns pod-a
host: ip link add veth-pod-b address 02:00:00:00:b0:01 type veth peer name eth0 address 02:00:00:00:b0:02 netns pod-b
` + with6(`
host lo
host veth-pod-a
host veth-pod-b
pod-a lo
pod-a eth0
pod-b lo
pod-b eth0
`) + `
host: sysctl -qw net.ipv6.conf.all.forwarding=1
host: ip link set veth-pod-a up
host: ip link set veth-pod-b up
host: ip route add fd00:244:1::10 dev veth-pod-a
host: ip route add fd00:244:1::11 dev veth-pod-b
pod-a: ip link set eth0 up
pod-a: ip addr add fd00:244:1::10/128 dev eth0 nodad
pod-a: ip neigh add fd00:ffff::1 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent
pod-a: ip route add default via fd00:ffff::1 dev eth0 onlink
pod-b: ip link set eth0 up
pod-b: ip addr add fd00:244:1::11/128 dev eth0 nodad
pod-b: ip neigh add fd00:ffff::1 lladdr 02:00:00:00:b0:01 dev eth0 nud permanent
pod-b: ip route add default via fd00:ffff::1 dev eth0 onlink
`, []journey{{"pod-a", "fd00:244:1::11"}, {"pod-b", "fd00:244:1::10"}}}

func TestAWrittenNextHop(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, pointed6, among([]breakage{
		{name: "no way back", from: "pod-a", to: "fd00:244:1::11",
			fault: `pod-b: ip route del default via fd00:ffff::1 dev eth0`,
			want:  expected{cause.NoReturnRoute, "pod-b", reply}},
	}))
}

// TestANextHopOfIPv6IsPassedOver: once a next hop has not answered, the kernel takes a wider route
// in the place of the one by it, and that one swallows the packet.
func TestANextHopOfIPv6IsPassedOver(t *testing.T) {
	b := bridged6.build(t)
	needTools(t, "nft ")
	b.run(`
pod-a: ip route add fd00:203::10/128 via fd00:244:1::1
pod-a: ip route add blackhole fd00:203::/64
pod-a: nft 'add table ip6 f; add chain ip6 f out { type filter hook output priority 0; }; add rule ip6 f out icmpv6 type nd-neighbor-solicit drop'`)
	b.forget()
	ping := breakage{from: "pod-a", to: "fd00:203::10"}
	if r := b.ask(ping, ping.journey()); r.Outcome == probe.Replied {
		t.Fatal(r.Message)
	}
	a := b.explain(ping, false)
	if a.Cause.Code != cause.RouteBlackhole || len(a.Fix) < 2 || a.Fix[0].String() != "ip neigh del fd00:244:1::1 dev eth0" || len(a.Next) != 1 || a.Next[0].Code != cause.Filtered {
		t.Fatalf("%v\n%s", a.Fix, b.account(a))
	}
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s\n%s", r.Message, b.account(a))
	}
}
