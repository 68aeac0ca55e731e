package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// Wrong prefix lengths, along four routers.
var netmaskBreakages = among([]breakage{
	{name: "too wide at the source", from: "a", to: "10.2.0.2",
		fault: `
a: ip addr add 10.1.0.2/8 dev eth0
a: ip addr del 10.1.0.2/24 dev eth0`,
		want: expected{device.WrongNetmask, "a", request}},
	{name: "a default route without a next hop", from: "a", to: "10.2.0.2",
		fault: `a: ip route replace default dev eth0`,
		want:  expected{cause.NeighbourUnanswered, "a", request}, fix: []string{"a: ip route replace default via 10.1.0.1 dev eth0"}},
	{name: "too wide at the destination", from: "a", to: "10.2.0.2",
		fault: `
b: ip addr add 10.2.0.2/8 dev eth0
b: ip addr del 10.2.0.2/24 dev eth0`,
		want: expected{device.WrongNetmask, "b", reply}},
	{name: "too wide at a router", from: "a", to: "10.2.0.2",
		fault: `
r3: ip addr add 10.23.0.3/8 dev left
r3: ip addr del 10.23.0.3/24 dev left
r3: ip route del 10.1.0.0/24`,
		want: expected{device.WrongNetmask, "r3", reply}, or: []expected{{cause.NoReturnRoute, "r3", reply}}, noFix: true},
	{name: "too narrow at the source, gateway left out", from: "a", to: "10.2.0.2",
		fault: `
a: ip route del default
a: ip addr add 10.1.0.2/32 dev eth0
a: ip addr del 10.1.0.2/24 dev eth0`,
		want: expected{device.WrongNetmask, "a", request}, or: []expected{{cause.NoRoute, "a", request}}, noFix: true},
	{name: "too narrow at the last router", from: "a", to: "10.2.0.2",
		fault: `
r4: ip addr add 10.2.0.1/32 dev right
r4: ip addr del 10.2.0.1/24 dev right`,
		want: expected{device.WrongNetmask, "r4", request}, or: []expected{{cause.NoRoute, "r4", request}}},
	{name: "too wide, and a router that is silent about its other addresses", from: "a", to: "10.12.0.1",
		fault: `
a: ip addr add 10.1.0.2/8 dev eth0
a: ip addr del 10.1.0.2/24 dev eth0
r1: sysctl -qw net.ipv4.conf.left.arp_ignore=1`,
		want: expected{device.WrongNetmask, "a", request}},
	{name: "too wide, and a proxy that helps", from: "a", to: "10.2.0.2",
		fault: `
a: ip addr add 10.1.0.2/8 dev eth0
a: ip addr del 10.1.0.2/24 dev eth0
r1: sysctl -qw net.ipv4.conf.left.proxy_arp=1`},
})

func TestWrongNetmasks(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, chain, netmaskBreakages)
}

// Wrong prefix lengths and addresses that are there twice, on a LAN.
var lanBreakages = among([]breakage{
	{name: "too narrow at the source", from: "host3", to: "10.57.4.20",
		fault: `
host3: ip addr add 10.57.4.22/31 dev eth0
host3: ip addr del 10.57.4.22/24 dev eth0`,
		want: expected{device.WrongNetmask, "host3", request}, or: []expected{{cause.NoRoute, "host3", request}}, noFix: true},
	{name: "too narrow at the destination", from: "host1", to: "10.57.4.22",
		fault: `
host3: ip addr add 10.57.4.22/31 dev eth0
host3: ip addr del 10.57.4.22/24 dev eth0`,
		want: expected{device.WrongNetmask, "host3", reply}, or: []expected{{cause.NoReturnRoute, "host3", reply}}},
	{name: "a service next door, past a rule that lets it by before others of nat", from: "host3", to: "10.57.4.20", asks: "tcp 80", serve: []string{"host2 tcp 0.0.0.0:80"},
		fault: `
host1: iptables -t nat -A PREROUTING -d 10.57.4.20 -p tcp --dport 80 -j DNAT --to-destination 10.57.4.21
host1: iptables -t nat -A POSTROUTING -s 10.57.4.0/24 -d 10.57.4.0/24 -j ACCEPT`,
		want: expected{service.ReplyBypassesNAT, "host1", reply}},
	{name: "the next hop's address twice", from: "pod-a", to: "192.168.11.10", warm: true,
		fault: `
host3: ip addr add 10.57.4.21/24 dev eth0
host1: ip neigh replace 10.57.4.21 lladdr 02:00:0a:39:04:16 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "host3", request}, or: []expected{{cause.DuplicateAddress, "host1", request}, {cause.DuplicateAddress, "host2", request}}},
	{name: "the sender's address twice", from: "host3", to: "10.57.4.20", warm: true,
		fault: `
host2: ip addr add 10.57.4.22/24 dev eth0
host1: ip neigh replace 10.57.4.22 lladdr 02:00:0a:39:04:15 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "host2", reply}, or: []expected{{cause.DuplicateAddress, "host1", reply}, {cause.DuplicateAddress, "host3", reply}}},
	{name: "the sender's address is the destination's too", from: "host3", to: "10.57.4.20",
		fault: `host1: ip addr add 10.57.4.22/24 dev eth0`,
		want:  expected{cause.DuplicateAddress, "host1", request}, or: []expected{{cause.MartianSource, "host1", request}, {cause.DuplicateAddress, "host3", request}}},
	{name: "an address that came without the route of its network", from: "host3", to: "10.57.4.20",
		fault: `host3: ip route del 10.57.4.0/24`,
		want:  expected{cause.NoRoute, "host3", request}, fix: []string{"host3: ip route add 10.57.4.0/24 dev eth0"}},
	{name: "the same of who answers", from: "host3", to: "10.57.4.20",
		fault: `host1: ip route del 10.57.4.0/24`,
		want:  expected{cause.NoReturnRoute, "host1", reply}, fix: []string{"host1: ip route add 10.57.4.0/24 dev eth0"}},
	{name: "a port of the switch missing", from: "host3", to: "10.57.4.20",
		fault: `sw: ip link set p1 nomaster`,
		want:  expected{cause.NeighbourUnanswered, "host3", request}},
	{name: "a port of the switch down", from: "pod-a", to: "192.168.11.10",
		fault: `sw: ip link set p2 down`,
		want:  expected{cause.LinkDown, "sw", request}},
	{name: "the switch down", from: "pod-a", to: "192.168.11.10",
		fault: `sw: ip link set br0 down`,
		want:  expected{cause.LinkDown, "sw", request}},
	{name: "wrong next hop", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip route replace 192.168.11.0/24 via 10.57.5.21 dev eth0 onlink`,
		want:  expected{cause.NeighbourUnanswered, "host1", request}, noFix: true},
	{name: "next hop that does not forward", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip route replace 192.168.11.0/24 via 10.57.4.22 dev eth0`,
		want:  expected{cause.ForwardingOff, "host3", request}, noFix: true},
})

func TestBrokenLANs(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, switched, lanBreakages)
}
