package explain_test

import (
	"testing"

	"nstutor/diag/explain"
)

// Faults between two nodes with host routes.
var nodeBreakages = []breakage{
	{name: "no route to the other node's pods", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip route del 192.168.11.0/24`,
		want:  expected{explain.NoRoute, "host1", request}, noFix: true},
	{name: "no route back", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip route del 192.168.10.0/24`,
		want:  expected{explain.NoReturnRoute, "host2", reply}},
	{name: "no host route to the pod", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip route del 192.168.11.10`,
		want:  expected{explain.NoRoute, "host2", request}},
	{name: "loop between the nodes", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip route del 192.168.11.10
host2: ip route add 192.168.11.0/24 via 10.57.4.20`,
		want: expected{explain.RouteLoop, "host2", request}, or: []expected{{explain.RouteLoop, "host1", request}}, noFix: true},
	{name: "gateway address missing", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: ip addr del 169.254.1.1/32 dev veth-pod-a
host1: ip route add 192.168.10.10 dev veth-pod-a`,
		want: expected{explain.NeighbourUnanswered, "pod-a", request}},
	{name: "gateway address missing for the reply", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: ip addr del 169.254.1.1/32 dev veth-pod-b
host2: ip route add 192.168.11.10 dev veth-pod-b`,
		want: expected{explain.NeighbourUnanswered, "pod-b", reply}},
	{name: "gateway address missing, and the device's routes with it", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip addr del 169.254.1.1/32 dev veth-pod-a`, // the last address of a device takes its routes along (fib_inetaddr_event)
		want:  expected{explain.NeighbourUnanswered, "pod-a", request}, next: []explain.Code{explain.NoReturnRoute}},
	{name: "forwarding off on one node", from: "pod-a", to: "192.168.11.10",
		fault: `host2: sysctl -qw net.ipv4.ip_forward=0`,
		want:  expected{explain.ForwardingOff, "host2", request}, next: []explain.Code{explain.ForwardingOff}},
	{name: "policies of both nodes", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: iptables -P FORWARD DROP
host1: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host2: iptables -P FORWARD DROP
host2: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
		want: expected{explain.Filtered, "host1", request}, next: []explain.Code{explain.Filtered}, shut: []journey{{"pod-b", "192.168.10.10"}}},
	{name: "filtered, and no route back", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: iptables -A FORWARD -s 192.168.10.10 -j DROP
host2: ip route del 192.168.10.0/24`,
		want: expected{explain.Filtered, "host2", request}, next: []explain.Code{explain.NoReturnRoute}},
	{name: "not forwarded, filtered, no route back", from: "pod-a", to: "192.168.11.10",
		fault: `
host1: sysctl -qw net.ipv4.conf.veth-pod-a.forwarding=0
host2: iptables -A FORWARD -s 192.168.10.10 -j DROP
host2: ip route del 192.168.10.0/24`,
		want: expected{explain.ForwardingOff, "host1", request}, next: []explain.Code{explain.Filtered, explain.NoReturnRoute}},
	{name: "wrong MAC of the other node", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip neigh replace 10.57.4.21 lladdr 02:00:00:00:99:99 dev eth0 nud permanent`,
		want:  expected{explain.NeighbourWrongMAC, "host1", request}},
	{name: "reverse path strict", from: "pod-a", to: "192.168.11.10",
		fault: `
host2: sysctl -qw net.ipv4.conf.eth0.rp_filter=1
host2: ip route replace 192.168.10.0/24 dev veth-pod-b`,
		want: expected{explain.RPFilter, "host2", request}},

	// Devices that are down.
	{name: "pod's device down", from: "pod-a", to: "192.168.11.10",
		fault: `pod-a: ip link set eth0 down`,
		want:  expected{explain.LinkDown, "pod-a", request}},
	{name: "node's end down", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip link set veth-pod-a down`,
		want:  expected{explain.NoCarrier, "host1", request}, next: []explain.Code{explain.NoReturnRoute}},
	{name: "node's device down", from: "pod-a", to: "192.168.11.10",
		fault: `host1: ip link set eth0 down`,
		want:  expected{explain.LinkDown, "host1", request}, or: []expected{{explain.NoRoute, "host1", request}}, noFix: true},
	{name: "other node's device down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set eth0 down`,
		want:  expected{explain.NoCarrier, "host2", request}, next: []explain.Code{explain.NoReturnRoute}},
	{name: "other node's end down", from: "pod-a", to: "192.168.11.10",
		fault: `host2: ip link set veth-pod-b down`,
		want:  expected{explain.LinkDown, "host2", request}, or: []expected{{explain.NoRoute, "host2", request}}, noFix: true},
	{name: "other pod's device down", from: "pod-a", to: "192.168.11.10",
		fault: `pod-b: ip link set eth0 down`,
		want:  expected{explain.NoCarrier, "pod-b", request}, next: []explain.Code{explain.NoReturnRoute}},
}

func TestBrokenNodes(t *testing.T) { explainBreakages(t, hostGW, nodeBreakages) }
