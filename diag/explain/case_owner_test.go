package explain_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		want:  expected{cause.LinkDown, "pod-b", request},
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

// Outside nobody has a route to the pods: that rp_filter notices it first changes nothing.
func TestRPFilterOutsideIsALackOfMasquerading(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, []breakage{
		{name: "loose", from: "pod-a", to: "203.0.113.10",
			fault: "inet: sysctl -qw net.ipv4.conf.all.rp_filter=2",
			want:  expected{cause.NotMasqueraded, "host", request}, fix: []string{"host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE"}},
	})
}

// What the packet is for is an address of lo, far away.
func TestARouterThatForwardsNothingIsNotTheDestination(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, []breakage{
		{name: "forwarding off, and the way out is down", from: "pod-a", to: "203.0.113.10",
			fault: `
pod-a: ip neigh replace 169.254.10.24 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent
host: sysctl -qw net.ipv4.conf.veth-pod-a.forwarding=0
host: ip link set eth0 down`,
			want: expected{cause.ForwardingOff, "host", request},
			fix:  []string{"host: sysctl -w net.ipv4.conf.veth-pod-a.forwarding=1", "host: ip link set eth0 up", "host: ip route add default via 192.168.6.1 dev eth0"}},
	})
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
	{name: "one of two next hops is a router that forwards nothing", from: "pod-a", to: "192.168.11.10",
		fault: `
host3: ip route add 192.168.11.0/24 via 10.57.4.21
host1: ip route replace 192.168.11.0/24 nexthop via 10.57.4.22 weight 250 nexthop via 10.57.4.21`,
		want: expected{cause.ForwardingOff, "host3", request}},
	{name: "both next hops lead to the same rule", from: "pod-a", to: "192.168.11.10",
		fault: `
host3: ip route add 192.168.11.0/24 via 10.57.4.21
host3: sysctl -qw net.ipv4.ip_forward=1
host2: ip rule add from 192.168.10.10 pref 100 prohibit
host1: ip route replace 192.168.11.0/24 nexthop via 10.57.4.22 weight 250 nexthop via 10.57.4.21`,
		want: expected{cause.RouteProhibit, "host2", request}},
	{name: "the other next hop is in no network of ours any more", from: "pod-a", to: "192.168.11.10",
		fault: `
host3: ip addr add 10.57.5.22/24 dev eth0
host3: ip route add blackhole 192.168.11.0/24
host3: sysctl -qw net.ipv4.ip_forward=1
host1: ip addr add 10.57.5.20/24 dev eth0
host1: ip route replace 192.168.11.0/24 nexthop via 10.57.5.22 dev eth0 weight 250 nexthop via 10.57.4.21 dev eth0
host1: ip addr del 10.57.4.20/24 dev eth0
host2: ip route replace 192.168.10.0/24 via 10.57.4.20 dev eth0 onlink
host2: ip neigh replace 10.57.4.20 lladdr 02:00:0a:39:04:14 dev eth0 nud permanent`,
		want: expected{cause.NoRoute, "host1", request},
		fix:  []string{"host1: ip route replace 192.168.11.0/24 via 10.57.4.21 dev eth0 onlink"}},
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

// twoNetworks is a pod of two networks, of which the second has a table of its own, for what is
// from its address: as sbr, the plugin of CNI, leaves it.
var twoNetworks = stacked.with("a table for the second network", `
pod-b: ip route add 192.168.6.0/24 dev net1 src 192.168.6.100 table 100
pod-b: ip route add default via 192.168.6.1 dev net1 table 100
pod-b: ip route del 192.168.6.0/24 dev net1
pod-b: ip rule add from 192.168.6.100 lookup 100
`)

// TestATableThatNoRuleHasAsked is asked again for the address that it is for.
func TestATableThatNoRuleHasAsked(t *testing.T) {
	labtest.Slow(t)
	gone := "pod-b: ip rule del from 192.168.6.100 lookup 100\n"
	explainBreakages(t, twoNetworks, []breakage{
		{name: "rp_filter drops who asks for it", from: "inet", to: "192.168.6.100", fault: gone + "pod-b: sysctl -qw net.ipv4.conf.net1.rp_filter=1",
			want: expected{cause.RPFilter, "pod-b", request}, fix: []string{"pod-b: ip rule add from 192.168.6.100 lookup 100 pref 32765"}},
		{name: "rp_filter drops what comes", from: "inet", to: "192.168.6.100", warm: true, fault: gone + "pod-b: sysctl -qw net.ipv4.conf.net1.rp_filter=1",
			want: expected{cause.RPFilter, "pod-b", request}, fix: []string{"pod-b: ip rule add from 192.168.6.100 lookup 100 pref 32765"}},
		{name: "the answer is dropped on the other way", from: "inet", to: "192.168.6.100", fault: gone + "host: iptables -A FORWARD -s 192.168.6.100 -j DROP",
			want: expected{cause.NoReturnRoute, "pod-b", reply}, or: []expected{{cause.Filtered, "host", reply}}, fix: []string{"pod-b: ip rule add from 192.168.6.100 lookup 100 pref 32765"}},
	})
}

