package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// detoured makes the node's own way to pod-a lead elsewhere, but for what comes
// from pod-b: the ping works, and its way back fails a test that knows no more of
// a packet than its addresses.
const detoured = `
host: ip route add 10.244.1.10 dev veth-pod-a table 77
host: ip rule add pref 100 iif veth-pod-b lookup 77
host: ip route replace 10.244.1.10 via 192.168.6.1 dev eth0`

// askingBreakages have rules that ask their namespace something: which device has
// an index, where a packet's way back leads, whose an address is.
var askingBreakages = among([]breakage{
	{name: "a detour without a rule", from: "pod-a", to: "10.244.1.11", fault: detoured},

	{name: "nft iif", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw iif veth-pod-a drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft iif of another device", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw iif eth0 drop'`},

	{name: "iptables rpfilter", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "iptables rpfilter, and the way back is right", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP`},
	{name: "iptables rpfilter, loose", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: iptables -t raw -A PREROUTING -m rpfilter --loose --invert -j DROP`},

	{name: "nft fib, missing", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre fib saddr . iif oif missing drop'`,
		want: expected{cause.Filtered, "host", request}},
	{name: "nft fib, missing, and the way back is right", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre fib saddr . iif oif missing drop'`},
	{name: "nft fib, exists, under a policy", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; policy drop; }; add rule inet f pre fib saddr . mark . iif oif exists accept'`,
		want: expected{cause.Filtered, "host", request}},
	{name: "nft fib, by the device's name", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre iifname veth-pod-a fib saddr oifname eth0 drop'`,
		want: expected{cause.Filtered, "host", request}},
	{name: "nft fib, with a mark", from: "pod-a", to: "10.244.1.11",
		fault: detoured + `
host: ip rule add pref 90 fwmark 0x5 lookup 77
host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre iifname veth-pod-a meta mark set 0x5; add rule inet f pre fib saddr . mark . iif oif missing drop'`},
	{name: "nft fib, whose address", from: "pod-a", to: "192.168.6.160",
		fault: `host: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre ip daddr 192.168.6.160 fib daddr . iif type != local drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft fib, whose address, of the device itself", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: nft 'add table inet f; add chain inet f pre { type filter hook prerouting priority -300; }; add rule inet f pre ip saddr 10.244.1.10 fib daddr . iif type != local drop'`},

	{name: "redirected to a device without an address", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -t nat -A PREROUTING -i veth-pod-a -p icmp -j REDIRECT`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "redirected to the node", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip addr add 10.244.9.1/32 dev veth-pod-a
host: iptables -t nat -A PREROUTING -i veth-pod-a -p icmp -j REDIRECT`},
	{name: "redirected to the node, which drops", from: "pod-a", to: "10.244.1.11",
		fault: `
host: ip addr add 10.244.9.1/32 dev veth-pod-a
host: iptables -t nat -A PREROUTING -i veth-pod-a -p icmp -j REDIRECT
host: iptables -A INPUT -d 10.244.9.1 -j DROP`,
		want: expected{cause.Filtered, "host", request}},
})

func TestRulesThatAskTheirNamespace(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, askingBreakages)
}
