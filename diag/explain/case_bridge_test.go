package explain_test

import (
	"slices"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// Faults of a bridge and its ports.
var bridgeBreakages = among([]breakage{
	{name: "the ARP of the bridge is off", from: "pod-a", to: "192.168.6.160",
		fault: `host: ip link set cni0 arp off`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "the port has the address", from: "host", to: "203.0.113.10",
		fault: `
host: ip link add br9 type bridge
host: ip link set eth0 master br9`,
		want: expected{cause.NeighbourUnanswered, "host", request},
		fix:  []string{"host: ip link set br9 up", "host: ip addr del 192.168.6.160/24 dev eth0", "host: ip addr add 192.168.6.160/24 dev br9", "host: ip route replace default via 192.168.6.1 dev br9"}},
	{name: "port of the destination missing", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip link set veth-pod-b nomaster`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "port missing, where a new one has to wait", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip link set cni0 type bridge stp_state 1 forward_delay 3000
host: ip link set veth-pod-b nomaster`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "port of the sender missing", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip link set veth-pod-a nomaster`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "port missing, from the node", from: "host", to: "10.244.1.11",
		fault: `host: ip link set veth-pod-b nomaster`,
		want:  expected{cause.NeighbourUnanswered, "host", request}},
	{name: "port of another bridge", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip link add br9 type bridge
host: ip link set br9 up
host: ip link set veth-pod-b master br9`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "port of another bridge with a cable to this one", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip link add br9 type bridge
host: ip link set br9 up
host: ip link set veth-pod-b master br9
host: ip link add patch0 type veth peer name patch9
host: ip link set patch0 master cni0 up
host: ip link set patch9 master br9 up`},
	{name: "isolated ports", from: "pod-a", to: "10.244.1.11",
		fault: `
host: bridge link set dev veth-pod-a isolated on
host: bridge link set dev veth-pod-b isolated on`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "one isolated port", from: "pod-a", to: "10.244.1.11",
		fault: `host: bridge link set dev veth-pod-b isolated on`},
	{name: "a port that is locked", from: "pod-a", to: "10.244.1.11",
		fault: `
host: bridge link set dev veth-pod-a learning off locked on
pod-a: ip link set eth0 address 02:00:00:00:00:0a`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "a port that is locked, and knows its host", from: "pod-a", to: "10.244.1.11",
		fault: `
host: bridge link set dev veth-pod-a learning off locked on
pod-a: ip link set eth0 address 02:00:00:00:00:0a
host: bridge fdb add 02:00:00:00:00:0a dev veth-pod-a master static`},
	{name: "port that does not forward", from: "pod-a", to: "10.244.1.11",
		fault: `host: bridge link set dev veth-pod-b state 0`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "STP listens", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip link set cni0 type bridge stp_state 1 forward_delay 3000
host: ip link set veth-pod-b down
host: ip link set veth-pod-b up`,
		want: expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "no broadcasts to the port", from: "pod-a", to: "10.244.1.11",
		fault: `host: bridge link set dev veth-pod-b bcast_flood off`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}},
	{name: "a rule of ebtables drops pings", from: "pod-a", to: "10.244.1.11",
		fault: `host: ebtables-nft -A FORWARD -p IPv4 --ip-proto icmp --ip-src 10.244.1.8/29 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "rules of ebtables drop others", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ebtables-nft -A FORWARD -p IPv4 --ip-proto tcp --ip-dport 80 -j DROP
host: ebtables-nft -A FORWARD -p IPv4 --ip-src ! 10.244.1.0/24 -j DROP
host: ebtables-nft -A FORWARD -p ARP --arp-opcode Request --arp-ip-dst 10.244.1.12 -j DROP`},
	{name: "a rule of ebtables drops the question", from: "pod-a", to: "10.244.1.11",
		fault: `host: ebtables-nft -A FORWARD -p ARP --arp-ip-dst 10.244.1.11 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "a rule of arptables drops the question", from: "pod-a", to: "10.244.1.1",
		fault: `host: arptables-nft -A INPUT -d 10.244.1.1 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "a rule of arptables drops that of others", from: "pod-a", to: "10.244.1.1",
		fault: `host: arptables-nft -A INPUT -d 10.244.1.2 -j DROP`},
	{name: "a bridge answers for another one, by a wrong entry", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `
host: bridge link set dev veth-pod-b neigh_suppress on
host: bridge fdb add 02:11:22:33:44:55 dev veth-pod-b master static
host: ip neigh replace 10.244.1.11 lladdr 02:11:22:33:44:55 dev cni0 nud permanent
pod-b: ip neigh flush dev eth0
pod-a: ip neigh flush dev eth0
pod-a: ping -c 1 -W 1 10.244.1.11 || true`,
		want: expected{cause.NeighbourWrongMAC, "host", request}},
	{name: "MAC pinned to another port", from: "pod-a", to: "10.244.1.11",
		fault: `host: bridge fdb replace 02:00:00:00:b0:02 dev veth-pod-c master static sticky`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}, or: []expected{{cause.NeighbourWrongMAC, "pod-a", request}}},
	{name: "bridge down, between its ports", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip link set cni0 down`,
		want:  expected{cause.LinkDown, "host", request}},
	{name: "bridge down, to the node", from: "pod-a", to: "10.244.1.1",
		fault: `host: ip link set cni0 down`,
		want:  expected{cause.LinkDown, "host", request}},
	{name: "port of the sender down", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip link set veth-pod-a down`,
		want:  expected{cause.LinkDown, "host", request}},
	{name: "port of the destination down", from: "pod-a", to: "10.244.1.11",
		fault: `host: ip link set veth-pod-b down`,
		want:  expected{cause.LinkDown, "host", request}},
	{name: "destination's device down", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "pod-b", request}},
	{name: "sender's device down", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip link set eth0 down`,
		want:  expected{cause.LinkDown, "pod-a", request}},
	{name: "no address", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip addr flush dev eth0`,
		want:  expected{cause.NoAddress, "pod-a", request}},
	{name: "no address at the destination", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip addr flush dev eth0`,
		want:  expected{cause.DestinationAbsent, "pod-a", request}, noFix: true},
	{name: "bridge without an address", from: "pod-a", to: "203.0.113.10",
		fault: `host: ip addr del 10.244.1.1/24 dev cni0`,
		want:  expected{cause.NeighbourUnanswered, "pod-a", request}, next: []cause.Code{cause.NotMasqueraded}},
	{name: "the gateway does not forward, and has no route to what nobody has", from: "pod-a", to: "198.51.100.7",
		fault: "host: ip route del default\nhost: sysctl -qw net.ipv4.ip_forward=0",
		want:  expected{cause.ForwardingOff, "host", request}, next: []cause.Code{cause.NoRoute}, noFix: true},
	{name: "a pod that nothing connects", from: "pod-a", to: "10.244.1.11", fault: `host: ip link del veth-pod-a`,
		want: expected{cause.NoAddress, "pod-a", request}, noFix: true},
	{name: "absent destination", from: "pod-a", to: "10.244.1.99",
		want: expected{cause.DestinationAbsent, "pod-a", request}, noFix: true},
	{name: "wrong MAC", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:99:99 dev eth0 nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "wrong MAC, where unknown ones are not flooded", from: "pod-a", to: "10.244.1.1",
		fault: `
host: bridge link set dev veth-pod-a flood off
host: ip neigh replace 10.244.1.10 lladdr 02:00:00:00:99:99 dev cni0 nud permanent`,
		want: expected{cause.NeighbourWrongMAC, "host", reply}},
	{name: "MAC of the port that the frame comes in by", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE
host: ip link set veth-pod-a address 02:00:00:00:a0:01
pod-a: ip neigh replace 10.244.1.1 lladdr 02:00:00:00:a0:01 dev eth0 nud permanent`},
	{name: "MAC of another port", from: "pod-a", to: "10.244.1.1",
		fault: `
host: ip link set veth-pod-b address 02:00:00:00:b0:01
pod-a: ip neigh replace 10.244.1.1 lladdr 02:00:00:00:b0:01 dev eth0 nud permanent`,
		want: expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "wrong MAC for the reply", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip neigh replace 10.244.1.10 lladdr 02:00:00:00:c0:02 dev eth0 nud permanent`,
		want:  expected{cause.NeighbourWrongMAC, "pod-b", reply}},
	{name: "address given to another pod", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `
pod-b: ip addr del 10.244.1.11/24 dev eth0
pod-c: ip addr add 10.244.1.11/24 dev eth0`,
		want: expected{cause.NeighbourWrongMAC, "pod-a", request}},
	{name: "bridge without an address, to the node", from: "pod-a", to: "10.244.1.1",
		fault: `host: ip addr del 10.244.1.1/24 dev cni0`,
		want:  expected{cause.DestinationAbsent, "pod-a", request}, noFix: true},
	{name: "forwarding off, to the outside", from: "pod-a", to: "203.0.113.10",
		fault: `host: sysctl -qw net.ipv4.conf.cni0.forwarding=0`,
		want:  expected{cause.ForwardingOff, "host", request}, next: []cause.Code{cause.NotMasqueraded}},

	{name: "two cards on one wire, each silent for a reason of its own", from: "pod-a", to: "10.244.1.77",
		fault: `host: ip link add vb1 type veth peer name eth1 netns pod-b
host: ip link set vb1 master cni0 up
pod-b: ip addr add 10.244.1.77/24 dev eth1
pod-b: sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth1.rp_filter=1
pod-b: ip link set eth1 up`,
		want: expected{cause.RPFilter, "pod-b", request}},

	// One address twice: the bridge brings the reply to the other pod.
	{name: "one address twice", from: "pod-b", to: "10.244.1.10", warm: true,
		fault: `
pod-c: ip addr add 10.244.1.11/24 dev eth0
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:c0:02 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "pod-c", reply}, or: []expected{{cause.DuplicateAddress, "pod-a", reply}, {cause.DuplicateAddress, "pod-b", reply}}},
	// The other one is alive, and refuses.
	{name: "one address twice, and the other one does not listen", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", warm: true, serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
pod-c: ip addr del 10.244.1.12/24 dev eth0
pod-c: ip addr add 10.244.1.11/24 dev eth0
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:c0:02 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "pod-c", request}},
	// A real server of LVS has its service's address on lo, and answers for it.
	{name: "one address twice, on lo of the other one", from: "pod-a", to: "10.244.1.50", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
pod-b: ip addr add 10.244.1.50/24 dev eth0
pod-c: ip addr add 10.244.1.50/32 dev lo
pod-a: ip neigh replace 10.244.1.50 lladdr 02:00:00:00:c0:02 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "pod-c", request}, fix: []string{"pod-c: sysctl -w net.ipv4.conf.eth0.arp_ignore=1", "pod-a: ip neigh del 10.244.1.50 dev eth0"}},
	{name: "one address twice, and the other one drops", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `
pod-c: ip addr del 10.244.1.12/24 dev eth0
pod-c: ip addr add 10.244.1.11/24 dev eth0
pod-c: iptables -A INPUT -p icmp -j DROP
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:c0:02 dev eth0 nud permanent`,
		want: expected{cause.DuplicateAddress, "pod-c", request}},
	{name: "an address gone from who listens at it, whose MAC address is known", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", warm: true, serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `pod-b: ip addr flush dev eth0`,
		want:  expected{cause.NoAddress, "pod-b", request},
		fix:   []string{"pod-b: ip addr add 10.244.1.11/24 dev eth0"}},
	{name: "the destination's address gone, whose MAC address is known", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `pod-b: ip addr flush dev eth0`,
		want:  expected{cause.NoAddress, "pod-b", request},
		fix:   []string{"pod-b: ip addr add 10.244.1.11/24 dev eth0"}},
	// The pods stay where they are.
	{name: "the network of the pods at another bridge as well", from: "host", to: "10.244.1.11",
		fault: `
host: ip link add br9 type bridge
host: ip addr add 10.244.1.1/25 dev br9
host: ip link set br9 up`,
		want: expected{cause.NeighbourUnanswered, "host", request},
		fix:  []string{"host: ip route replace 10.244.1.11 dev cni0"}},
})

