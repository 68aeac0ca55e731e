package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// Faults that are mended where somebody has made a mistake, and at once.
var mistakes = among([]breakage{
	{name: "a gateway that nobody has", from: "pod-a", to: "192.168.6.160",
		fault: `pod-a: ip route replace default via 10.244.1.99`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request},
		fix:   []string{"pod-a: ip route replace default via 10.244.1.1 dev eth0"}},
	{name: "the same, of a route with a metric, for the reply", from: "host", to: "10.244.1.10",
		fault: `
pod-a: ip addr del 10.244.1.10/24 dev eth0
pod-a: ip addr add 10.244.1.10/32 dev eth0
pod-a: ip route add 10.244.1.0/28 dev eth0
host: ip addr add 10.244.1.200/24 dev cni0
host: ip route replace 10.244.1.0/24 dev cni0 src 10.244.1.200
pod-a: ip route add default via 10.244.1.9 dev eth0 metric 50`,
		want: expected{cause.NeighbourUnanswered, "pod-a", reply}},
	{name: "the port of a destination whose address is known", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `host: ip link set veth-pod-b nomaster`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request},
		fix:   []string{"host: ip link set veth-pod-b master cni0"}},
	{name: "the device of the destination", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip link set eth0 down`,
		want:  expected{cause.NoCarrier, "pod-b", request},
		fix:   []string{"pod-b: ip link set eth0 up"}},
	{name: "one's own device", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "pod-a", request},
		fix:   []string{"pod-a: ip link set eth0 up"}},
	{name: "no address, for one who is not on the wire", from: "pod-a", to: "192.168.6.160",
		fault: `pod-a: ip addr flush dev eth0`,
		want:  expected{cause.NoAddress, "pod-a", request},
		fix:   []string{"pod-a: ip addr add 10.244.1.2/24 dev eth0", "pod-a: ip route add default via 10.244.1.1 dev eth0"}},
})

func TestMistakesAreMendedAtOnceWhereTheyWereMade(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, mistakes)
}

// Two routers that say they have the way, one of which has not.
var deadLegs = among([]breakage{
	{name: "one of two next hops has a blackhole", from: "pod-a", to: "192.168.11.10",
		fault: `
host3: ip route add blackhole 192.168.11.0/24
host3: sysctl -qw net.ipv4.ip_forward=1
host1: ip route replace 192.168.11.0/24 nexthop via 10.57.4.22 weight 250 nexthop via 10.57.4.21`,
		want: expected{cause.NoRoute, "host1", request},
		fix:  []string{"host1: ip route replace 192.168.11.0/24 via 10.57.4.21 dev eth0"}},
	{name: "one of two next hops has no route", from: "pod-a", to: "192.168.11.10",
		fault: `
host3: sysctl -qw net.ipv4.ip_forward=1
host1: ip route replace 192.168.11.0/24 nexthop via 10.57.4.22 weight 250 nexthop via 10.57.4.21`,
		want: expected{cause.NoRoute, "host1", request},
		fix:  []string{"host1: ip route replace 192.168.11.0/24 via 10.57.4.21 dev eth0"}},
})

func TestADeadNextHopIsTakenOutOfItsRoute(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, switched, deadLegs)
}

// stacked is a node one of whose pods is a macvlan on the uplink.
var stacked = bridged.with("a macvlan on the uplink", `
host: ip link add mv0 link eth0 type macvlan mode bridge
host: ip link set mv0 netns pod-b name net1
pod-b: ip addr add 192.168.6.100/24 dev net1
pod-b: ip link set net1 up
`, journey{"inet", "192.168.6.100"})

func TestAMacvlanCannotBeReachedFromWhatItStandsOn(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, stacked, []breakage{
		{name: "from the node", from: "host", to: "192.168.6.100",
			want: expected{"unknown", "host", request},
			fix: []string{
				"host: ip link add shim0 link eth0 type macvlan mode bridge", "host: ip link set shim0 up", "host: ip route add 192.168.6.100 dev shim0",
			}},
	})
}
