package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/internal/lab/labtest"
)

// ownRange is the bridged node whose pods have addresses of IPv6 of their own range, which
// the node masquerades: the world knows those of its uplink alone.
var ownRange = bridged.with("bridged, with a range of its own of IPv6", with6(bridgedDevices)+`
host: ip addr add fd00:244:1::1/64 dev cni0
host: ip addr add 2001:db8:6::160/64 dev eth0
host: ip route add default via 2001:db8:6::1
host: sysctl -qw net.ipv6.conf.all.forwarding=1
inet: ip addr add 2001:db8:6::1/64 dev up0
inet: ip addr add 2001:db8:203::10/128 dev lo
pod-a: ip addr add fd00:244:1::10/64 dev eth0
pod-a: ip route add default via fd00:244:1::1
pod-b: ip addr add fd00:244:1::11/64 dev eth0
pod-b: ip route add default via fd00:244:1::1
host: ip6tables -t nat -A POSTROUTING -s fd00:244:1::/64 ! -d fd00:244:1::/64 -o eth0 -j MASQUERADE
`, journey{"pod-a", "fd00:244:1::11"}, journey{"pod-a", world6}, journey{"pod-b", world6}, journey{"host", world6})

// world6 is an address out there.
const world6 = "2001:db8:203::10"

// Faults of the source that a packet of IPv6 has on its way.
var sourceBreakages = among([]breakage{
	{name: "masqueraded", from: "pod-a", to: world6},
	{name: "nothing masquerades IPv6", from: "pod-a", to: world6, fault: "host: ip6tables -t nat -F POSTROUTING",
		want: expected{cause.NotMasqueraded, "host", reply}, fix: []string{"host: ip6tables -t nat -A POSTROUTING -s fd00:244:1::/64 -o eth0 -j MASQUERADE"}},
	{name: "the default route is for sources of another network", from: "pod-a", to: world6, fault: `
host: ip route del ::/0 via 2001:db8:6::1
host: ip route add ::/0 from fd00:244:2::/64 via 2001:db8:6::1 dev eth0`,
		want: expected{cause.NoRoute, "host", request}, noFix: true},
	{name: "… and what remains is unreachable", from: "pod-a", to: world6, fault: `
host: ip route del ::/0 via 2001:db8:6::1
host: ip route add ::/0 from fd00:244:2::/64 via 2001:db8:6::1 dev eth0
host: ip route add unreachable ::/0 metric 9999`,
		want: expected{cause.RouteUnreachable, "host", request}, noFix: true},
	{name: "the default route is for its source", from: "pod-a", to: world6, fault: `
host: ip route add ::/0 from fd00:244:1::/64 via 2001:db8:6::1 dev eth0 metric 20`},
	{name: "a rule masquerades IPv4 alone", from: "pod-a", to: world6, fault: `
host: ip6tables -t nat -F POSTROUTING
host: nft 'add table inet t; add chain inet t post { type nat hook postrouting priority 100; }; add rule inet t post meta nfproto ipv4 oifname eth0 masquerade'`,
		want: expected{cause.NotMasqueraded, "host", reply}, fix: []string{"host: ip6tables -t nat -A POSTROUTING -s fd00:244:1::/64 -o eth0 -j MASQUERADE"}},
	{name: "a route prohibits, and behind it the echo is dropped", from: "pod-a", to: world6, fault: `
pod-a: ip route add prohibit 2001:db8:203::/64
inet: ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j DROP`,
		want: expected{cause.RouteProhibit, "pod-a", request}, next: []cause.Code{cause.Filtered}},
	{name: "nft masquerades both", from: "pod-a", to: world6, fault: `
host: ip6tables -t nat -F POSTROUTING
host: nft 'add table inet t; add chain inet t post { type nat hook postrouting priority 100; }; add rule inet t post oifname eth0 masquerade'`},
	{name: "a policy rule turns away what the node sends itself", from: "pod-a", to: world6, fault: `
host: sh -c 'ip -6 rule add from fd00:244:1::10 to 2001:db8:203::10 lookup main pref 99'
host: sh -c 'ip -6 rule add to 2001:db8:203::10 pref 100 unreachable'`},
	{name: "a route names a source that is masqueraded", from: "host", to: world6, fault: "host: ip route replace default via 2001:db8:6::1 src fd00:244:1::1"},
	{name: "what masquerades does not mind the source of the route", from: "pod-a", to: world6, fault: `
host: ip addr add fd00:6::160/64 dev eth0 nodad preferred_lft 0
host: ip route replace default via 2001:db8:6::1 src fd00:6::160`},
	{name: "a rule gives a source of the wire that nobody has", from: "pod-a", to: world6, fault: `
host: ip6tables -t nat -F POSTROUTING
host: ip6tables -t nat -A POSTROUTING -s fd00:244:1::/64 -o eth0 -j SNAT --to-source 2001:db8:6::99`,
		want: expected{cause.NotMasqueraded, "host", reply}},
	{name: "the address that the world knows is deprecated", from: "host", to: world6, fault: uplinkULA + `
host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0`,
		want: expected{source.WrongSource, "host", reply}, fix: []string{"host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft forever"}},
	{name: "what masquerades takes another one than a deprecated one", from: "pod-a", to: world6, fault: uplinkULA + `
host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0`,
		want: expected{source.WrongSource, "host", reply}, fix: []string{"host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft forever"}},
	{name: "… even that of another device", from: "pod-a", to: world6, fault: "host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0 noprefixroute",
		want: expected{source.WrongSource, "host", reply}, or: []expected{{cause.NoRoute, "host", request}}},
	{name: "the route names a source of no use", from: "host", to: world6, fault: uplinkULA + `
host: ip route replace default via 2001:db8:6::1 src fd00:6::160`,
		want: expected{source.WrongSource, "host", reply}, fix: []string{"host: ip route replace default via 2001:db8:6::1 dev eth0 src 2001:db8:6::160 metric 1024 pref medium"}},
	{name: "one of two networks is routed back", from: "host", to: "2001:db8:203::10", fault: `
host: ip addr add 2001:db8:200::160/64 dev eth0 nodad`,
		want: expected{source.WrongSource, "host", reply}},
	{name: "a deprecated address is better than none", from: "host", to: world6, fault: `
host: ip6tables -t nat -F POSTROUTING
host: ip addr del fd00:244:1::1/64 dev cni0
host: ip addr change 2001:db8:6::160/64 dev eth0 preferred_lft 0`},
	{name: "the uplink has an address of a range of its own alone", from: "host", to: world6, fault: uplinkULA + `
host: ip addr del 2001:db8:6::160/64 dev eth0
host: ip route replace default via fe80::c0ff:fea8:601 dev eth0`,
		want: expected{cause.NoAddress, "host", reply}, fix: []string{"host: ip addr add 2001:db8:6::2/64 dev eth0"}},
	{name: "… and masquerades with it", from: "pod-a", to: world6, fault: uplinkULA + `
host: ip addr del 2001:db8:6::160/64 dev eth0
host: ip route replace default via fe80::c0ff:fea8:601 dev eth0`,
		want: expected{cause.NoAddress, "host", reply}, fix: []string{"host: ip addr add 2001:db8:6::2/64 dev eth0"}},
	{name: "the uplink has no address", from: "pod-a", to: world6, fault: `
host: ip addr del 2001:db8:6::160/64 dev eth0
host: ip route replace default via fe80::c0ff:fea8:601 dev eth0`,
		want: expected{cause.NoAddress, "host", reply}, fix: []string{"host: ip addr add 2001:db8:6::2/64 dev eth0"}},
	{name: "a range of one's own, known to both", from: "host", to: world6, fault: uplinkULA + `
host: ip addr del 2001:db8:6::160/64 dev eth0
inet: ip addr add fd00:6::1/64 dev up0 nodad
host: ip route replace default via fd00:6::1`},
	{name: "the address that the world knows is tentative", from: "host", to: world6, fault: uplinkULA + `
host: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=200 net.ipv6.neigh.eth0.retrans_time_ms=10000
host: ip addr del 2001:db8:6::160/64 dev eth0
host: ip addr add 2001:db8:6::160/64 dev eth0
host: ip route replace default via 2001:db8:6::1 dev eth0`,
		want: expected{cause.NeighbourUnanswered, "host", reply}, noFix: true},
	{name: "the address that the world knows was somebody's", from: "host", to: world6, fault: uplinkULA + `
inet: ip addr add 2001:db8:6::160/128 dev up0
host: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
host: ip addr del 2001:db8:6::160/64 dev eth0
host: ip addr add 2001:db8:6::160/64 dev eth0
host: ip route replace default via 2001:db8:6::1 dev eth0
host: sh -c 'for i in $(seq 50); do ip addr show dadfailed dev eth0 | grep -q dadfailed && exit 0; sleep 0.1; done; exit 1'
inet: ip addr del 2001:db8:6::160/128 dev up0`,
		want: expected{cause.DuplicateAddress, "host", reply}},
})