// TestADeviceThatIsHeldDown has no carrier although it, and what it stands on, is up.
func TestADeviceThatIsHeldDown(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, stacked, []breakage{
		{name: "who answers", fault: "pod-b: ip link set net1 protodown on", from: "inet", to: "192.168.6.100",
			want: expected{cause.NoCarrier, "pod-b", request}, fix: []string{"pod-b: ip link set net1 protodown off"}},
		{name: "who asks", fault: "pod-b: ip route add 192.168.6.1 dev net1\npod-b: ip link set net1 protodown on", from: "pod-b", to: "192.168.6.1",
			want: expected{cause.NoCarrier, "pod-b", request}, fix: []string{"pod-b: ip link set net1 protodown off"}},
	})
}

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

// TestAnAddressThatTheNodeBelowHasIsNotFree: a macvlan does not hear the device that it
// stands on, whose address is one of its network all the same.
func TestAnAddressThatTheNodeBelowHasIsNotFree(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, stacked, []breakage{
		{name: "a next hop of the router's", from: "pod-b", to: "203.0.113.10",
			fault: `
inet: ip route add default via 192.168.6.160
pod-b: ip link del eth0
pod-b: ip addr flush dev net1`,
			want: expected{cause.NoAddress, "pod-b", request},
			fix:  []string{"pod-b: ip addr add 192.168.6.2/24 dev net1", "pod-b: ip route add default via 192.168.6.1 dev net1"}},
	})
}

// apart is a node two of whose pods are macvlans that the kernel keeps apart.
var apart = bridged.with("macvlans in mode private", `
host: ip link add mv0 link eth0 type macvlan mode private
host: ip link set mv0 netns pod-a name net1
host: ip link add mv0 link eth0 type macvlan mode bridge
host: ip link set mv0 netns pod-b name net1
pod-a: ip addr add 192.168.6.100/24 dev net1
pod-b: ip addr add 192.168.6.101/24 dev net1
pod-a: ip link set net1 up
pod-b: ip link set net1 up
`, journey{"pod-a", "192.168.6.1"}, journey{"pod-b", "192.168.6.1"})

func TestAnAddressOfAMacvlanThatRPFilterGuards(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, []breakage{
		{name: "a virtual router's", from: "inet", to: "192.168.6.100",
			fault: `
host: ip link add vrrp1 link eth0 address 00:00:5e:00:01:33 type macvlan mode bridge
host: ip addr add 192.168.6.100/32 dev vrrp1
host: ip link set vrrp1 up
host: sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.rp_filter=1 net.ipv4.conf.vrrp1.rp_filter=1`,
			want: expected{cause.RPFilter, "host", request}, fix: []string{"host: sysctl -w net.ipv4.conf.vrrp1.rp_filter=2"}},
	})
}

func TestAMacvlanThatTakesFromSomeAlone(t *testing.T) {
	labtest.Slow(t)
	const listed = `
inet: ip link set up0 address 02:00:00:00:66:01
host: ip link add mv0 link eth0 type macvlan mode source
host: ip link set mv0 type macvlan macaddr add 02:00:00:00:66:WHO
host: ip link set mv0 netns pod-a name net1
pod-a: ip addr add 192.168.6.100/24 dev net1
pod-a: ip link set net1 up`
	explainBreakages(t, bridged, []breakage{
		{name: "and the sender is one", from: "inet", to: "192.168.6.100", fault: strings.ReplaceAll(listed, "WHO", "01")},
		{name: "and the sender is none", from: "inet", to: "192.168.6.100", fault: strings.ReplaceAll(listed, "WHO", "02"),
			want: expected{cause.NeighbourUnanswered, "inet", request}, fix: []string{"pod-a: ip link set net1 type macvlan macaddr add 02:00:00:00:66:01"}},
	})
}

func TestMacvlansThatAreKeptApart(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, apart, []breakage{
		{name: "from the private one", from: "pod-a", to: "192.168.6.101",
			want: expected{cause.NeighbourUnanswered, "pod-a", request}, fix: []string{"pod-a: ip link set net1 type macvlan mode bridge"}},
		{name: "to the private one", from: "pod-b", to: "192.168.6.100",
			want: expected{cause.NeighbourUnanswered, "pod-b", request}, fix: []string{"pod-a: ip link set net1 type macvlan mode bridge"}},
	})
}

