package explain_test

import (
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// roundabout sends what a pod asks for through another namespace, which sends it back.
const roundabout = `
host: ip link add fw0 type veth peer name in netns fw
host: ip link add fw1 type veth peer name out netns fw
host: ip addr add 10.1.0.1/24 dev fw0
host: ip addr add 10.2.0.1/24 dev fw1
host: ip link set fw0 up
host: ip link set fw1 up
fw: ip addr add 10.1.0.2/24 dev in
fw: ip addr add 10.2.0.2/24 dev out
fw: ip link set in up
fw: ip link set out up
fw: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
fw: ip route add default via 10.2.0.1
fw: ip route add 10.244.1.0/24 via 10.1.0.1
host: sysctl -qw net.ipv4.conf.all.rp_filter=0
host: ip route add default via 10.1.0.2 table 7
host: ip rule add pref 90 to 10.244.0.0/16 lookup main
host: ip rule add pref 100 iif veth-pod-a lookup 7
`

// TestRulesOfNATAreAskedOnceOfAConnection: a node that a request passes twice has tracked it at
// its first passage, and masquerades it at the second one no more, unless it is another
// connection by then, or in another zone.
func TestRulesOfNATAreAskedOnceOfAConnection(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.run(roundabout)
	c := breakage{from: "pod-a", to: "203.0.113.10"}
	a := b.explain(c, true)
	if a.Cause.Code != cause.NotMasqueraded || a.Cause.Netns != b.real("host") || len(a.Fix) != 2 || a.Fix[0].Netns != b.real("fw") {
		t.Fatal(b.account(a))
	}
	zones := "host: iptables -t raw -A PREROUTING -i fw1 -j CT --zone 1\nhost: iptables -t raw -A PREROUTING -i eth0 -j CT --zone 1"
	needTools(t, zones)
	b.run(zones)
	if a := b.explain(c, true); a.Verdict != explain.Delivered {
		t.Errorf("each passage in its zone: %s\n%s", a.Verdict, b.account(a))
	}
	b.run("host: iptables -t raw -F PREROUTING")
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	if a := b.explain(c, true); a.Verdict != explain.Delivered {
		t.Errorf("after the fix: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestAReplyIsLookedForInItsZone: of a request that was translated in a zone, the reply has to
// come back in it.
func TestAReplyIsLookedForInItsZone(t *testing.T) {
	labtest.Slow(t)
	for name, zone := range map[string]string{
		"iptables":              "host: iptables -t raw -A PREROUTING -i veth-pod-a -j CT --zone 5",
		"nft":                   `host: nft 'add table ip z; add chain ip z c { type filter hook prerouting priority -300; }; add rule ip z c iifname "veth-pod-a" ct zone set 5'`,
		"iptables, by the mark": "host: iptables -t raw -A PREROUTING -i veth-pod-a -j MARK --set-mark 5\nhost: iptables -t raw -A PREROUTING -j CT --zone mark",
	} {
		t.Run(name, func(t *testing.T) {
			needTools(t, zone)
			b := masqueraded.build(t)
			b.run(zone)
			c := breakage{from: "pod-a", to: "203.0.113.10"}
			a := b.explain(c, true)
			if a.Cause.Code != service.ReplyBypassesNAT || a.Cause.Netns != b.real("host") || len(a.Fix) != 1 {
				t.Fatal(b.account(a))
			}
			b.apply(a.Fix[0])
			if a := b.explain(c, true); a.Verdict != explain.Delivered {
				t.Errorf("after the fix: %s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}
