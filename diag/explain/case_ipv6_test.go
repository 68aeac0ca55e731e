package explain_test

import (
	"os"
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// with6 turns IPv6 on, at once and without waiting for somebody else with the
// addresses, for lines "NETNS DEV".
func with6(devices string) string {
	var script strings.Builder
	for line := range strings.Lines(strings.TrimSpace(devices)) {
		netns, dev, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, set := range []string{"conf." + dev + ".accept_dad=0", "conf." + dev + ".disable_ipv6=0", "neigh." + dev + ".retrans_time_ms=60"} {
			script.WriteString(netns + ": sysctl -qw net.ipv6." + set + "\n")
		}
	}
	return script.String()
}

// bridgedDevices are those of the bridged node.
const bridgedDevices = `
host lo
host eth0
host cni0
inet lo
inet up0
pod-a lo
pod-a eth0
pod-b lo
pod-b eth0
pod-c eth0
`

// bridged6 is the bridged node with IPv6 beside IPv4, and a way out.
var bridged6 = bridged.with("bridged, with IPv6", with6(bridgedDevices)+`
host: ip addr add fd00:244:1::1/64 dev cni0
host: ip addr add fd00:6::160/64 dev eth0
host: ip route add default via fd00:6::1
host: sysctl -qw net.ipv6.conf.all.forwarding=1
inet: ip addr add fd00:6::1/64 dev up0
inet: ip addr add fd00:203::10/128 dev lo
inet: ip route add fd00:244:1::/64 via fd00:6::160
pod-a: ip addr add fd00:244:1::10/64 dev eth0
pod-a: ip route add default via fd00:244:1::1
pod-b: ip addr add fd00:244:1::11/64 dev eth0
pod-b: ip route add default via fd00:244:1::1
pod-c: ip addr add fd00:244:1::12/64 dev eth0
pod-c: ip route add default via fd00:244:1::1
`, journey{"pod-a", "fd00:244:1::11"}, journey{"pod-a", "fd00:203::10"}, journey{"host", "fd00:203::10"})

// Faults of IPv6, and of flows over it.
var ipv6Breakages = among([]breakage{
	{name: "a ping", from: "pod-a", to: "fd00:203::10"},
	{name: "a connection", from: "pod-a", to: "fd00:244:1::11", asks: "tcp 80", serve: []string{"pod-b tcp [::]:80"}},
	{name: "a published port at ::1, whose answer comes from a pod", from: "host", to: "::1", asks: "tcp 8080", serve: []string{"pod-b tcp [::]:80"}, fault: `
host: nft 'add table ip6 n; add chain ip6 n out { type nat hook output priority -100; }; add rule ip6 n out ip6 daddr ::1 tcp dport 8080 dnat to [fd00:244:1::11]:80'
host: nft 'add chain ip6 n post { type nat hook postrouting priority 100; }; add rule ip6 n post oifname cni0 masquerade'`,
		want: expected{cause.MartianSource, "host", reply}, noFix: true},
	{name: "a datagram", from: "pod-a", to: "fd00:244:1::11", asks: "udp 5000", serve: []string{"pod-b udp [fd00:244:1::11]:5000"}},
	{name: "nobody listens over IPv6", from: "pod-a", to: "fd00:244:1::11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "no route", from: "pod-a", to: "fd00:203::10", fault: `pod-a: ip route del default via fd00:244:1::1`,
		want: expected{cause.NoRoute, "pod-a", request}},
	{name: "a rule turns away what goes to a gateway whom nobody on the wire answers for", from: "pod-a", to: "fd00:244:1::1", fault: `
pod-a: ip addr del fd00:244:1::10/64 dev eth0
pod-a: ip addr add fd00:244:1::10/128 dev eth0
pod-a: ip route replace default via fd00:244:1::1 dev eth0 onlink
host: ip addr del fd00:244:1::1/64 dev cni0
host: ip addr add fd00:244:1::1/128 dev eth0
pod-a: env ip -6 rule add to fd00:244:1::1 pref 100 prohibit`,
		want: expected{cause.RouteProhibit, "pod-a", request}, noFix: true},
	{name: "no way back", from: "pod-a", to: "fd00:203::10", fault: `inet: ip route del fd00:244:1::/64 via fd00:6::160`,
		want: expected{cause.NoReturnRoute, "inet", reply}, or: []expected{{cause.NotMasqueraded, "host", reply}}},
	{name: "IPv6 is off at the sender", from: "pod-a", to: "fd00:203::10", fault: `pod-a: sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1`,
		want: expected{cause.NoAddress, "pod-a", request}},
	{name: "IPv6 is off at the destination", from: "pod-a", to: "fd00:244:1::11", fault: `pod-b: sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1`,
		want: expected{cause.DestinationAbsent, "pod-a", request}},
	{name: "the sender's MTU is too small for IPv6", from: "pod-a", to: "fd00:203::10", fault: hasty("pod-a") + `pod-a: ip link set eth0 mtu 576`,
		want: expected{cause.NoAddress, "pod-a", request}},
	{name: "the destination's MTU is too small for IPv6", from: "pod-a", to: "fd00:244:1::11", fault: hasty("pod-b") + `pod-b: ip link set eth0 mtu 576`,
		want: expected{cause.DestinationAbsent, "pod-a", request}, fix: []string{"pod-b: ip link set eth0 mtu 1500", "pod-b: sysctl -w net.ipv6.conf.eth0.disable_ipv6=0", "pod-b: ip addr add fd00:244:1::11/64 dev eth0"}},
	{name: "the bridge is down, and its address gone with that", from: "inet", to: "fd00:244:1::10", fault: `host: ip link set cni0 down`,
		want: expected{cause.LinkDown, "host", request}, fix: []string{"host: ip link set cni0 up", "host: ip addr add fd00:244:1::1/64 dev cni0"}},
	{name: "the bridge is down, and there is no other route", from: "inet", to: "fd00:244:1::10", fault: "host: ip route del default\nhost: ip link set cni0 down",
		want: expected{cause.LinkDown, "host", request}, fix: []string{"host: ip link set cni0 up", "host: ip addr add fd00:244:1::1/64 dev cni0"}},
	{name: "the bridge is down, for those on it", from: "pod-a", to: "fd00:203::10", fault: `host: ip link set cni0 down`,
		want: expected{cause.LinkDown, "host", request}, fix: []string{"host: ip link set cni0 up", "host: ip addr add fd00:244:1::1/64 dev cni0"}},
	{name: "the bridge has lost its address", from: "inet", to: "fd00:244:1::10", fault: "host: ip route del default\nhost: ip addr del fd00:244:1::1/64 dev cni0",
		want: expected{cause.NoAddress, "host", request}, fix: []string{"host: ip addr add fd00:244:1::1/64 dev cni0"}},
	{name: "the way back leads to a bridge without address", from: "pod-a", to: "fd00:203::10", warm: true, fault: "host: ip route replace fd00:203::10 via fd00:6::1\nhost: ip route del default\nhost: ip addr del fd00:244:1::1/64 dev cni0",
		want: expected{cause.NoAddress, "host", reply}, fix: []string{"host: ip addr add fd00:244:1::1/64 dev cni0"}},
	{name: "forwarding is off", from: "pod-a", to: "fd00:203::10", fault: `host: sysctl -qw net.ipv6.conf.all.forwarding=0`,
		want: expected{cause.ForwardingOff, "host", request}},
	{name: "the route is not used for want of a carrier", from: "pod-a", to: "fd00:203::10", fault: `
host: sysctl -qw net.ipv6.conf.all.ignore_routes_with_linkdown=1 net.ipv6.conf.eth0.ignore_routes_with_linkdown=1
inet: ip link set up0 down`,
		want: expected{cause.LinkDown, "inet", request}},
	{name: "one hop to live", from: "pod-a", to: "fd00:203::10", fault: `pod-a: sysctl -qw net.ipv6.conf.eth0.hop_limit=1`,
		want: expected{cause.RouteLoop, "pod-a", request}, fix: []string{"pod-a: sysctl -w net.ipv6.conf.eth0.hop_limit=64"}},
	{name: "one hop to live by the route", from: "pod-a", to: "fd00:203::10", fault: `pod-a: ip route replace default via fd00:244:1::1 dev eth0 hoplimit 1`,
		want: expected{cause.RouteLoop, "pod-a", request}, fix: []string{"pod-a: ip route replace default via fd00:244:1::1 dev eth0 metric 1024 pref medium"}},
	{name: "one hop to live of the answer", from: "pod-a", to: "fd00:203::10", fault: `inet: sysctl -qw net.ipv6.conf.up0.hop_limit=1`,
		want: expected{cause.RouteLoop, "inet", reply}, fix: []string{"inet: sysctl -w net.ipv6.conf.up0.hop_limit=64"}},
	{name: "one hop to live on another device", from: "pod-a", to: "fd00:203::10", fault: `host: sysctl -qw net.ipv6.conf.eth0.hop_limit=1`},
	{name: "blackhole", from: "pod-a", to: "fd00:203::10", fault: `host: ip route add blackhole fd00:203::/64`,
		want: expected{cause.RouteBlackhole, "host", request}},
	{name: "a wrong MAC address for who asks, which leads the router's answer astray, and a blackhole", from: "pod-a", to: "fd00:203::10",
		fault: "host: ip neigh replace fd00:244:1::10 lladdr 02:de:ad:00:00:01 dev cni0 nud permanent\nhost: ip route add blackhole fd00:203::/64",
		want:  expected{cause.NeighbourWrongMAC, "host", request}, next: []cause.Code{cause.RouteBlackhole}},
	{name: "the far end of the wire is down, and its address gone with it", from: "host", to: "fd00:6::1", fault: hasty("inet") + `inet: ip link set up0 down`,
		want: expected{cause.LinkDown, "inet", request}},
	{name: "prohibit", from: "pod-a", to: "fd00:203::10", fault: `host: ip route add prohibit fd00:203::/64`,
		want: expected{cause.RouteProhibit, "host", request}},
	{name: "nobody has the address", from: "pod-a", to: "fd00:244:1::99",
		want: expected{cause.DestinationAbsent, "pod-a", request}, noFix: true},
	{name: "a pod has an address of the LAN", from: "inet", to: "fd00:6::10", fault: `
pod-a: ip addr add fd00:6::10/128 dev eth0
host: ip route add fd00:6::10/128 dev cni0`,
		want: expected{cause.NeighbourUnanswered, "inet", request},
		fix:  []string{"host: sysctl -w net.ipv6.conf.eth0.proxy_ndp=1", "host: ip neigh add proxy fd00:6::10 dev eth0"}},
	{name: "a proxy that may not answer", from: "inet", to: "fd00:6::10", fault: `
pod-a: ip addr add fd00:6::10/128 dev eth0
host: ip route add fd00:6::10/128 dev cni0
host: ip neigh add proxy fd00:6::10 dev eth0`,
		want: expected{cause.NeighbourUnanswered, "inet", request}},
	{name: "the filter drops", from: "pod-a", to: "fd00:203::10", fault: `host: ip6tables -P FORWARD DROP`,
		want: expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}, shut: []journey{{"pod-b", "fd00:244:1::10"}}},
	{name: "a rule of inet drops a port", from: "pod-a", to: "fd00:203::10", asks: "tcp 80", serve: []string{"inet tcp [fd00:203::10]:80"},
		fault: `host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; }; add rule inet f fw tcp dport 80 drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "a rule of IPv4 does not matter", from: "pod-a", to: "fd00:203::10", fault: `host: iptables -P FORWARD DROP`},
	{name: "neighbour solicitations are dropped", from: "host", to: "fd00:244:1::11", fault: `pod-b: ip6tables -A INPUT -p icmpv6 --icmpv6-type 135 -j DROP`,
		want: expected{cause.Filtered, "pod-b", request}},
	{name: "neighbour solicitations are dropped before connection tracking", from: "pod-a", to: "fd00:244:1::11", fault: `pod-b: ip6tables -t raw -A PREROUTING -p icmpv6 --icmpv6-type 135 -j DROP`,
		want: expected{cause.Filtered, "pod-b", request}},
	{name: "neighbour advertisements are dropped as they leave", from: "pod-a", to: "fd00:244:1::11", fault: `pod-b: ip6tables -t mangle -A POSTROUTING -p icmpv6 --icmpv6-type 136 -j DROP`,
		want: expected{cause.Filtered, "pod-b", request}},
	{name: "a rule stops the packet, and neighbour discovery once it is needed", from: "pod-a", to: "fd00:244:1::11", warm: true, fault: `pod-b: ip6tables -A INPUT -j DROP`,
		want: expected{cause.Filtered, "pod-b", request}, next: []cause.Code{cause.Filtered}, fix: []string{
			"pod-b: ip6tables-nft -t filter -I INPUT -s fd00:244:1::10 -d fd00:244:1::11 -p icmpv6 --icmpv6-type echo-request -j ACCEPT",
			"pod-b: ip6tables-nft -t filter -I INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j ACCEPT",
			"pod-b: ip6tables-nft -t filter -I INPUT -p icmpv6 --icmpv6-type neighbour-advertisement -j ACCEPT",
		}},
	{name: "a device drops neighbour solicitations", from: "pod-a", to: "fd00:244:1::11",
		fault: `pod-b: nft 'add table netdev m; add chain netdev m c { type filter hook ingress device "eth0" priority 0; }; add rule netdev m c icmpv6 type nd-neighbor-solicit drop'`,
		want:  expected{cause.Filtered, "pod-b", request}},
	{name: "a bridge drops neighbour advertisements", from: "pod-a", to: "fd00:244:1::11",
		fault: `host: nft 'add table bridge m; add chain bridge m c { type filter hook forward priority 0; }; add rule bridge m c icmpv6 type nd-neighbor-advert drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "no broadcasts to the port", from: "pod-a", to: "fd00:244:1::11",
		fault: `host: bridge link set dev veth-pod-b bcast_flood off`},
	{name: "no multicast to the port", from: "pod-a", to: "fd00:244:1::11",
		fault: `host: bridge link set dev veth-pod-b mcast_flood off`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}, fix: []string{"host: bridge link set dev veth-pod-b mcast_flood on"}},
	{name: "no multicast to the port, where nobody looks who listens", from: "pod-a", to: "fd00:244:1::11", fault: `
host: ip link set cni0 type bridge mcast_snooping 0
host: bridge link set dev veth-pod-b mcast_flood off`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "no multicast to the port, but from the node", from: "host", to: "fd00:244:1::11",
		fault: `host: bridge link set dev veth-pod-b mcast_flood off`},
	{name: "no multicast to the port, but to whom listens", from: "pod-a", to: "fd00:244:1::11", fault: `
host: bridge link set dev veth-pod-b mcast_flood off
host: ip link set cni0 type bridge mcast_query_response_interval 20
host: ip link set cni0 type bridge mcast_querier 1
host: sleep 0.5`},
	{name: "neighbour solicitations are dropped on the bridge", from: "pod-a", to: "fd00:244:1::11", fault: `
host: sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
host: ip6tables -A FORWARD ! -d fd00:244:1::/64 -i cni0 -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "the answers to neighbour solicitations are dropped on the bridge", from: "pod-a", to: "fd00:244:1::11", fault: `
host: sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
host: nft 'add table ip6 m; add chain ip6 m c { type filter hook postrouting priority -10; }; add rule ip6 m c ip6 saddr fd00:244:1::11 drop'`,
		want: expected{cause.Filtered, "host", request}},
	{name: "what is for one host alone is dropped on the bridge", from: "pod-a", to: "fd00:244:1::11", fault: `
host: sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
host: ip6tables -t mangle -A FORWARD -p icmpv6 --icmpv6-type echo-request -j ACCEPT
host: ip6tables -t mangle -A FORWARD -m pkttype --pkt-type host -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "pings are ignored", from: "pod-a", to: "fd00:244:1::11", fault: `pod-b: sysctl -qw net.ipv6.icmp.echo_ignore_all=1`,
		want: expected{cause.EchoIgnored, "pod-b", request}},
	{name: "a link is down", from: "pod-a", to: "fd00:244:1::11", fault: `host: ip link set veth-pod-b down`,
		want: expected{cause.LinkDown, "host", request}},
	{name: "a service of IPv6", from: "pod-a", to: "fd00:96::10", asks: "tcp 80", serve: []string{"inet tcp [fd00:203::10]:8080"},
		fault: `host: ip6tables -t nat -A PREROUTING -d fd00:96::10 -p tcp --dport 80 -j DNAT --to-destination [fd00:203::10]:8080`},
	{name: "a service of IPv6, and no route lets it pass", from: "pod-a", to: "fd00:96::10", asks: "tcp 80", serve: []string{"inet tcp [fd00:203::10]:8080"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
host: ip6tables -t nat -A PREROUTING -d fd00:96::10 -p tcp --dport 80 -j DNAT --to-destination [fd00:203::10]:8080
host: ip route add unreachable fd00:203::10`,
		want: expected{cause.RouteUnreachable, "host", request}, fix: []string{"host: ip route del unreachable fd00:203::10"}},
	{name: "a small device in transit", from: "pod-a", to: "fd00:203::10", size: 1452, df: true, fault: `host: ip link set eth0 mtu 1400`,
		want: expected{cause.MTUExceeded, "host", request}, fix: []string{"host: ip link set eth0 mtu 1500", "pod-a: ip -6 route flush cache"}},
	{name: "an address that was somebody's", from: "pod-a", to: "fd00:244:1::77", fault: `
pod-b: ip addr add fd00:244:1::77/64 dev eth0
pod-c: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
pod-c: ip addr add fd00:244:1::77/64 dev eth0
pod-c: sh -c 'for i in $(seq 50); do ip addr show dadfailed dev eth0 | grep -q dadfailed && exit 0; sleep 0.1; done; exit 1'
pod-b: ip addr del fd00:244:1::77/64 dev eth0`,
		want: expected{cause.DuplicateAddress, "pod-c", request}},
	{name: "an address that nobody confirms", from: "pod-a", to: "fd00:244:1::77", fault: `
pod-c: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=200
pod-c: sysctl -qw net.ipv6.neigh.eth0.retrans_time_ms=10000
pod-c: ip addr add fd00:244:1::77/64 dev eth0`,
		want: expected{cause.NeighbourUnanswered, "pod-c", request}, noFix: true},
	{name: "the sender has a link-local address alone", from: "pod-c", to: "fd00:203::10", fault: `
pod-c: ip addr del fd00:244:1::12/64 dev eth0
pod-c: ip route replace default via fe80::ff:fe00:101 dev eth0`,
		want: expected{cause.NoAddress, "pod-c", request}},
	{name: "a link-local address alone, to a neighbour by way of their router", from: "pod-c", to: "fd00:244:1::10", fault: `
pod-c: ip addr del fd00:244:1::12/64 dev eth0
pod-c: ip route replace default via fe80::ff:fe00:101 dev eth0`},
	{name: "the sender's address was somebody's", from: "pod-c", to: "fd00:203::10", fault: `
pod-c: ip addr del fd00:244:1::12/64 dev eth0
pod-b: ip addr add fd00:244:1::12/64 dev eth0
pod-c: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
pod-c: ip addr add fd00:244:1::12/64 dev eth0
pod-c: sh -c 'for i in $(seq 50); do ip addr show dadfailed dev eth0 | grep -q dadfailed && exit 0; sleep 0.1; done; exit 1'
pod-b: ip addr del fd00:244:1::12/64 dev eth0
pod-c: ip route replace default via fd00:244:1::1`,
		want: expected{cause.DuplicateAddress, "pod-c", request}},
	{name: "the sender's address is somebody's", from: "pod-c", to: "fd00:203::10", fault: `
pod-c: ip addr del fd00:244:1::12/64 dev eth0
pod-b: ip addr add fd00:244:1::12/64 dev eth0
pod-c: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
pod-c: ip addr add fd00:244:1::12/64 dev eth0
pod-c: sh -c 'for i in $(seq 50); do ip addr show dadfailed dev eth0 | grep -q dadfailed && exit 0; sleep 0.1; done; exit 1'
pod-c: sysctl -qw net.ipv6.conf.eth0.accept_dad=0
pod-c: ip route replace default via fd00:244:1::1`,
		want: expected{cause.DuplicateAddress, "pod-c", request}, fix: []string{"pod-c: ip addr del fd00:244:1::12/64 dev eth0", "pod-c: ip addr add fd00:244:1::2/64 dev eth0"}},
	{name: "a link-local address", from: "pod-a", to: "fe80::ff:fe00:b002%eth0"},
	{name: "a port of a link-local address", from: "pod-a", to: "fe80::ff:fe00:b002%eth0", asks: "tcp 80", serve: []string{"pod-b tcp [::]:80"}},
	{name: "a datagram to a link-local address", from: "host", to: "fe80::ff:fe00:b002%cni0", asks: "udp 5000", serve: []string{"pod-b udp [::]:5000"}},
	{name: "a link-local address behind another device", from: "host", to: "fe80::ff:fe00:b002%eth0",
		want: expected{cause.DestinationAbsent, "host", request}, noFix: true},
	{name: "nobody listens at a link-local address", from: "pod-a", to: "fe80::ff:fe00:b002%eth0", asks: "tcp 80",
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "the way to a link-local address is filtered", from: "pod-a", to: "fe80::ff:fe00:b002%eth0", fault: `pod-b: ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j DROP`,
		want: expected{cause.Filtered, "pod-b", request}},
	{name: "a next hop behind the wrong device", from: "host", to: "fd00:203::10", fault: `host: ip route replace default via fe80::c0ff:fea8:601 dev cni0`,
		want: expected{cause.NeighbourUnanswered, "host", request}, or: []expected{{cause.DestinationAbsent, "host", request}}, noFix: true},
	{name: "a policy rule of IPv6", from: "pod-a", to: "fd00:203::10", fault: `host: env ip -6 rule add from fd00:244:1::/64 unreachable pref 100`,
		want: expected{cause.RouteUnreachable, "host", request}},
	{name: "a policy rule about a source that the kernel has yet to choose", from: "pod-a", to: "fd00:203::10",
		fault: `pod-a: env ip -6 rule add from fd00:244:1::10 unreachable pref 100`},
	{name: "the same, and a connection", from: "pod-a", to: "fd00:203::10", asks: "tcp 80", serve: []string{"inet tcp [fd00:203::10]:80"},
		fault: `pod-a: env ip -6 rule add from fd00:244:1::10 unreachable pref 100`},
})

// hasty has a device that gets IPv6 anew use an address at once: it has lost its settings.
func hasty(netns string) string {
	return netns + ": sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0\n"
}

// TestExplainIPv6: the same causes, over the other IP.
func TestExplainIPv6(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged6, ipv6Breakages)
}

// TestForwardingOfIPv6ByTheDeviceAlone: force_forwarding of where a packet comes in is enough,
// as Linux has it since 6.17.
func TestForwardingOfIPv6ByTheDeviceAlone(t *testing.T) {
	labtest.Slow(t)
	if _, err := os.Stat("/proc/sys/net/ipv6/conf/all/force_forwarding"); err != nil {
		t.Skip(err)
	}
	off := "host: sysctl -qw net.ipv6.conf.all.forwarding=0\n"
	explainBreakages(t, bridged6, among([]breakage{
		{name: "both ways", from: "pod-a", to: "fd00:203::10", fault: off + "host: sysctl -qw net.ipv6.conf.cni0.force_forwarding=1 net.ipv6.conf.eth0.force_forwarding=1"},
		{name: "not on the way back", from: "pod-a", to: "fd00:203::10", fault: off + "host: sysctl -qw net.ipv6.conf.cni0.force_forwarding=1",
			want: expected{cause.ForwardingOff, "host", reply}},
	}))
}
