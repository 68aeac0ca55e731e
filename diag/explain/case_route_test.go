package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/internal/lab/labtest"
)

// ofTwo is a wire between routers with two addresses alone, one of which is gone.
const ofTwo = `
r2: ip addr del 10.23.0.2/24 dev right
r3: ip addr add 10.23.0.3/31 dev left
r3: ip addr del 10.23.0.3/24 dev left`

// Faults of the routing tables and rules along four routers.
var routeBreakages = among([]breakage{
	// At the source.
	{name: "an address of another network takes the way", from: "a", to: "10.2.0.2",
		fault: `
r2: ip link add own type veth peer name other
r2: ip link set own up
r2: ip link set other up
r2: ip addr add 10.2.0.1/25 dev own`,
		want: expected{cause.NeighbourUnanswered, "r2", request}, or: []expected{{cause.DestinationAbsent, "r2", request}},
		fix: []string{"r2: ip route replace 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "no default route", from: "a", to: "10.2.0.2",
		fault: `a: ip route del default`,
		want:  expected{cause.NoRoute, "a", request}},
	{name: "too few hops to live", from: "a", to: "10.2.0.2", fault: `a: sysctl -qw net.ipv4.ip_default_ttl=2`,
		want: expected{cause.RouteLoop, "a", request}, fix: []string{"a: sysctl -w net.ipv4.ip_default_ttl=64"}},
	{name: "too few hops to live of the answer", from: "a", to: "10.2.0.2", fault: `b: sysctl -qw net.ipv4.ip_default_ttl=3`,
		want: expected{cause.RouteLoop, "b", reply}, fix: []string{"b: sysctl -w net.ipv4.ip_default_ttl=64"}},
	{name: "a route, and no address to come from", from: "a", to: "10.2.0.2",
		fault: `
a: ip addr flush dev eth0
a: ip route add 10.2.0.2 via 10.1.0.1 dev eth0 onlink`,
		want: expected{cause.NoAddress, "a", request}},
	{name: "blackhole at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip route add blackhole 10.2.0.2`,
		want:  expected{cause.RouteBlackhole, "a", request}},
	{name: "out of lo at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip route add 10.2.0.2 dev lo`,
		want:  expected{cause.RouteBlackhole, "a", request}},
	{name: "unreachable where there is no other route", from: "a", to: "10.2.0.2",
		fault: `
a: ip route del default
a: ip route add unreachable default metric 4278198272`,
		want: expected{cause.NoRoute, "a", request}},
	{name: "unreachable at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip route add unreachable 10.2.0.0/16`,
		want:  expected{cause.RouteUnreachable, "a", request}},
	{name: "prohibit at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip route add prohibit 10.2.0.0/24 metric 5`,
		want:  expected{cause.RouteProhibit, "a", request}},
	{name: "throw at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip route add throw 10.2.0.2`,
		want:  expected{cause.NoRoute, "a", request}},
	{name: "default by nobody, and the router's answers to ARP are dropped", from: "a", to: "10.2.0.2",
		fault: `
a: ip route replace default via 10.1.0.77
r1: nft 'add table arp m; add chain arp m c { type filter hook output priority 0; }; add rule arp m c arp operation reply drop'`,
		want: expected{cause.NeighbourUnanswered, "a", request}, next: []cause.Code{cause.Filtered},
		fix: []string{"a: ip route replace default via 10.1.0.1 dev eth0", "r1: nft insert rule arp m c arp saddr ip 10.1.0.1 accept", "r1: nft insert rule arp m c arp saddr ip 10.12.0.1 accept"}},
	{name: "a blackhole in the place of the default route", from: "a", to: "10.2.0.2",
		fault: `a: ip route replace blackhole default`,
		want:  expected{cause.RouteBlackhole, "a", request}, next: []cause.Code{cause.NoRoute},
		fix: []string{"a: ip route del blackhole default", "a: ip route add default via 10.1.0.1 dev eth0"}},
	{name: "no rule leads to the main table at the source", from: "a", to: "10.2.0.2",
		fault: `
a: ip rule del pref 32766
a: ip rule add from 10.7.0.0/16 lookup main pref 100`,
		want: expected{cause.NoRoute, "a", request}, fix: []string{"a: ip rule add lookup main pref 32766"}},
	{name: "a rule leaves the main table out at the source", from: "a", to: "10.2.0.2",
		fault: `a: ip rule add pref 100 to 10.2.0.0/24 goto 32767`,
		want:  expected{cause.RouteUnreachable, "a", request}, fix: []string{"a: ip rule add to 10.2.0.2 lookup main pref 99"}},
	{name: "a rule leaves the main table out in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip rule add pref 100 iif left goto 32767`,
		want:  expected{cause.RouteUnreachable, "r2", request}},
	{name: "a rule for others leaves the main table out", from: "a", to: "10.2.0.2",
		fault: `a: ip rule add pref 100 uidrange 4000-4000 goto 32767`},
	{name: "a rule for what is sent from here leads to a table that rejects", from: "a", to: "10.2.0.2",
		fault: `
a: ip rule add pref 100 iif lo lookup 70
a: ip route add unreachable default table 70`,
		want: expected{cause.RouteUnreachable, "a", request}, fix: []string{"a: ip route add 10.2.0.2 via 10.1.0.1 dev eth0 table 70"}},
	{name: "no rule leads to the main table in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip rule del pref 32766`,
		want:  expected{cause.NoRoute, "r2", request}, fix: []string{"r2: ip rule add lookup main pref 32766"}},
	{name: "no rule leads to the main table where it is answered", from: "a", to: "10.2.0.2",
		fault: `b: ip rule del pref 32766`,
		want:  expected{cause.NoReturnRoute, "b", reply}, fix: []string{"b: ip rule add lookup main pref 32766"}},
	{name: "default by nobody", from: "a", to: "10.2.0.2",
		fault: `a: ip route replace default via 10.1.0.77`,
		want:  expected{cause.NeighbourUnanswered, "a", request}},

	// In transit.
	{name: "no route in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip route del 10.2.0.0/24`,
		want:  expected{cause.NoRoute, "r2", request}, fix: []string{"r2: ip route add 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "a router's address is gone, and with it the route that is missing", from: "a", to: "10.2.0.2",
		fault: `r2: ip addr del 10.23.0.2/24 dev right`,
		want:  expected{cause.NoAddress, "r2", request}, fix: []string{"r2: ip addr add 10.23.0.2/24 dev right", "r2: ip route add 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "… of a network of two", from: "a", to: "10.2.0.2", fault: ofTwo,
		want: expected{cause.NoAddress, "r2", request}, fix: []string{"r2: ip addr add 10.23.0.2/31 dev right", "r2: ip route add 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "what was a router's address, and is nobody's now", from: "a", to: "10.23.0.2",
		fault: `
r1: ip route add 10.23.0.0/24 via 10.12.0.2
r2: ip addr del 10.23.0.2/24 dev right`,
		want: expected{cause.NoAddress, "r2", request}, fix: []string{"r2: ip addr add 10.23.0.2/24 dev right"}},
	{name: "no route in transit, where services' addresses are on what is down", from: "a", to: "10.2.0.2",
		fault: `
r2: ip route del 10.2.0.0/24
r2: ip link add kube-ipvs0 type bridge
r2: ip addr add 10.96.0.10/32 dev kube-ipvs0`,
		want: expected{cause.NoRoute, "r2", request}, noFix: true},
	{name: "blackhole in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip route add blackhole 10.2.0.2`,
		want:  expected{cause.RouteBlackhole, "r2", request}},
	{name: "a blackhole of a nexthop object in transit", from: "a", to: "10.2.0.2",
		fault: "r2: ip nexthop add id 7 blackhole\nr2: ip route add 10.2.0.2 nhid 7",
		want:  expected{cause.RouteBlackhole, "r2", request}},
	{name: "a blackhole in the place of the route in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip route replace blackhole 10.2.0.0/24`,
		want:  expected{cause.RouteBlackhole, "r2", request}, next: []cause.Code{cause.NoRoute}, noFix: true},
	{name: "out of lo in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip route add 10.2.0.2 dev lo`,
		want:  expected{cause.RouteLoop, "r2", request}},
	{name: "unreachable in transit", from: "a", to: "10.2.0.2",
		fault: `r3: ip route add unreachable 10.2.0.2`,
		want:  expected{cause.RouteUnreachable, "r3", request}},
	{name: "prohibit in transit", from: "a", to: "10.2.0.2",
		fault: `r3: ip route add prohibit 10.2.0.0/25`,
		want:  expected{cause.RouteProhibit, "r3", request}},
	{name: "what is rejected would else go back", from: "a", to: "10.9.0.9",
		fault: `
b: ip addr add 10.9.0.9/32 dev lo
r1: ip route add 10.9.0.9 via 10.12.0.2
r2: ip route add 10.9.0.9 via 10.23.0.3
r3: ip route add 10.9.0.9 via 10.34.0.4
r4: ip route add default via 10.34.0.3
r4: ip route add unreachable 10.9.0.0/24`,
		want: expected{cause.RouteUnreachable, "r4", request}, fix: []string{"r4: ip route add 10.9.0.9 via 10.2.0.2 dev right"}},
	{name: "what is rejected has no route else", from: "a", to: "10.2.0.2",
		fault: `
r4: ip route del 10.2.0.0/24
r4: ip route add blackhole 10.2.0.2`,
		want: expected{cause.RouteBlackhole, "r4", request}, fix: []string{"r4: ip route del blackhole 10.2.0.2", "r4: ip route add 10.2.0.2 dev right"}},
	{name: "throw in transit", from: "a", to: "10.2.0.2",
		fault: `r3: ip route add throw 10.2.0.0/25`,
		want:  expected{cause.NoRoute, "r3", request}},
	{name: "next hop of nobody", from: "a", to: "10.2.0.2",
		fault: `r2: ip route replace 10.2.0.0/24 via 10.23.0.77`,
		want:  expected{cause.NeighbourUnanswered, "r2", request}, noFix: true},
	{name: "loop", from: "a", to: "10.2.0.2",
		fault: `r2: ip route replace 10.2.0.0/24 via 10.12.0.1`,
		want:  expected{cause.RouteLoop, "r2", request}, fix: []string{"r2: ip route add 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "a loop of a host's own route", from: "a", to: "10.2.0.2",
		fault: `r2: ip route add 10.2.0.2 via 10.12.0.1`,
		want:  expected{cause.RouteLoop, "r2", request}, fix: []string{"r2: ip route del 10.2.0.2 via 10.12.0.1 dev left"}},

	{name: "nexthop object", from: "a", to: "10.2.0.2",
		fault: `
r2: ip nexthop add id 7 via 10.23.0.3 dev right
r2: ip route replace 10.2.0.0/24 nhid 7`},
	{name: "a router takes it for its own", from: "a", to: "10.2.0.2",
		fault: `r2: ip route add local 10.2.0.2 dev lo`}, // and answers it, too
	{name: "translated to nobody", from: "a", to: "10.2.0.2",
		fault: `r2: iptables -t nat -A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.2.0.99`,
		want:  expected{cause.DestinationAbsent, "r4", request}, noFix: true},

	// On the way back.
	{name: "no way back at the destination", from: "a", to: "10.2.0.2",
		fault: `b: ip route del default`,
		want:  expected{cause.NoReturnRoute, "b", reply}},
	{name: "no way back in transit", from: "a", to: "10.2.0.2",
		fault: `r3: ip route del 10.1.0.0/24`,
		want:  expected{cause.NoReturnRoute, "r3", reply}},
	{name: "blackhole at the destination", from: "a", to: "10.2.0.2",
		fault: `b: ip route add blackhole 10.1.0.0/24`,
		want:  expected{cause.RouteBlackhole, "b", reply}},
	{name: "unreachable, reply in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip route add unreachable 10.1.0.2`,
		want:  expected{cause.RouteUnreachable, "r2", reply}},
	{name: "prohibit, reply in transit", from: "a", to: "10.2.0.2",
		fault: `r3: ip route add prohibit 10.1.0.2`,
		want:  expected{cause.RouteProhibit, "r3", reply}},
	{name: "throw at the destination", from: "a", to: "10.2.0.2",
		fault: `b: ip route add throw 10.1.0.0/24`,
		want:  expected{cause.NoReturnRoute, "b", reply}},
	{name: "default by nobody at the destination", from: "a", to: "10.2.0.2",
		fault: `b: ip route replace default via 10.2.0.77`,
		want:  expected{cause.NeighbourUnanswered, "b", reply}, or: []expected{{cause.NoReturnRoute, "b", reply}}},
	{name: "loop of the reply", from: "a", to: "10.2.0.2",
		fault: `r3: ip route replace 10.1.0.0/24 via 10.34.0.4`,
		want:  expected{cause.NoReturnRoute, "r3", reply}, or: []expected{{cause.RouteLoop, "r3", reply}, {cause.RouteLoop, "r4", reply}}},

	// By rule.
	{name: "rule blackhole", from: "a", to: "10.2.0.2",
		fault: `a: ip rule add to 10.2.0.2 blackhole`,
		want:  expected{cause.RouteBlackhole, "a", request}},
	{name: "rule prohibit in transit", from: "a", to: "10.2.0.2",
		fault: `r2: ip rule add from 10.1.0.2 iif left prohibit`,
		want:  expected{cause.RouteProhibit, "r2", request}},
	{name: "rule unreachable for the reply", from: "a", to: "10.2.0.2",
		fault: `b: ip rule add from 10.2.0.2 to 10.1.0.0/24 unreachable`,
		want:  expected{cause.RouteUnreachable, "b", reply}, or: []expected{{cause.NoReturnRoute, "b", reply}}}, // the errno is that of no route (fib4_rule_action)
	{name: "rule to a table with a blackhole", from: "a", to: "10.2.0.2",
		fault: `
r2: ip route add blackhole default table 100
r2: ip rule add from 10.1.0.0/24 table 100`,
		want: expected{cause.RouteBlackhole, "r2", request}},
	{name: "… and main has a wider one beside the route, which is not met", from: "a", to: "10.2.0.2",
		fault: `
r2: ip route add blackhole 10.2.0.0/16
r2: ip route add blackhole default table 100
r2: ip rule add from 10.1.0.0/24 table 100`,
		want: expected{cause.RouteBlackhole, "r2", request}},
	{name: "rule to a table that leads back", from: "a", to: "10.2.0.2",
		fault: `
r3: ip route add default via 10.23.0.2 table 100
r3: ip rule add iif left table 100`,
		want: expected{cause.RouteLoop, "r3", request}, or: []expected{{cause.RouteLoop, "r2", request}}, noFix: true},
	{name: "a rule rejects all of the sender, whose rp_filter asks it too", from: "a", to: "10.2.0.2",
		fault: `
a: sysctl -qw net.ipv4.conf.eth0.rp_filter=1
a: ip neigh replace 10.1.0.1 lladdr 02:00:00:01:00:01 dev eth0 nud permanent
a: ip rule add from 10.1.0.2 pref 100 blackhole`,
		want: expected{cause.RouteBlackhole, "a", request},
		fix:  []string{"a: ip rule add to 10.2.0.2 lookup main pref 99", "a: ip rule add to 10.1.0.1 lookup main pref 99"}},
	{name: "a route rejects the sender's replies too, for rp_filter", from: "a", to: "10.2.0.2",
		fault: `
a: sysctl -qw net.ipv4.conf.all.rp_filter=1
a: ip route add unreachable 10.2.0.0/28`,
		want: expected{cause.RouteUnreachable, "a", request}, fix: []string{"a: ip route add 10.2.0.2 via 10.1.0.1 dev eth0"}},
	{name: "a route rejects the source, for rp_filter", from: "a", to: "10.2.0.2",
		fault: `
r3: sysctl -qw net.ipv4.conf.left.rp_filter=1
r3: ip route add prohibit 10.1.0.2`,
		want: expected{cause.RPFilter, "r3", request}, fix: []string{"r3: ip route del prohibit 10.1.0.2"}},
	{name: "a wider route rejects the source, for rp_filter", from: "a", to: "10.2.0.2",
		fault: `
r3: sysctl -qw net.ipv4.conf.left.rp_filter=1
r3: ip route add prohibit 10.1.0.0/28`,
		want: expected{cause.RPFilter, "r3", request}, fix: []string{"r3: ip route add 10.1.0.2 via 10.23.0.2 dev left"}},
	{name: "no way back for rp_filter", from: "a", to: "10.2.0.2",
		fault: `
r3: sysctl -qw net.ipv4.conf.left.rp_filter=1
r3: ip route del 10.1.0.0/24`,
		want: expected{cause.RPFilter, "r3", request}, fix: []string{"r3: ip route add 10.1.0.2 via 10.23.0.2 dev left"}},
	{name: "a rule rejects what no route is for, either", from: "a", to: "10.1.0.2",
		fault: `
a: ip rule add to 10.1.0.2 pref 100 blackhole
a: ip addr del 10.1.0.2/24 dev eth0`,
		want: expected{cause.RouteBlackhole, "a", request}, noFix: true},
	{name: "a rule rejects what no route of ours is for, in transit", from: "a", to: "10.2.0.2",
		fault: `
r3: ip rule add to 10.2.0.2 pref 100 blackhole
r3: ip route del 10.2.0.0/24`,
		want: expected{cause.RouteBlackhole, "r3", request},
		fix:  []string{"r3: ip rule add to 10.2.0.2 lookup main pref 99", "r3: ip route add 10.2.0.2 via 10.34.0.4 dev right"}},
	{name: "a rule and a route reject", from: "a", to: "10.2.0.2",
		fault: `
a: ip rule add to 10.2.0.2 pref 100 prohibit
a: ip route add unreachable 10.2.0.2`,
		want: expected{cause.RouteProhibit, "a", request}, next: []cause.Code{cause.RouteUnreachable},
		fix: []string{"a: ip rule add to 10.2.0.2 lookup main pref 99", "a: ip route del unreachable 10.2.0.2"}},
	{name: "a rule and a wider route reject in transit", from: "a", to: "10.2.0.2",
		fault: `
r2: ip rule add to 10.2.0.0/24 pref 100 blackhole
r2: ip route add prohibit 10.2.0.0/28`,
		want: expected{cause.RouteBlackhole, "r2", request}, next: []cause.Code{cause.RouteProhibit},
		fix: []string{"r2: ip rule add to 10.2.0.2 lookup main pref 99", "r2: ip route add 10.2.0.2 via 10.23.0.3 dev right"}},
	{name: "a route and a wider one reject in transit", from: "a", to: "10.2.0.2",
		fault: `
r3: ip route add prohibit 10.2.0.2
r3: ip route add blackhole 10.2.0.0/28`,
		want: expected{cause.RouteProhibit, "r3", request}, next: []cause.Code{cause.RouteBlackhole},
		fix: []string{"r3: ip route del prohibit 10.2.0.2", "r3: ip route add 10.2.0.2 via 10.34.0.4 dev right"}},
	{name: "a rule and a route reject the reply", from: "a", to: "10.2.0.2",
		fault: `
b: ip rule add to 10.1.0.2 pref 100 blackhole
b: ip route add blackhole 10.1.0.2`,
		want: expected{cause.RouteBlackhole, "b", reply}, next: []cause.Code{cause.RouteBlackhole}},
	{name: "rule by mark", from: "a", to: "10.2.0.2",
		fault: `
r2: iptables -t mangle -A PREROUTING -i left -p icmp -j MARK --set-mark 7
r2: ip route add unreachable default table 100
r2: ip rule add fwmark 7 table 100`,
		want: expected{cause.RouteUnreachable, "r2", request}},
	{name: "no rule for the packet", from: "a", to: "10.2.0.2",
		fault: `
r2: ip rule add from 10.2.0.0/24 table main
r2: ip rule del pref 32766`,
		want: expected{cause.NoRoute, "r2", request}, noFix: true},
	{name: "rule to a table that misses", from: "a", to: "10.2.0.2",
		fault: `r2: ip rule add from 10.1.0.2 table 100`},
	{name: "rule for somebody else", from: "a", to: "10.2.0.2",
		fault: `
r2: ip rule add from 10.1.0.3 blackhole
r2: ip rule add fwmark 7 prohibit
r2: ip rule add iif right to 10.2.0.0/24 unreachable`},

	// Forwarding.
	{name: "forwarding off on the device", from: "a", to: "10.2.0.2",
		fault: `r2: sysctl -qw net.ipv4.conf.left.forwarding=0`,
		want:  expected{cause.ForwardingOff, "r2", request}},
	{name: "forwarding off on the device of the reply", from: "a", to: "10.2.0.2",
		fault: `r2: sysctl -qw net.ipv4.conf.right.forwarding=0`,
		want:  expected{cause.ForwardingOff, "r2", reply}},
	{name: "forwarding off", from: "a", to: "10.2.0.2",
		fault: `r3: sysctl -qw net.ipv4.ip_forward=0`,
		want:  expected{cause.ForwardingOff, "r3", request}, fix: []string{"r3: sysctl -w net.ipv4.ip_forward=1"}},

	// The ends.
	{name: "echo ignored", from: "a", to: "10.2.0.2",
		fault: `b: sysctl -qw net.ipv4.icmp_echo_ignore_all=1`,
		want:  expected{cause.EchoIgnored, "b", request}},
	{name: "echo ignored by a router", from: "a", to: "10.34.0.4",
		fault: `r4: sysctl -qw net.ipv4.icmp_echo_ignore_all=1`,
		want:  expected{cause.EchoIgnored, "r4", request}},
	{name: "destination absent behind routers", from: "a", to: "10.2.0.77",
		want: expected{cause.DestinationAbsent, "r4", request}, noFix: true},
	{name: "destination absent next door", from: "a", to: "10.1.0.77",
		want: expected{cause.DestinationAbsent, "a", request}, noFix: true},
	{name: "lo down, own address", from: "a", to: "10.1.0.2",
		fault: `a: ip link set lo down`,
		want:  expected{device.LoopbackDown, "a", request}},
	{name: "lo down, 127.0.0.1", from: "a", to: "127.0.0.1",
		fault: `a: ip link set lo down`,
		want:  expected{device.LoopbackDown, "a", request}},
	{name: "lo has lost its address, and there is a default route", from: "a", to: "127.0.0.1",
		fault: `a: ip addr del 127.0.0.1/8 dev lo`,
		want:  expected{cause.NoAddress, "a", request}, fix: []string{"a: ip addr add 127.0.0.1/8 dev lo"}},
	{name: "lo has lost its address, and nothing leads anywhere else", from: "a", to: "127.0.0.1",
		fault: `
a: ip addr del 127.0.0.1/8 dev lo
a: ip route del default`,
		want: expected{cause.NoAddress, "a", request}, fix: []string{"a: ip addr add 127.0.0.1/8 dev lo"}},
	{name: "lo down, another's address", from: "a", to: "10.2.0.2",
		fault: `
a: ip link set lo down
b: ip link set lo down`},

	// Several at once.
	{name: "filtered, and no way back", from: "a", to: "10.2.0.2",
		fault: `
r2: iptables -A FORWARD -s 10.1.0.2 -j DROP
b: ip route del default`,
		want: expected{cause.Filtered, "r2", request}, next: []cause.Code{cause.NoReturnRoute}},
	{name: "forwarding off, blackhole, echo ignored", from: "a", to: "10.2.0.2",
		fault: `
r1: sysctl -qw net.ipv4.conf.left.forwarding=0
r3: ip route add blackhole 10.2.0.2
b: sysctl -qw net.ipv4.icmp_echo_ignore_all=1`,
		want: expected{cause.ForwardingOff, "r1", request}, next: []cause.Code{cause.RouteBlackhole, cause.EchoIgnored}},
	{name: "no route, prohibit, filtered reply", from: "a", to: "10.2.0.2",
		fault: `
a: ip route del default
r4: ip route add prohibit 10.2.0.2
r1: iptables -A FORWARD -p icmp --icmp-type echo-reply -j DROP`,
		want: expected{cause.NoRoute, "a", request}, next: []cause.Code{cause.RouteProhibit, cause.Filtered}},
})

func TestBrokenRoutes(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, chain, routeBreakages)
}

// TestRoutesOfADeviceThatAreAllGone: what a plugin of a pod's network has made of them is not
// what the kernel makes of the address, and a next hop needs one of them.
func TestRoutesOfADeviceThatAreAllGone(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, []breakage{
		{name: "with that of its network", from: "pod-a", to: "192.168.6.160",
			fault: "host: ip addr add 10.244.1.1/32 dev veth-pod-a\npod-a: ip route flush dev eth0",
			want:  expected{cause.NoRoute, "pod-a", request}, fix: []string{"pod-a: ip route add default via 10.244.1.1 dev eth0 onlink"}},
		{name: "with its address", from: "pod-a", to: "192.168.6.160",
			fault: "host: ip addr add 10.244.1.1/32 dev veth-pod-a\npod-a: ip addr flush dev eth0",
			want:  expected{cause.NoAddress, "pod-a", request},
			fix:   []string{"pod-a: ip addr add 10.244.1.10/32 dev eth0", "pod-a: ip route add default via 10.244.1.1 dev eth0 onlink"}},
	})
}

// TestTheAddressOfAGatewayIsNoNetwork where each pod has a wire of its own.
func TestTheAddressOfAGatewayIsNoNetwork(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, []breakage{
		{name: "of a pod's own wire", from: "pod-a", to: "192.168.6.160",
			fault: `
pod-a: ip route replace default via 10.244.1.1
host: sysctl -qw net.ipv4.conf.veth-pod-a.proxy_arp=0`,
			want: expected{cause.NeighbourUnanswered, "pod-a", request}, fix: []string{"host: ip addr add 10.244.1.1/32 dev veth-pod-a"}},
	})
}

var rpFilterBreakages = among([]breakage{
	{name: "a router of the way back keeps silent", from: "a", to: "10.2.0.2",
		fault: `r2: sysctl -qw net.ipv4.conf.right.arp_ignore=8`,
		want:  expected{cause.NeighbourUnanswered, "r3", reply}, fix: []string{"r2: sysctl -w net.ipv4.conf.right.arp_ignore=0"}},
	{name: "strict", from: "a", to: "10.2.0.2",
		fault: `r3: sysctl -qw net.ipv4.conf.short.rp_filter=1`,
		want:  expected{cause.RPFilter, "r3", request}},
	{name: "strict by all", from: "a", to: "10.2.0.2",
		fault: `r3: sysctl -qw net.ipv4.conf.all.rp_filter=1`,
		want:  expected{cause.RPFilter, "r3", request}},
	{name: "strict, and the mark that has the way back does not count", from: "a", to: "10.2.0.2",
		fault: `
r3: sysctl -qw net.ipv4.conf.short.rp_filter=1
r3: iptables -t mangle -A PREROUTING -i short -j MARK --set-mark 9
r3: ip rule add fwmark 9 lookup 9
r3: ip route add 10.1.0.0/24 via 10.13.0.1 dev short table 9`,
		want: expected{cause.RPFilter, "r3", request}, fix: []string{"r3: sysctl -w net.ipv4.conf.short.src_valid_mark=1"}},
	{name: "strict for the reply", from: "a", to: "10.2.0.2",
		fault: `r1: sysctl -qw net.ipv4.conf.right.rp_filter=1`,
		want:  expected{cause.RPFilter, "r1", reply}},
	{name: "loose", from: "a", to: "10.2.0.2",
		fault: `r3: sysctl -qw net.ipv4.conf.short.rp_filter=2`},
	{name: "loose on the device, strict by all", from: "a", to: "10.2.0.2",
		fault: `r3: sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.short.rp_filter=2`},
	{name: "loose without a route", from: "a", to: "10.2.0.2",
		fault: `
r3: sysctl -qw net.ipv4.conf.short.rp_filter=2
r3: ip route del 10.1.0.0/24`,
		want: expected{cause.RPFilter, "r3", request}},
})

func TestReversePaths(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, shortcut, rpFilterBreakages)
}

var martianBreakages = among([]breakage{
	{name: "source of the router itself", from: "a", to: "10.2.0.2",
		fault: `r3: ip addr add 10.1.0.2/32 dev lo`,
		want:  expected{cause.MartianSource, "r3", request}, or: []expected{{cause.DuplicateAddress, "r3", request}}},
	{name: "source of the destination itself", from: "a", to: "10.2.0.2",
		fault: `b: ip addr add 10.1.0.2/32 dev lo`,
		want:  expected{cause.MartianSource, "b", request}, or: []expected{{cause.DuplicateAddress, "b", request}}},
})

func TestMartians(t *testing.T) { explainBreakages(t, chain, martianBreakages) }

// TestAnotherNetworkSaysNothing: rules of a network that no wire leads to are about
// addresses of its own.
func TestAnotherNetworkSaysNothing(t *testing.T) {
	labtest.Slow(t)
	const rule = "r2: iptables -t nat -A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.2.0.99"
	needTools(t, rule)
	stranger := chain.build(t)
	stranger.run(rule)
	for _, c := range routeBreakages {
		if c.name == "loop" {
			c.try(chain.build(t))
		}
	}
}