// docker is a node whose pods are on two networks that are kept apart as Docker 29
// does it; pod-d is on one of those that have no way out.
var docker = nodeBridges.with("networks of Docker", `
host: iptables -P FORWARD DROP
host: iptables -N DOCKER
host: iptables -N DOCKER-FORWARD
host: iptables -N DOCKER-INTERNAL
host: iptables -N DOCKER-USER
host: iptables -A FORWARD -j DOCKER-USER
host: iptables -A FORWARD -j DOCKER-FORWARD
host: iptables -A DOCKER-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A DOCKER-FORWARD -j DOCKER-INTERNAL
host: iptables -A DOCKER-INTERNAL ! -s 10.244.3.0/24 -o br3 -j DROP
host: iptables -A DOCKER-INTERNAL ! -d 10.244.3.0/24 -i br3 -j DROP
host: iptables -A DOCKER-FORWARD -o br1 -j DOCKER
host: iptables -A DOCKER-FORWARD -o br2 -j DOCKER
host: iptables -A DOCKER ! -i br1 -o br1 -j DROP
host: iptables -A DOCKER ! -i br2 -o br2 -j DROP
host: iptables -A DOCKER-FORWARD -i br1 -j ACCEPT
host: iptables -A DOCKER-FORWARD -i br2 -j ACCEPT
host: iptables -t raw -A PREROUTING -d 10.244.1.10 ! -i br1 -j DROP
host: iptables -t raw -A PREROUTING -d 10.244.2.10 ! -i br2 -j DROP
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 ! -o br1 -j MASQUERADE
inet: ip route add 10.244.0.0/16 via 192.168.6.160
`, journey{"pod-a", "203.0.113.10"})

// dockerNft is the same, by its backend for nf_tables.
var dockerNft = nodeBridges.with("networks of Docker, in nf_tables", `
host: nft 'table ip docker-bridges { chain filter-forward-in__br1 { ct state established,related accept; iifname "br1" drop comment "ICC"; drop comment "UNPUBLISHED PORT DROP"; }; chain filter-forward-in__br2 { ct state established,related accept; drop comment "UNPUBLISHED PORT DROP"; }; chain filter-forward-out__br3 { oifname != "br3" drop comment "INTERNAL NETWORK EGRESS"; }; chain filter-FORWARD { type filter hook forward priority filter; oifname vmap { "br1" : jump filter-forward-in__br1, "br2" : jump filter-forward-in__br2 }; iifname vmap { "br3" : jump filter-forward-out__br3 }; }; chain raw-PREROUTING { type filter hook prerouting priority raw; ip daddr 10.244.1.10 iifname != "br1" drop comment "DROP DIRECT ACCESS"; }; }'
`)

// nodeBridges is a node with three bridges, and somebody on each.
var nodeBridges = baseNetwork{"three bridges", nodeScript + bridgeOf("1", "a") + bridgeOf("2", "b") + bridgeOf("3", "d"), nil}

func bridgeOf(number, pod string) string {
	return strings.NewReplacer("N", number, "P", pod).Replace(`
host: ip link add brN type bridge
host: ip addr add 10.244.N.1/24 dev brN
host: ip link set brN up
host: ip link add veth-pod-P type veth peer name eth0 netns pod-P
host: ip link set veth-pod-P master brN up
pod-P: ip addr add 10.244.N.10/24 dev eth0
pod-P: ip link set eth0 up
pod-P: ip route add default via 10.244.N.1
`)
}

// noWayOut is a container of a network without a way out as it is: it has no default route.
var noWayOut = breakage{name: "no route out of such a network", from: "pod-d", to: "203.0.113.10", fault: "pod-d: ip route del default",
	want: expected{cause.NoRoute, "pod-d", request}, fix: []string{}, noFix: true}

func (c breakage) of(name, to string) breakage {
	c.name, c.to = name, to
	return c
}

