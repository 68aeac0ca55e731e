package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// secondUplink is one more way out of the node, by which what is sent to 192.168.6.160
// comes back.
const secondUplink = `
host: ip link add eth1 address 02:00:c6:33:64:02 type veth peer name up1 address 02:00:c6:33:64:01 netns inet
host: ip link set eth1 up
host: ip addr add 198.51.100.2/24 dev eth1
inet: ip link set up1 up
inet: ip addr add 198.51.100.1/24 dev up1
inet: ip route add 192.168.6.160/32 via 198.51.100.2
inet: ip neigh add 198.51.100.2 lladdr 02:00:c6:33:64:02 dev up1 nud permanent
`

// Answers that come back from where nothing can be seen, but not as they should.
var arrivals = []farAway{
	{name: "for a MAC address that is not the device's", base: masqueraded, fault: "inet: ip neigh replace 192.168.6.160 lladdr 02:00:00:00:77:77 dev up0 nud permanent",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NeighbourWrongMAC, netns: "host", beyond: "eth0"},
	{name: "by another device, whose rp_filter minds", base: routed, fault: secondUplink + "host: sysctl -qw net.ipv4.conf.eth1.rp_filter=1",
		hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.RPFilter, netns: "host", mends: true},
	{name: "by another device, which nobody minds", base: routed, fault: secondUplink,
		hide: []string{"inet"}, from: "host", to: "203.0.113.10"},
	{name: "with no hops left to live", base: masqueraded, fault: "inet: nft add table ip t\ninet: nft 'add chain ip t out { type filter hook output priority -150; }'\ninet: nft add rule ip t out ip ttl set 1",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.RouteLoop, netns: "host"},
	{name: "with hops that the node gives them anew", base: masqueraded, fault: "inet: nft add table ip t\ninet: nft 'add chain ip t out { type filter hook output priority -150; }'\ninet: nft add rule ip t out ip ttl set 1\nhost: nft add table inet t\nhost: nft 'add chain inet t pre { type filter hook prerouting priority -150; }'\nhost: nft add rule inet t pre iifname eth0 ip ttl set 64",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10"},
	{name: "from another address", base: masqueraded, fault: "inet: ip addr add 203.0.113.11/32 dev lo\ninet: nft add table ip t\ninet: nft 'add chain ip t out { type filter hook output priority -300; }'\ninet: nft add rule ip t out ip saddr 203.0.113.10 notrack ip saddr set 203.0.113.11",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NotKnown, netns: "host", beyond: "eth0"},
}

func TestAnswersThatDoNotComeAsTheyShould(t *testing.T) {
	labtest.Slow(t)
	abreast(arrivals, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
}

// Marks that have what the node sends routed again, and times to live that rules set.
var rewritten = among([]breakage{
	{name: "a mark of mangle OUTPUT has it routed again", from: "host", to: "203.0.113.10",
		fault: `
host: ip route replace default via 192.168.6.77
host: ip route add default via 192.168.6.1 table 2
host: ip rule add fwmark 2 lookup 2
host: iptables -t mangle -A OUTPUT -j MARK --set-mark 2`},
	{name: "a mark of the filter does not", from: "host", to: "203.0.113.10",
		fault: `
host: ip route replace default via 192.168.6.77
host: ip route add default via 192.168.6.1 table 2
host: ip rule add fwmark 2 lookup 2
host: iptables -t filter -A OUTPUT -j MARK --set-mark 2`,
		want: expected{cause.NeighbourUnanswered, "host", request}, or: []expected{{cause.NoRoute, "host", request}}},
	{name: "the mark of a connection has its answers routed again", from: "inet", to: "192.168.6.160",
		fault: `
host: ip route add 192.168.6.1/32 via 192.168.6.77
host: ip route add 192.168.6.1/32 dev eth0 table 2
host: ip rule add fwmark 2 lookup 2
host: iptables -t mangle -A PREROUTING -i eth0 -j CONNMARK --set-mark 2
host: iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark`},
	{name: "a rule leaves no hops to live", from: "pod-a", to: "203.0.113.10",
		fault: `
inet: nft add table ip t
inet: nft 'add chain ip t out { type filter hook output priority -150; }'
inet: nft add rule ip t out ip ttl set 1`,
		want: expected{cause.RouteLoop, "inet", reply}},
	{name: "a rule gives hops to live anew", from: "pod-a", to: "203.0.113.10",
		fault: `
inet: nft add table ip t
inet: nft 'add chain ip t out { type filter hook output priority -150; }'
inet: nft add rule ip t out ip ttl set 1
host: nft add table inet t
host: nft 'add chain inet t pre { type filter hook prerouting priority -150; }'
host: nft add rule inet t pre iifname eth0 ip ttl set 64`},
	{name: "a rule marks what it passes on (DSCP)", from: "pod-a", to: "203.0.113.10",
		fault: `
host: nft add table ip t
host: nft 'add chain ip t post { type filter hook postrouting priority -150; }'
host: nft add rule ip t post ip dscp set cs1`},
})

// Bridges that have lost what they had, on a node whose way out is somebody else's.
var undone = []farAway{
	{name: "the bridge is down", base: bridged.with("and masqueraded", "host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth0 -j MASQUERADE"), fault: "host: ip link set veth-pod-a nomaster\nhost: ip link set cni0 down",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.LinkDown, netns: "host", mends: true},
	{name: "the bridge has no address", base: bridged, fault: "host: ip addr del 10.244.1.1/24 dev cni0",
		hide: []string{"inet"}, from: "host", to: "10.244.1.10", want: cause.NoAddress, netns: "host", mends: true},
	{name: "the way out has no carrier", base: masqueraded, fault: "inet: ip link set up0 down",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NoCarrier, netns: "host"},
}

func TestBridgesThatHaveLostWhatTheyHad(t *testing.T) {
	labtest.Slow(t)
	abreast(undone, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
	explainBreakages(t, bridged, lost)
}

var lost = among([]breakage{
	{name: "the bridge is down, and the pod is no port of it", from: "pod-a", to: "192.168.6.1",
		fault: `
host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -o eth0 -j MASQUERADE
host: ip link set veth-pod-a nomaster
host: ip link set cni0 down`,
		want: expected{cause.LinkDown, "host", reply}, next: []cause.Code{cause.NeighbourUnanswered}, fix: []string{"host: ip link set cni0 up", "host: ip link set veth-pod-a master cni0"}},
	{name: "no connection is tracked, and what answers none is dropped", from: "host", to: "203.0.113.10",
		fault: `
host: iptables -P INPUT DROP
host: iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -t raw -A OUTPUT -p icmp -j NOTRACK
host: iptables -t raw -A PREROUTING -p icmp -j NOTRACK`,
		want: expected{cause.Filtered, "host", reply}},
	{name: "the bridge has no address, asked by the node", from: "host", to: "10.244.1.10",
		fault: `host: ip addr del 10.244.1.1/24 dev cni0`,
		want:  expected{cause.NoAddress, "host", request}, fix: []string{"host: ip addr add 10.244.1.1/24 dev cni0"}},
})

// What rules of the family bridge do to guests that have another address than was
// agreed on (libvirt's clean-traffic).
var spoofers = among([]breakage{
	{name: "ARP and IP of another sender", from: "pod-a", to: "10.244.1.1",
		fault: `
host: nft add table bridge nwfilter
host: nft 'add chain bridge nwfilter pre { type filter hook prerouting priority -300; }'
host: nft add rule bridge nwfilter pre iifname veth-pod-a ether type arp arp saddr ip != 10.244.1.50 drop
host: nft add rule bridge nwfilter pre iifname veth-pod-a ether type ip ip saddr != 10.244.1.50 drop`,
		want: expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "… by a chain for its port", from: "pod-a", to: "10.244.1.1",
		fault: `
host: nft add table bridge nwfilter
host: nft add chain bridge nwfilter one
host: nft 'add chain bridge nwfilter pre { type filter hook prerouting priority -300; }'
host: nft add rule bridge nwfilter pre iifname veth-pod-a jump one
host: nft add rule bridge nwfilter one ether type arp arp saddr ip != 10.244.1.50 drop
host: nft add rule bridge nwfilter one ether type ip ip saddr != 10.244.1.50 drop`,
		want: expected{cause.Filtered, "host", request}, fix: []string{
			"host: nft insert rule bridge nwfilter one arp saddr ip 10.244.1.10 accept",
			"host: nft insert rule bridge nwfilter one ip saddr 10.244.1.10 ip daddr 10.244.1.1 icmp type echo-request accept"}},
})

func TestGuestsWithAnotherAddress(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridged, spoofers)
}

func TestRulesThatRewriteHeadersAndMarks(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, rewritten)
}