func TestBrokenBridges(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, bridgeBreakages)
}

// TestWhatIsInTheWayToOneOfTwoOwnersProvesNothing: the other one may answer.
func TestWhatIsInTheWayToOneOfTwoOwnersProvesNothing(t *testing.T) {
	const twice = "pod-c: ip addr add 10.244.1.11/24 dev eth0\n"
	for _, c := range []struct {
		name, script string
		verdict      explain.Verdict
		code         cause.Code
		fixes        []string // the namespaces of the commands
	}{
		{"the bridge does not know the way to one", twice + "host: bridge link set dev veth-pod-b learning off flood off",
			explain.Undecided, cause.DuplicateAddress, nil},
		{"one drops", twice + "pod-b: iptables -A INPUT -p icmp -j DROP", explain.Undecided, cause.DuplicateAddress, nil},
		{"the other one drops", twice + "pod-c: iptables -A INPUT -p icmp -j DROP", explain.Undecided, cause.DuplicateAddress, nil},
		{"one drops the request, the other one the reply", twice + "pod-b: iptables -A INPUT -p icmp -j DROP\npod-c: iptables -A OUTPUT -p icmp -j DROP",
			explain.Broken, cause.DuplicateAddress, []string{"pod-c", "pod-b"}},
		{"who asks drops the reply of whoever answers", twice + "pod-a: iptables -A INPUT -p icmp -j DROP", explain.Broken, cause.Filtered, []string{"pod-a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			labtest.Slow(t)
			needTools(t, c.script)
			b := bridged.build(t)
			b.run(c.script)
			b.forget()
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, false)
			var fixes []string
			for _, fix := range a.Fix {
				fixes = append(fixes, b.script(fix.Netns))
			}
			if a.Verdict != c.verdict || a.Cause.Code != c.code || !slices.Equal(slices.Compact(fixes), c.fixes) {
				t.Errorf("%s, fixes in %s\n%s", a.Verdict, fixes, b.account(a))
			}
			// Who is silenced is not the one by whom the packet gets there.
			a = b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, true)
			if works := b.ping(journey{"pod-a", "10.244.1.11"}, 56, false).Outcome == probe.Replied; works != (a.Verdict == explain.Delivered) {
				t.Errorf("with a probe: %s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}

// Two devices behind the bridge that have one MAC address.
var sharedMACBreakages = among([]breakage{
	{name: "the destination has the MAC address of who asks", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: ip link set eth0 address 02:00:00:00:a0:02`,
		want:  expected{cause.DuplicateMAC, "pod-b", request}},
	{name: "the same, and it was asked before", from: "pod-a", to: "10.244.1.11", warm: true,
		fault: `
pod-b: ip link set eth0 address 02:00:00:00:a0:02
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:a0:02 dev eth0 nud permanent`,
		want: expected{cause.DuplicateMAC, "pod-b", request}},
	{name: "the bridge heard another one with its MAC address last", from: "pod-a", to: "10.244.1.11",
		fault: `
pod-c: ip link set eth0 address 02:00:00:00:b0:02
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:b0:02 dev eth0 nud permanent
pod-b: ip neigh replace 10.244.1.10 lladdr 02:00:00:00:a0:02 dev eth0 nud permanent
host: bridge fdb replace 02:00:00:00:b0:02 dev veth-pod-c master dynamic`,
		want: expected{cause.DuplicateMAC, "pod-c", request}},
})

func TestTwoDevicesWithOneMACAddress(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, sharedMACBreakages)
}

// TestASecondOwnerOfAMACAddressIsADoubt: whom the bridge sends the frame to is up to
// who spoke last.
func TestASecondOwnerOfAMACAddressIsADoubt(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		leg         flows.Leg
		forget      bool
	}{
		{"of the destination, which is not known yet", `pod-c: ip link set eth0 address 02:00:00:00:b0:02`, request, true},
		{"of the destination, which is known", `pod-c: ip link set eth0 address 02:00:00:00:b0:02`, request, false},
		{"of who asks", `pod-c: ip link set eth0 address 02:00:00:00:a0:02`, reply, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bridged.build(t)
			b.run(c.fault)
			if c.forget {
				b.forget()
			}
			ping := breakage{from: "pod-a", to: "10.244.1.11"}
			before := b.explain(ping, false)
			if got := (expected{before.Cause.Code, b.script(before.Cause.Netns), before.Cause.Leg}); before.Verdict != explain.Undecided || got != (expected{cause.DuplicateMAC, "pod-c", c.leg}) {
				t.Errorf("without a probe: %s, %v\n%s", before.Verdict, got, b.account(before))
			}
			if a := b.explain(ping, true); a.Verdict != explain.Delivered {
				t.Errorf("with a probe: %s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}
