package verify

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"

	"golang.org/x/sys/unix"
)

// routed6 is routed with IPv6: each address is there at once, and nobody waits for
// who else may have it.
const routed6 = `
pod: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
host: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
inet: sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
pod: ip link set lo up
pod: ip link add eth0 type veth peer name veth-pod netns host
pod: ip addr add fd00:244:1::10/64 dev eth0
pod: ip link set eth0 up
host: ip link set lo up
host: ip link set veth-pod up
host: ip addr add fd00:244:1::1/64 dev veth-pod
host: ip link add eth0 type veth peer name up0 netns inet
host: ip addr add fd00:6::160/64 dev eth0
host: ip link set eth0 up
host: ip route add default via fd00:6::1
host: sysctl -qw net.ipv6.conf.all.forwarding=1
inet: ip link set lo up
inet: ip addr add fd00:6::1/64 dev up0
inet: ip addr add fd00:203::10/128 dev lo
inet: ip link set up0 up
inet: ip route add fd00:244:1::/64 via fd00:6::160
pod: ip route add default via fd00:244:1::1
pod: until ! ip -6 addr | grep -q tentative; do sleep 0.01; done
host: until ! ip -6 addr | grep -q tentative; do sleep 0.01; done
inet: until ! ip -6 addr | grep -q tentative; do sleep 0.01; done
`

const far6 = "fd00:203::10"

// A neighbour that is known now has to be asked for again in a while: a rule that stops that is
// no part of the fix that can be left out.
func TestAFixDoesNotRelyOnWhatNeighboursWillForget(t *testing.T) {
	n := build(t, routed6, "pod", "host", "inet")
	n.answered("pod", far6)
	n.run("inet: ip6tables -A INPUT -p icmpv6 -j DROP")
	n.run("pod: ip route add prohibit fd00:203::/64")
	v, a := n.try("pod", far6, nil)
	if v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.run("host: ip -6 neigh flush dev eth0\ninet: ip -6 neigh flush dev up0")
	n.answered("pod", far6)
}

// An address that the kernel is still trying has no local route yet: where nobody has it, it
// has one in a moment, and so it has one in the copy.
func TestAnAddressThatIsBeingTriedIsThereInTheCopy(t *testing.T) {
	n := build(t, routed6, "pod", "host", "inet")
	n.run("host: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=60" + `
		host: ip -6 addr flush dev eth0 scope link
		host: ip addr add fe80::77/64 dev eth0
		host: sysctl -qw net.ipv6.conf.all.forwarding=0`)
	if v, a := n.try("pod", far6, nil); v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v", a.Cause.Code, a.Fix, v)
	}
}

func TestFixesOfIPv6AreVerified(t *testing.T) {
	labtest.Slow(t)
	t.Parallel()
	for _, c := range []struct{ name, fault, from, to string }{
		{"a missing route", "pod: ip -6 route del default", "pod", far6},
		{"no forwarding", "host: sysctl -qw net.ipv6.conf.all.forwarding=0", "pod", far6},
		{"no way back", "inet: ip -6 route del fd00:244:1::/64", "pod", far6},
		{"two faults", "pod: ip -6 route del default\nhost: sysctl -qw net.ipv6.conf.all.forwarding=0", "pod", far6},
		{"a blackhole", "host: ip route add blackhole fd00:203::/64", "pod", far6},
		{"a firewall", "host: ip6tables -A FORWARD -p icmpv6 -s fd00:244:1::10 -d fd00:203::10 -j DROP", "pod", far6},
		// The kernel takes the blackhole where it knows that the narrower route's gateway does
		// not answer (rt6_score_route()), as it would after a packet between the commands.
		{"a blackhole behind a route whose gateway is not answered", `
			pod: ip route add blackhole fd00:203::/64
			host: ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP`, "pod", far6},
		{"a table of nft", `host: nft 'add table ip6 wall; add chain ip6 wall pass { type filter hook forward priority 0; policy drop; }'`, "pod", far6},
		{"a policy rule", "host: ip -6 rule add from fd00:244:1::/64 prohibit pref 9", "pod", far6},
		{"a proxy that may not answer", `
			pod: ip addr add fd00:6::10/128 dev eth0
			host: ip route add fd00:6::10/128 dev veth-pod
			host: ip neigh add proxy fd00:6::10 dev eth0`, "inet", "fd00:6::10"},
		{"a neighbour that is wrong", "host: ip neigh replace fd00:244:1::10 lladdr 02:00:00:00:00:99 dev veth-pod nud permanent", "pod", far6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := beside(t, routed6, "pod", "host", "inet")
			n.run(c.fault)
			v, a := n.try(c.from, c.to, nil)
			if v == nil || !v.Passed || v.Before != SameCause || v.After != Delivered || !v.Minimal {
				t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
			}
			for _, text := range v.NotCopied {
				if strings.Contains(text.In("en"), "IPv6") {
					t.Errorf("it is said not to be copied: %s", text)
				}
			}
			n.apply(v.Fix)
			n.answered(c.from, c.to)
		})
	}
}