// uplinkULA gives the uplink an address of a range of one's own besides.
const uplinkULA = `
host: ip addr add fd00:6::160/64 dev eth0 nodad`

// TestExplainSources: of IPv6, beside a network of IPv4 that has nothing to do with it.
func TestExplainSources(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, ownRange, sourceBreakages)
}

// TestAnAddressIsFreeWhereAnotherNetworkHasIt: a machine may have several networks that use
// the same addresses.
func TestAnAddressIsFreeWhereAnotherNetworkHasIt(t *testing.T) {
	labtest.Slow(t)
	needTools(t, "host: ip6tables")
	other := ownRange.build(t)
	other.run("host: ip addr add 2001:db8:6::2/64 dev eth0 nodad")
	for _, c := range sourceBreakages {
		if c.name == "the uplink has no address" {
			c.try(ownRange.build(t))
		}
	}
}

// twoOnTheUplink has a second network on the wire outside, which the way leads through, and
// from which alone answers come.
var twoOnTheUplink = among([]breakage{
	{name: "masqueraded with the address next to the router", from: "pod-a", to: "203.0.113.10", fault: `
host: ip addr add 10.55.0.5/24 dev eth0
inet: ip addr add 10.55.0.1/24 dev up0
host: ip route replace default via 10.55.0.1
inet: ip route add blackhole 192.168.6.160/32`},
})

// TestMasqueradeTakesTheAddressNextToTheRouter: a device may have several.
func TestMasqueradeTakesTheAddressNextToTheRouter(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, twoOnTheUplink)
}
