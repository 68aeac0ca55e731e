package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// What proxy ARP does and does not answer, on unnumbered veths.
var proxyBreakages = among([]breakage{
	{name: "proxy_arp off", from: "pod-a", to: "192.168.6.160",
		fault: `host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "a written entry is wrong where nobody answers", from: "pod-a", to: "192.168.6.160",
		fault: `
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0
pod-a: ip neigh replace 169.254.10.24 lladdr 02:de:ad:00:00:01 dev eth0 nud permanent`,
		want: expected{cause.NeighbourWrongMAC, "pod-a", request},
		fix:  []string{"pod-a: ip neigh replace 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent"}},
	{name: "forwarding off", from: "pod-a", to: "192.168.6.160",
		fault: `host: sysctl -qw net.ipv4.conf.veth-pod-a.forwarding=0`,
		want:  expected{cause.ProxyARPNeedsForwarding, "host", request}},
	{name: "no route to the gateway", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip route del default`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "no route to whom nobody is", from: "pod-a", to: "10.244.1.77",
		fault: `host: ip route del default`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}, fix: []string{}, noFix: true},
	{name: "odd default route", from: "pod-a", to: "192.168.6.160",
		fault: `
host: ip route add 0.0.0.0/32 via 192.168.6.1
host: ip route del default`,
		want: expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "route by the same device", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip addr add 169.254.10.1/24 dev veth-pod-a`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "blackhole", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip route add blackhole 169.254.10.24`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "unreachable", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip route add unreachable 169.254.0.0/16`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "prohibit", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip route add prohibit 169.254.10.0/24`,
		want:  expected{cause.ProxyARPNoRoute, "host", request}},
	{name: "rp_filter strict before the host route", from: "pod-a", to: "192.168.6.160",
		fault: `
host: ip route del 10.244.1.10
host: sysctl -qw net.ipv4.conf.veth-pod-a.rp_filter=1`,
		want: expected{cause.RPFilter, "host", request}},
	{name: "rp_filter loose before the host route", from: "pod-a", to: "192.168.6.160",
		fault: `
host: ip route del 10.244.1.10
host: sysctl -qw net.ipv4.conf.all.rp_filter=2`,
		want: expected{cause.RPFilter, "host", request}},
	{name: "rp_filter drops the packet", from: "pod-a", to: "192.168.6.160",
		fault: `
pod-a: ip neigh replace 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent
host: ip route del 10.244.1.10
host: sysctl -qw net.ipv4.conf.all.rp_filter=1`,
		want: expected{cause.RPFilter, "host", request}},
	{name: "rp_filter with the host route", from: "pod-a", to: "192.168.6.160",
		fault: `host: sysctl -qw net.ipv4.conf.all.rp_filter=1`},
	{name: "arp_ignore and a proxied gateway", from: "pod-a", to: "192.168.6.160",
		fault: `host: sysctl -qw net.ipv4.conf.all.arp_ignore=1`},
	{name: "arp_ignore and an unnumbered device", from: "pod-a", to: "192.168.6.160",
		fault: `
host: sysctl -qw net.ipv4.conf.all.arp_ignore=1
pod-a: ip route add 192.168.6.160 dev eth0`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "local asked behind another table", from: "inet", to: "192.168.6.160",
		fault: `
host: ip route add default dev veth-pod-a table 200
host: ip route add 192.168.6.0/24 dev eth0 table 200
host: ip rule add pref 100 lookup 200
host: ip rule add pref 5000 lookup local
host: ip rule del pref 0`,
		want: expected{cause.NeighbourUnanswered, "inet", request}},
	{name: "no table local at all", from: "inet", to: "192.168.6.160",
		fault: `host: ip rule del pref 0`,
		want:  expected{cause.NeighbourUnanswered, "inet", request}, fix: []string{"host: ip rule add lookup local pref 0"}},
	{name: "no table local at all, at one who passes nothing on", from: "inet", to: "192.168.6.160",
		fault: `
host: sysctl -qw net.ipv4.ip_forward=0
host: ip rule del pref 0`,
		want: expected{cause.NeighbourUnanswered, "inet", request}, fix: []string{"host: ip rule add lookup local pref 0"}},
	{name: "one is a router to himself", from: "pod-a", to: "10.9.0.2",
		fault: `
pod-a: ip addr flush dev eth0
pod-a: ip link add wire type veth peer name wire netns pod-b
pod-b: ip link set wire up
pod-b: ip addr add 10.9.0.2 dev wire
pod-a: ip link set wire up
pod-a: ip addr add 10.9.0.1 dev wire`,
		want: expected{cause.NoRoute, "pod-a", request}, next: []cause.Code{cause.NoReturnRoute}, fix: []string{"pod-a: ip route add 10.9.0.2 dev wire", "pod-b: ip route add 10.9.0.1 dev wire"}},
	{name: "owner on an unnumbered device", from: "pod-a", to: "192.168.6.160",
		fault: `
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0
pod-a: ip route add 192.168.6.160 dev eth0`},
	{name: "static neighbour instead of a proxy", from: "pod-a", to: "192.168.6.160",
		fault: `
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0
host: ip route del default
pod-a: ip neigh replace 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent`},

	// The host routes.
	{name: "no host route to the asking pod", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip route del 10.244.1.10`,
		want:  expected{cause.NoReturnRoute, "host", reply}},
	{name: "no host route to the other pod", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip route del 10.244.1.11`,
		want:  expected{cause.NoRoute, "host", request}, or: []expected{{cause.NoRoute, "inet", request}, {cause.ForwardingOff, "inet", request}}, noFix: true},
	{name: "host route to another pod", from: "host", to: "10.244.1.11",
		fault: `host: ip route replace 10.244.1.11 dev veth-pod-a`,
		want:  expected{cause.NeighbourUnanswered, "host", request}, or: []expected{{cause.DestinationAbsent, "host", request}}},
	{name: "host route to another pod, and the right one is silent", from: "host", to: "10.244.1.11",
		fault: "host: ip route replace 10.244.1.11 dev veth-pod-a\npod-b: sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
		want:  expected{cause.NeighbourUnanswered, "host", request}, next: []cause.Code{cause.NeighbourUnanswered}},
	{name: "reply by a host route to another pod", from: "pod-b", to: "192.168.6.160",
		fault: `host: ip route replace 10.244.1.11 dev veth-pod-a`,
		want:  expected{cause.NoReturnRoute, "host", reply}, or: []expected{{cause.NeighbourUnanswered, "host", reply}}},
	{name: "pod in the node's LAN", from: "pod-a", to: "192.168.6.1",
		fault: `
pod-a: ip addr add 192.168.6.50/24 dev eth0
pod-a: ip addr del 10.244.1.10/24 dev eth0
host: ip route replace 192.168.6.50 dev veth-pod-a`,
		want: expected{cause.NeighbourUnanswered, "inet", reply}, or: []expected{{cause.NotMasqueraded, "host", reply}, {cause.NotMasqueraded, "host", request}}},
	{name: "absent in the node's LAN", from: "pod-a", to: "192.168.6.77",
		want: expected{cause.DestinationAbsent, "host", request}, noFix: true},

	// Static entries.
	{name: "wrong MAC", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:99:99 dev eth0 nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "wrong MAC in transit", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:99:99 dev veth-pod-b nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "host", request}},
	{name: "wrong MAC for the reply", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip neigh replace 10.244.1.10 lladdr 02:00:00:00:99:99 dev eth0 nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "pod-b", reply}},
	{name: "wrong MAC for the reply in transit", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip neigh replace 10.244.1.10 lladdr 02:00:00:00:b0:02 dev veth-pod-a nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "host", reply}},
	{name: "MAC changed behind a static entry", from: "pod-a", to: "192.168.6.160",
		fault: `
pod-a: ip neigh replace 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent
host: ip link set veth-pod-a address 02:00:00:00:a0:77`,
		want: expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "MAC changed behind a cached entry", from: "pod-a", to: "192.168.6.160", warm: true,
		fault: `host: ip link set veth-pod-a address 02:00:00:00:a0:77`,
		want:  expected{cause.NeighbourWrongMAC, "pod-a", request}},

	{name: "ARP off at the sender", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip link set eth0 arp off`, // arp_constructor() gives every neighbour the device's own MAC
		want:  expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "proxy entry instead of proxy_arp", from: "pod-a", to: "10.244.1.11",
		fault: `
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0
host: ip neigh add proxy 10.244.1.11 dev veth-pod-a`},

	// Two pods with one address.
	{name: "one address twice, reply to the other pod", from: "pod-b", to: "192.168.6.160",
		fault: `
pod-a: ip addr add 10.244.1.11/24 dev eth0
host: ip route replace 10.244.1.11 dev veth-pod-a`,
		want: expected{cause.DuplicateAddress, "host", reply}, or: []expected{{cause.DuplicateAddress, "pod-a", reply}}},
})

func TestProxiedNeighbours(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, proxyBreakages)
}

// What the outside does with the pods' addresses. A full connection tracking
// table is not among them: only the machine's first namespace may write
// net.netfilter.nf_conntrack_max.
var masqueradeBreakages = among([]breakage{
	{name: "rule missing", from: "pod-a", to: "203.0.113.10",
		fault: `host: iptables -t nat -D POSTROUTING 1`,
		want:  expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}},
		fix: []string{"host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE"}},
	{name: "rule of one pod missing", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -t nat -D POSTROUTING 1
host: iptables -t nat -A POSTROUTING -s 10.244.1.11 -o eth0 -j MASQUERADE`,
		want: expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}},
		fix: []string{"host: iptables -t nat -A POSTROUTING -s 10.244.1.10 -o eth0 -j MASQUERADE"}},
	{name: "table emptied", from: "pod-a", to: "203.0.113.10",
		fault: `host: nft delete table ip nat`,
		want:  expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}}},
	{name: "rule for another device", from: "pod-a", to: "203.0.113.10",
		fault: `host: iptables -t nat -R POSTROUTING 1 -s 10.244.0.0/16 -o eth1 -j MASQUERADE`,
		want:  expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}}},
	{name: "rule for another pod", from: "pod-a", to: "203.0.113.10",
		fault: `host: iptables -t nat -R POSTROUTING 1 -s 10.244.1.11 -o eth0 -j MASQUERADE`,
		want:  expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}}},
	{name: "rule missing, next door", from: "pod-a", to: "192.168.6.1",
		fault: `host: iptables -t nat -D POSTROUTING 1`,
		want:  expected{cause.NotMasqueraded, "host", reply}, or: []expected{{cause.NotMasqueraded, "host", request}, {cause.NoReturnRoute, "inet", reply}}},
	{name: "rule too wide", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -t nat -I POSTROUTING -s 10.244.1.10 -j MASQUERADE`},
	{name: "forwarding off for the reply", from: "pod-a", to: "203.0.113.10",
		fault: `host: sysctl -qw net.ipv4.conf.eth0.forwarding=0`,
		want:  expected{cause.ForwardingOff, "host", reply}},
	{name: "service address", from: "pod-a", to: "10.96.0.100",
		fault: `host: iptables -t nat -A PREROUTING -d 10.96.0.100 -j DNAT --to-destination 10.244.1.11`},
	{name: "service address of the pod itself", from: "pod-b", to: "10.96.0.100",
		fault: `host: iptables -t nat -A PREROUTING -d 10.96.0.100 -j DNAT --to-destination 10.244.1.11`,
		want:  expected{cause.MartianSource, "pod-b", request}, or: []expected{{cause.MartianSource, "host", request}, {cause.NotMasqueraded, "host", request}}},
	{name: "service address, masqueraded to the pod itself", from: "pod-b", to: "10.96.0.100",
		fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.100 -j DNAT --to-destination 10.244.1.11
host: iptables -t nat -A POSTROUTING -s 10.244.1.11 -d 10.244.1.11 -j MASQUERADE`},
})

func TestMasqueradedPings(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, masqueradeBreakages)
}
