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
}

// TestAWayThatIsLost: what the packet would have gone by is not there, and the far side cannot
// be seen.
func TestAWayThatIsLost(t *testing.T) {
	labtest.Slow(t)
	abreast(lostWays, func(c farAway) {
		t.Run(c.name, func(t *testing.T) { c.try(c.base.build(t)) })
	})
}
