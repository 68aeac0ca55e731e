package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// Faults between two nodes with host routes.
var nodeBreakages = among([]breakage{
	{name: "no route to the other node's pods", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip route del 192.168.11.0/24`,
		want:  expected{cause.NoRoute, "host1", request}, noFix: true},
	{name: "no route back", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip route del 192.168.10.0/24`,
		want:  expected{cause.NoReturnRoute, "host2", reply}},
	{name: "no host route to the pod", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip route del 192.168.11.10`,
		want:  expected{cause.NoRoute, "host2", request}},
	{name: "loop between the nodes", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip route del 192.168.11.10
host2: ip route add 192.168.11.0/24 via 10.57.4.20`,
		want: expected{cause.RouteLoop, "host2", request}, or: []expected{{cause.RouteLoop, "host1", request}}, noFix: true},
	{name: "the pod has lost its address", from: "host2", to: "192.168.11.10",
		fault: "pod-b: ip addr flush dev eth0",
		want:  expected{cause.NoAddress, "pod-b", request}},
	{name: "a router without an address at the end of the wire is not given what is sought", from: "host2", to: "192.168.11.77",
		fault: "host2: ip route add 192.168.11.77 dev veth-pod-b\npod-b: sysctl -qw net.ipv4.ip_forward=1\npod-b: ip addr flush dev eth0",
		want:  expected{cause.DestinationAbsent, "host2", request}, fix: []string{}, noFix: true},
	{name: "the pod that asks has lost its address", from: "pod-a", to: "192.168.11.10",
		fault: "pod-a: ip addr flush dev eth0",
		want:  expected{cause.NoAddress, "pod-a", request}, fix: []string{"pod-a: ip addr add 192.168.10.10/32 dev eth0", "pod-a: ip route add default via 169.254.1.1 dev eth0 onlink"}},
	{name: "the pod that asks has lost its address, and its gateway has none", from: "pod-a", to: "192.168.11.10",
		fault: "pod-a: ip addr flush dev eth0\nhost1: ip addr flush dev veth-pod-a\nhost1: ip route replace 192.168.10.10 dev veth-pod-a",
		want:  expected{cause.NoAddress, "pod-a", request}, next: []cause.Code{cause.NeighbourUnanswered}},
	{name: "a node is no router of those that have it for theirs", from: "host1", to: "203.0.113.77",
		fault: "host1: ip addr del 10.57.4.20/24 dev eth0",
		want:  expected{cause.NoRoute, "host1", request}, fix: []string{}, noFix: true},
	{name: "gateway address missing", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: ip addr del 169.254.1.1/32 dev veth-pod-a
host1: ip route add 192.168.10.10 dev veth-pod-a`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "gateway address missing for the reply", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip addr del 169.254.1.1/32 dev veth-pod-b
host2: ip route add 192.168.11.10 dev veth-pod-b`,
		want: expected{cause.NeighbourUnanswered, "pod-b", reply}},
	{name: "gateway address missing, and the device's routes with it", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip addr del 169.254.1.1/32 dev veth-pod-a`, // the last address of a device takes its routes along (fib_inetaddr_event)
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "forwarding off on one node", from: "pod-a", to: "192.168.11.10",
		fault: `host2: sysctl -qw net.ipv4.ip_forward=0`,
		want:  expected{cause.ForwardingOff, "host2", request}, fix: []string{"host2: sysctl -w net.ipv4.ip_forward=1"}},
	{name: "policies of both nodes", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: iptables -P FORWARD DROP
host1: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host2: iptables -P FORWARD DROP
host2: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
		want: expected{cause.Filtered, "host1", request}, next: []cause.Code{cause.Filtered}, shut: []journey{{"pod-b", "192.168.10.10"}}},
	{name: "filtered, and no route back", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: iptables -A FORWARD -s 192.168.10.10 -j DROP
host2: ip route del 192.168.10.0/24`,
		want: expected{cause.Filtered, "host2", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "not forwarded, filtered, no route back", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: sysctl -qw net.ipv4.conf.veth-pod-a.forwarding=0
host2: iptables -A FORWARD -s 192.168.10.10 -j DROP
host2: ip route del 192.168.10.0/24`,
		want: expected{cause.ForwardingOff, "host1", request}, next: []cause.Code{cause.Filtered, cause.NoReturnRoute}},
	{name: "wrong MAC of the other node", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip neigh replace 10.57.4.21 lladdr 02:00:00:00:99:99 dev eth0 nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "host1", request}},
	{name: "reverse path strict", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: sysctl -qw net.ipv4.conf.eth0.rp_filter=1
host2: ip route replace 192.168.10.0/24 dev veth-pod-b`,
		want: expected{cause.RPFilter, "host2", request}},

	// Devices that are down.
	{name: "pod's device down", from: "pod-a", to: "192.168.11.10",
		fault: `pod-a: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "pod-a", request}},
	{name: "node's end down", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip link set veth-pod-a down`,
		want:  expected{cause.LinkDown, "host1", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "node's device down", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "host1", request}, or: []expected{{cause.NoRoute, "host1", request}}, noFix: true},
	{name: "other node's device down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "host2", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "other node's end down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set veth-pod-b down`,
		want:  expected{cause.LinkDown, "host2", request}, or: []expected{{cause.NoRoute, "host2", request}}, noFix: true},
	{name: "other pod's device down", from: "pod-a", to: "192.168.11.10",
		fault: `pod-b: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "pod-b", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "other pod's device down, and its router has no address", from: "pod-a", to: "192.168.11.10",
		fault: namelessRouter + "pod-b: ip link set eth0 down",
		want:  expected{cause.LinkDown, "pod-b", request}, next: []cause.Code{cause.NoReturnRoute, cause.NeighbourUnanswered},
		fix: []string{"pod-b: ip link set eth0 up", "pod-b: ip route add default via 169.254.1.1 dev eth0 onlink", "host2: ip addr add 169.254.1.1/32 dev veth-pod-b"}},
	{name: "other pod's device down, and the pod beside it tells its gateway", from: "pod-a", to: "192.168.11.10",
		fault: namelessRouter + podBeside + "pod-b: ip link set eth0 down",
		want:  expected{cause.LinkDown, "pod-b", request}, next: []cause.Code{cause.NoReturnRoute},
		fix: []string{"pod-b: ip link set eth0 up", "pod-b: ip route add default via 192.168.11.9 dev eth0 onlink"}},
	{name: "other pod's address gone, and the pod beside it tells its gateway", from: "pod-a", to: "192.168.11.10",
		fault: namelessRouter + podBeside + "pod-b: ip addr flush dev eth0",
		want:  expected{cause.NoAddress, "pod-b", request}, next: []cause.Code{cause.NoReturnRoute},
		fix: []string{"pod-b: ip addr add 192.168.11.10/32 dev eth0", "pod-b: ip route add default via 192.168.11.9 dev eth0 onlink"}},
})

// A router without an address on the wire of its pod, and one more pod of it, whose gateway is
// one that the router stands in for.
const (
	namelessRouter = `
host2: ip addr flush dev veth-pod-b
host2: ip route replace 192.168.11.10 dev veth-pod-b
pod-b: ip addr flush dev eth0
pod-b: ip addr add 192.168.11.10/32 dev eth0
pod-b: ip route replace default via 169.254.1.1 dev eth0 onlink
`
	podBeside = `
host2: ip link add veth-pod-c type veth peer name eth0 netns pod-c
host2: ip link set veth-pod-c up
host2: ip route add 192.168.11.11 dev veth-pod-c
host2: ip route add default via 10.57.4.20
host2: ip neigh add proxy 192.168.11.9 dev veth-pod-b
host2: ip neigh add proxy 192.168.11.9 dev veth-pod-c
pod-c: ip addr add 192.168.11.11/32 dev eth0
pod-c: ip link set eth0 up
pod-c: ip route add default via 192.168.11.9 dev eth0 onlink
`
)

func TestBrokenNodes(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, hostGW, nodeBreakages)
}
