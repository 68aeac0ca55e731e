package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// spared has the node's masquerading leave out what is for private addresses.
const spared = `
host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.0.0.0/8 -j MASQUERADE`

var lostWays = []farAway{
	{name: "the route to another node's pods is lost", base: routed, fault: spared + "\ninet: ip route add blackhole 10.0.0.0/8",
		hide: []string{"inet"}, from: "pod-a", to: "10.245.0.9", want: cause.NotKnown, netns: "host", beyond: "eth0", noFix: true, says: "expected a route of its own"},
	{name: "… for which a rule returns", base: routed, fault: "host: iptables -t nat -A POSTROUTING -d 10.0.0.0/8 -j RETURN\nhost: iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\ninet: ip route add blackhole 10.0.0.0/8",
		hide: []string{"inet"}, from: "pod-a", to: "10.245.0.9", want: cause.NotKnown, netns: "host", beyond: "eth0", noFix: true, says: "expected a route of its own"},
	{name: "… to which the router beyond says that there is no way", base: routed, fault: spared + "\ninet: sysctl -qw net.ipv4.ip_forward=1",
		hide: []string{"inet"}, from: "pod-a", to: "10.245.0.9", want: cause.NotKnown, netns: "host", beyond: "eth0", noFix: true, says: "is refused by 192.168.6.1"},
	{name: "… and the router beyond has it, and none to the pod", base: routed, fault: spared + "\ninet: ip addr add 10.245.0.9/32 dev lo",
		hide: []string{"inet"}, from: "pod-a", to: "10.245.0.9", want: cause.NotMasqueraded, netns: "host", mends: true, fix: "-d 10.245.0.9"},
	{name: "the default route of IPv6 is lost, and a bridge of pods has an address", base: ownRange, fault: "host: ip link del eth0\nhost: ip link add eth0 index 300 type veth peer name up0 netns inet\nhost: sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 net.ipv6.conf.eth0.accept_ra=1\nhost: ip addr add 2001:db8:6::160/64 dev eth0\nhost: ip link set eth0 up\ninet: ip link set up0 up",
		hide: []string{"inet"}, from: "host", to: world6, want: cause.NoRoute, netns: "host", says: "eth0 heeds no router's advertisement", fix: "net.ipv6.conf.eth0.accept_ra=2"},
	{name: "the uplink has no address", base: bridged, fault: "host: ip addr flush dev eth0",
		hide: []string{"inet"}, from: "host", to: "203.0.113.10", want: cause.NoAddress, netns: "host", noFix: true, says: "eth0 leads out of here and has no address"},
	{name: "… and a pod asks", base: bridged, fault: "host: ip addr flush dev eth0",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.NoAddress, netns: "host", noFix: true, says: "eth0 leads out of here and has no address"},
	{name: "… of IPv6", base: ownRange, fault: "host: ip route del default via 2001:db8:6::1 dev eth0\nhost: ip addr del 2001:db8:6::160/64 dev eth0\nhost: sysctl -qw net.ipv6.conf.eth0.accept_ra=0",
		hide: []string{"inet"}, from: "host", to: world6, want: cause.NoAddress, netns: "host", noFix: true, says: "eth0 is told to heed no router's advertisement"},
	{name: "a network of the node's own hides the default route", base: masqueraded, fault: "host: ip link add eth9 type veth peer name far9 netns inet\ninet: ip link set far9 up\nhost: ip addr add 203.0.113.77/24 dev eth9\nhost: ip link set eth9 up\nhost: iptables -t nat -A POSTROUTING -o eth9 -j MASQUERADE\ninet: sysctl -qw net.ipv4.conf.far9.arp_ignore=1",
		hide: []string{"inet"}, from: "pod-a", to: "203.0.113.10", want: cause.DestinationAbsent, netns: "host", beyond: "eth9", says: "comes before default via 192.168.6.1"},
	{name: "no uplink is there, and the pods cannot be seen", base: bridged, fault: "host: ip link del eth0",
		hide: []string{"inet", "pod-b", "pod-c"}, from: "host", to: "203.0.113.10", want: cause.NoRoute, netns: "host", noFix: true},
}

// TestAWayThatIsLost: what the packet would have gone by is not there, and the far side cannot
// be seen.
func TestAWayThatIsLost(t *testing.T) {
	labtest.Slow(t)
	abreast(lostWays, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
}