// TestAnInternalNetworkOfPodmanIsNotOpened: its file says that it has no way out; one that
// says nothing of the kind, or of another bridge, is none.
func TestAnInternalNetworkOfPodmanIsNotOpened(t *testing.T) {
	labtest.Slow(t)
	says := func(bridge, internal string) {
		t.Helper()
		data := t.TempDir()
		t.Setenv("XDG_DATA_HOME", data)
		folder := filepath.Join(data, "containers/storage/networks")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		text := `{"name": "closed", "network_interface": "` + bridge + `", "subnets": [{"subnet": "10.244.3.0/24"}], "internal": ` + internal + `}`
		if err := os.WriteFile(filepath.Join(folder, "closed.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	says("br3", "true")
	unforwarding := breakage{name: "its bridge forwards nothing", from: "pod-d", to: "203.0.113.10", fault: "host: sysctl -qw net.ipv4.conf.br3.forwarding=0",
		want: expected{cause.ForwardingOff, "host", request}, fix: []string{}, noFix: true}
	back := breakage{name: "and no route back", from: "pod-a", to: "10.244.3.10", fault: "pod-d: ip route del default",
		want: expected{cause.NoReturnRoute, "pod-d", reply}, fix: []string{}, noFix: true}
	explainBreakages(t, nodeBridges, []breakage{noWayOut, unforwarding, back})
	says("br2", "true")
	open := noWayOut.of("a bridge of no such network", "192.168.6.160")
	open.fix, open.noFix = nil, false
	explainBreakages(t, nodeBridges, []breakage{open})
	says("br3", "false")
	open.name = "a network with a way out"
	explainBreakages(t, nodeBridges, []breakage{open})
}

// TestWhatIsMeantToBeApartIsNotOpened: neither network to the other, nor one without
// a way out; what comes from elsewhere is another matter.
func TestWhatIsMeantToBeApartIsNotOpened(t *testing.T) {
	labtest.Slow(t)
	apart := func(name, from, to string) breakage {
		return breakage{name: name, from: from, to: to, want: expected{cause.Filtered, "host", request}, fix: []string{}, noFix: true}
	}
	explainBreakages(t, docker, []breakage{
		apart("one network to another", "pod-a", "10.244.2.10"), apart("out of a network without a way out", "pod-d", "203.0.113.10"),
		noWayOut, noWayOut.of("to the node", "192.168.6.160"),
		{name: "from outside", from: "inet", to: "10.244.1.10", want: expected{cause.Filtered, "host", request}},
		{name: "a chain that nothing comes to", from: "pod-a", to: "203.0.113.10", fault: `host: iptables -F FORWARD`, want: expected{cause.Filtered, "host", request},
			fix: []string{
				"host: iptables-nft -t filter -I FORWARD -s 10.244.1.0/24 -d 203.0.113.10 -p icmp --icmp-type echo-request -j ACCEPT",
				"host: iptables-nft -t filter -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
			}},
	})
	explainBreakages(t, dockerNft, []breakage{
		apart("nft: one network to another", "pod-a", "10.244.2.10"), apart("nft: and back", "pod-b", "10.244.1.10"),
		apart("nft: out of a network without a way out", "pod-d", "203.0.113.10"), noWayOut,
	})
}

// Faults around a bridge's own address, and of routes that name the wrong one.
var gateways = among([]breakage{
	{name: "a gateway that is no router", from: "pod-a", to: "192.168.6.160",
		fault: `pod-a: ip route replace default via 10.244.1.12`,
		want:  expected{cause.ForwardingOff, "pod-a", request},
		fix:   []string{"pod-a: ip route replace default via 10.244.1.1 dev eth0"}},
	{name: "the bridge has no address, which is known still", from: "pod-a", to: "192.168.6.160", warm: true,
		fault: `
host: ip addr flush dev cni0
host: iptables -P FORWARD DROP`,
		want: expected{cause.NoAddress, "host", reply}, or: []expected{{cause.NeighbourUnanswered, "pod-a", request}},
		fix: []string{"host: ip addr add 10.244.1.1/24 dev cni0"}},
	{name: "a gateway that nobody has, before another one", from: "host", to: "203.0.113.10",
		fault: `
host: ip link add up1 type veth peer name far1 netns pod-c
pod-c: ip link set far1 up
host: ip addr add 192.168.9.2/24 dev up1
host: ip link set up1 up
host: ip route del default
host: ip route add default via 192.168.6.1 metric 100
host: ip route add default via 192.168.9.1 metric 50`,
		want: expected{cause.NeighbourUnanswered, "host", request}, fix: []string{"host: ip route del default via 192.168.9.1 dev up1 metric 50"}},
	{name: "nobody has the address any more, which is known still", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `host: ip link del veth-pod-b`,
		want:  expected{cause.DestinationAbsent, "pod-a", request}, fix: []string{}, noFix: true},
	{name: "port of another bridge, for those who know each other", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `
host: ip link add br9 type bridge
host: ip link set br9 up
host: ip link set veth-pod-b master br9`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request},
		fix:  []string{"host: ip link set veth-pod-b master cni0"}},
	{name: "a route shadows the pods, and the filter stops what goes there", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -o cni0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -i cni0 -j ACCEPT
host: ip route add 10.244.1.0/28 via 192.168.6.1`,
		want: expected{cause.NoReturnRoute, "host", reply},
		fix:  []string{"host: ip route del 10.244.1.0/28 via 192.168.6.1 dev eth0"}},
	{name: "a route shadows the pods, and rp_filter drops what comes from there", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE
host: sysctl -qw net.ipv4.conf.cni0.rp_filter=1
host: ip route add 10.244.1.0/28 via 192.168.6.1`,
		want: expected{cause.RPFilter, "host", request},
		fix:  []string{"host: ip route del 10.244.1.0/28 via 192.168.6.1 dev eth0"}},
	{name: "a route to another bridge shadows the pods, from the node", from: "host", to: "10.244.1.11",
		fault: `
host: ip link add br9 type bridge
host: ip link set br9 up
host: ip route add 10.244.1.0/28 dev br9`,
		want: expected{cause.NeighbourUnanswered, "host", request},
		fix:  []string{"host: ip route del 10.244.1.0/28 dev br9 scope link"}},
	{name: "the same, for what is to come back", from: "pod-a", to: "192.168.6.1", warm: true,
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE
host: ip link add br9 type bridge
host: ip link add veth9 type veth peer name eth9 netns pod-c
host: ip link set veth9 master br9 up
pod-c: ip link set eth9 up
host: ip link set br9 up
host: ip route add 10.244.1.0/28 dev br9`,
		want: expected{cause.NoReturnRoute, "host", reply},
		fix:  []string{"host: ip route del 10.244.1.0/28 dev br9 scope link"}},
	{name: "the node's uplink is down", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE
host: ip link set eth0 down`,
		want: expected{cause.LinkDown, "host", request},
		fix:  []string{"host: ip link set eth0 up", "host: ip route add default via 192.168.6.1 dev eth0"}},
	{name: "the node has no default route", from: "pod-a", to: "203.0.113.10",
		fault: `
host: ip route del default
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE`,
		want: expected{cause.NoRoute, "host", request},
		fix:  []string{"host: ip route add default via 192.168.6.1 dev eth0"}},
})

// bySource is what is from a pod's own address, as a plugin for several networks routes it.
const bySource = "pod-a: ip rule add from 10.244.1.10 lookup 100\n"

// besideAll is a gateway that has the address, and is no router, where who is asked for is on
// the wire himself.
var besideAll = []breakage{
	{name: "a gateway that is no router, to who is on the wire himself", from: "pod-a", to: "10.244.1.11", fault: "pod-a: ip route del 10.244.1.0/24 dev eth0\npod-a: ip route replace default via 10.244.1.12 dev eth0 onlink",
		want: expected{cause.ForwardingOff, "pod-a", request}, fix: []string{"pod-a: ip route add 10.244.1.0/24 dev eth0"}},
}

// ofAll are pods that nobody outside can hear without their default route.
var ofAll = []breakage{
	{name: "a pod without a default route, asked from the LAN", from: "inet", to: "10.244.1.10", fault: "inet: ip route add 10.244.1.0/24 via 192.168.6.160\npod-a: ip route del default",
		want: expected{cause.NoReturnRoute, "pod-a", reply}, fix: []string{"pod-a: ip route add default via 10.244.1.1 dev eth0"}},
}

// tabled are gateways of a table of their own.
var tabled = []breakage{
	{name: "who asks is on the wire itself", from: "pod-b", to: "10.244.1.10", fault: bySource + "pod-a: ip route add default via 10.244.1.77 dev eth0 onlink table 100",
		want: expected{cause.NeighbourUnanswered, "pod-a", reply}, fix: []string{"pod-a: ip route add 10.244.1.0/24 dev eth0 table 100"}},
	{name: "beside the router is another pod with a way out", from: "pod-c", to: "192.168.6.160", fault: `
pod-c: ip route replace default via 10.244.1.77
pod-a: ip link add w0 type veth peer name w1 netns pod-b
pod-a: ip link set w0 up
pod-b: ip link set w1 up
pod-a: ip addr add 10.99.0.1/24 dev w0
pod-a: ip route add 192.168.6.0/24 via 10.99.0.2`,
		want: expected{cause.NeighbourUnanswered, "pod-c", request}, fix: []string{"pod-c: ip route replace default via 10.244.1.1 dev eth0"}},
}

func TestGatewaysAreMendedWhereTheyAreWrong(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, slices.Concat(gateways, tabled, besideAll, ofAll))
}