func TestFixesOfConnectionsAndDatagramsOverIPv6AreVerified(t *testing.T) {
	labtest.Slow(t)
	t.Parallel()
	to := netip.MustParseAddrPort("[" + far6 + "]:8080")
	for _, c := range []struct {
		name, fault string
		proto       byte
	}{
		{"no route", "pod: ip -6 route del default", unix.IPPROTO_TCP},
		{"no forwarding, for a datagram", "host: sysctl -qw net.ipv6.conf.all.forwarding=0", unix.IPPROTO_UDP},
		{"a firewall that names the port", "host: ip6tables -A FORWARD -p tcp --dport 8080 -j DROP", unix.IPPROTO_TCP},
		{"a firewall that refuses", "inet: ip6tables -A INPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset", unix.IPPROTO_TCP},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := beside(t, routed6, "pod", "host", "inet")
			n.listens("inet", to.String())
			n.run(c.fault)
			v, a := n.tryFlow("pod", to, c.proto)
			if v == nil || !v.Passed || v.After != Delivered {
				t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
			}
			n.apply(v.Fix)
			n.opens("pod", to, c.proto)
		})
	}
}

// The far side of a wire is found, answers pings, lets connections in, and sends
// datagrams back.
func TestTheFarSideOfAWireSpeaksIPv6(t *testing.T) {
	labtest.Slow(t)
	for name, proto := range map[string]byte{"a ping": 0, "a connection": unix.IPPROTO_TCP, "a datagram": unix.IPPROTO_UDP} {
		t.Run(name, func(t *testing.T) {
			n := build(t, routed6, "pod", "host", "inet")
			n.run("host: ip6tables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\nhost: sysctl -qw net.ipv6.conf.all.forwarding=0")
			n.answered("host", far6)
			n.hide("inet")
			port := uint16(0)
			if proto != 0 {
				port = 8080
			}
			v, a := n.tryFlow("pod", netip.AddrPortFrom(netip.MustParseAddr(far6), port), proto)
			if v == nil || !v.Passed || slices.Contains(v.Copied, "inet") {
				t.Errorf("%+v, %v", v, a.Fix)
			}
		})
	}
}

// An address that somebody else turned out to have fails in the copy as well: the kernel
// there asks, and is told so.
func TestAnAddressThatWasSomebodysIsMended(t *testing.T) {
	labtest.Slow(t)
	n := build(t, routed6, "pod", "host", "inet")
	n.run(`
		host: ip addr add fd00:244:1::77/128 dev veth-pod nodad
		pod: sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
		pod: ip addr add fd00:244:1::77/64 dev eth0
		pod: sh -c 'for i in $(seq 50); do ip addr show dadfailed dev eth0 | grep -q dadfailed && exit 0; sleep 0.1; done; exit 1'
		host: ip addr del fd00:244:1::77/128 dev veth-pod`)
	v, a := n.try("host", "fd00:244:1::77", nil)
	if a.Cause.Code != "duplicate-address" || v == nil || !v.Passed || v.Before != SameCause {
		t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.answered("host", "fd00:244:1::77")
}
