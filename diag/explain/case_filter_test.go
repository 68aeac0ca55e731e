package explain_test

import (
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/hop"
	"nstutor/internal/lab/labtest"
)

var filterBreakages = among([]breakage{
	// nf_tables, as nft writes it.
	{name: "the answer to ARP, at the device that asks", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: nft 'add table netdev f; add chain netdev f in { type filter hook ingress device eth0 priority 0; }; add rule netdev f in arp operation reply drop'`,
		want:  expected{cause.Filtered, "pod-a", request}},
	{name: "a request that is not tracked", from: "pod-a", to: "192.168.6.160", asks: "tcp 80", serve: []string{"host tcp 192.168.6.160:80"},
		fault: `
host: iptables -t raw -A PREROUTING -p tcp --dport 80 -j CT --notrack
host: iptables -P INPUT DROP
host: iptables -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT`,
		want: expected{cause.Filtered, "host", request}, fix: []string{"host: iptables -t raw -D PREROUTING -p tcp -m tcp --dport 80 -j CT --notrack"}},
	{name: "the answer to a request that is not tracked", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 10.244.1.11:80"},
		fault: `
host: nft 'add table ip f; add chain ip f raw { type filter hook prerouting priority -300; }; add rule ip f raw tcp dport 80 notrack'
host: nft 'add chain ip f fw { type filter hook forward priority 0; policy drop; }; add rule ip f fw ct state established,new,untracked accept'`,
		want: expected{cause.Filtered, "host", reply}, fix: []string{"host: nft delete rule ip f raw handle 2"}},
	{name: "an answer that is not tracked", from: "host", to: "192.168.6.1",
		fault: `
host: iptables -t raw -A PREROUTING -i eth0 -j CT --notrack
host: iptables -P INPUT DROP
host: iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
		want: expected{cause.Filtered, "host", reply}, fix: []string{"host: iptables -t raw -D PREROUTING -i eth0 -j CT --notrack"}},
	{name: "an answer that is not tracked, to a source that masquerading gave", from: "pod-a", to: "203.0.113.10",
		fault: `host: iptables -t raw -A PREROUTING -i eth0 -j CT --notrack`,
		want:  expected{service.ReplyBypassesNAT, "host", reply}, fix: []string{"host: iptables -t raw -D PREROUTING -i eth0 -j CT --notrack"}},
	// No state is known there.
	{name: "the answer, before connection tracking", from: "pod-a", to: "192.168.6.160",
		fault: `host: nft 'add table inet p; add chain inet p out { type filter hook output priority -310; policy drop; }'`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "nft rule", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; }; add rule inet f fw ip daddr 10.244.1.11 drop'`,
		want:  expected{cause.Filtered, "host", request}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "of another MAC address", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; }; add rule inet f fw iifname veth-pod-a ether saddr != 02:00:00:00:a0:09 drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "of the right MAC address", from: "pod-a", to: "10.244.1.11",
		fault: `
host: nft 'add table inet f; add chain inet f fw { type filter hook forward priority 0; policy drop; }; add rule inet f fw ether saddr { 02:00:00:00:a0:02, 02:00:00:00:b0:02 } accept'
host: iptables -A FORWARD -i veth-pod-a -m mac ! --mac-source 02:00:00:00:a0:02 -j DROP`},
	{name: "of another MAC address, by iptables", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -m mac --mac-source 02:00:00:00:a0:09 -j ACCEPT`,
		want: expected{cause.Filtered, "host", request}},
	{name: "nft policy", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; policy drop; }'`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "nft jump", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f no { counter; drop; }; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip saddr 10.244.1.10 icmp type echo-request jump no'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft set", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip saddr { 10.244.1.10, 10.244.1.99 } drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft verdict map", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw icmp type vmap { echo-reply : accept, echo-request : drop }'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft prerouting", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f pre { type filter hook prerouting priority -300; }; add rule ip f pre iifname "veth-pod-a" icmp type echo-request drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft family arp, the question", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table arp f; add chain arp f in { type filter hook input priority 0; }; add rule arp f in arp operation request drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft family arp, the answer", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table arp f; add chain arp f out { type filter hook output priority 0; }; add rule arp f out arp operation reply drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft ingress of the device", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table netdev f; add chain netdev f in { type filter hook ingress device veth-pod-a priority 0; }; add rule netdev f in ip daddr 10.244.1.11 drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft output of the sender", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: nft 'add table ip f; add chain ip f out { type filter hook output priority 0; }; add rule ip f out ip daddr 10.244.1.11 drop'`,
		want:  expected{cause.Filtered, "pod-a", request}},
	{name: "nft input of the destination", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: nft 'add table ip f; add chain ip f in { type filter hook input priority 0; policy drop; }; add rule ip f in ct state established,related accept'`,
		want:  expected{cause.Filtered, "pod-b", request}, shut: []journey{{"host", "10.244.1.11"}}},
	{name: "nft reject", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip daddr 10.244.1.11 reject with icmp type admin-prohibited'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft accepts before another table drops", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f one { type filter hook forward priority 0; }; add rule ip f one accept; add chain ip f two { type filter hook forward priority 10; policy drop; }; add rule ip f two icmp type echo-reply accept'`,
		want:  expected{cause.Filtered, "host", request}},

	{name: "nft egress of the device", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table netdev f; add chain netdev f out { type filter hook egress device veth-pod-b priority 0; }; add rule netdev f out ip daddr 10.244.1.11 drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft by TTL", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip ttl < 64 drop'`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "nft by length", from: "pod-a", to: "10.244.1.11", size: 1000,
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip length > 500 drop'`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "nft set with prefixes", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add set ip f bad { type ipv4_addr; flags interval; elements = { 10.244.1.8/30 } }; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw icmp type echo-request ip saddr @bad drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft dormant table", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f { flags dormant; }; add chain ip f fw { type filter hook forward priority 0; policy drop; }'`},

	{name: "what comes by no bridge has no port", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -m physdev ! --physdev-is-bridged -p icmp --icmp-type echo-request -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "and is not dropped by one", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -m physdev --physdev-in veth-pod-a -j DROP`},

	// Only the reply is dropped.
	{name: "reply, output of the destination", from: "pod-a", to: "10.244.1.11",
		fault: `pod-b: nft 'add table ip f; add chain ip f out { type filter hook output priority 0; }; add rule ip f out icmp type echo-reply drop'`,
		want:  expected{cause.Filtered, "pod-b", reply}},
	{name: "reply, forward", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -p icmp --icmp-type echo-reply -j DROP`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "reply, postrouting", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -t mangle -A POSTROUTING -o veth-pod-a -p icmp --icmp-type 0 -j DROP`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "reply, input of the sender", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: iptables -P INPUT DROP`,
		want:  expected{cause.Filtered, "pod-a", reply}},
	{name: "blocking one way blocks the other", from: "pod-b", to: "10.244.1.10",
		fault: `host: iptables -A FORWARD -s 10.244.1.10 -d 10.244.1.11 -j DROP`,
		want:  expected{cause.Filtered, "host", reply}, shut: []journey{{"pod-a", "10.244.1.11"}}},

	// iptables, the two of them.
	{name: "iptables FORWARD", from: "pod-a", to: "203.0.113.10",
		fault: `host: iptables -A FORWARD -s 10.244.0.0/16 -o eth0 -j DROP`,
		want:  expected{cause.Filtered, "host", request}, shut: []journey{{"pod-b", "203.0.113.10"}}},
	{name: "iptables FORWARD policy", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -P FORWARD DROP`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}, fix: []string{
			"host: iptables-nft -t filter -I FORWARD -s 10.244.1.0/24 -d 10.244.1.11 -p icmp --icmp-type echo-request -j ACCEPT",
			"host: iptables-nft -t filter -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		}, shut: []journey{{"pod-b", "10.244.1.10"}, {"pod-b", "203.0.113.10"}}},
	{name: "iptables FORWARD policy, replies pass", from: "pod-a", to: "203.0.113.10",
		fault: `
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		want: expected{cause.Filtered, "host", request},
		fix:  []string{"host: iptables-nft -t filter -I FORWARD -s 10.244.1.0/24 -d 203.0.113.10 -p icmp --icmp-type echo-request -j ACCEPT"},
		shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "iptables allows after the drop", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -A FORWARD -d 10.244.1.11 -j DROP
host: iptables -A FORWARD -s 10.244.1.10 -d 10.244.1.11 -j ACCEPT`,
		want: expected{cause.Filtered, "host", request}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "iptables user chain", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -N POLICY
host: iptables -A POLICY -s 10.244.1.10 -j DROP
host: iptables -A POLICY -j RETURN
host: iptables -A FORWARD -d 10.244.1.11 -j POLICY`,
		want: expected{cause.Filtered, "host", request}},
	{name: "iptables REJECT", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -i veth-pod-a -o veth-pod-b -j REJECT`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "iptables by mark", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -t mangle -A PREROUTING -i veth-pod-a -p icmp -j MARK --set-mark 0x7
host: iptables -A FORWARD -m mark --mark 0x7 -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "iptables INPUT of the node", from: "pod-a", to: "192.168.6.160",
		fault: `host: iptables -A INPUT -i veth-pod-a -p icmp -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "iptables OUTPUT of the sender", from: "pod-a", to: "10.244.1.11",
		fault: `pod-a: iptables -A OUTPUT ! -d 127.0.0.0/8 -j DROP`,
		want:  expected{cause.Filtered, "pod-a", request}},
	{name: "iptables-legacy FORWARD", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables-legacy -A FORWARD -s 10.244.1.10 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "iptables-legacy policy behind iptables-nft", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables-nft -I FORWARD -j ACCEPT
host: iptables-legacy -P FORWARD DROP`,
		want: expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "iptables-legacy raw", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables-legacy -t raw -A PREROUTING -s 10.244.1.10 -d 10.244.1.11 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},

	// Rules that do not stop this ping.
	{name: "rules for others", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -A FORWARD -p tcp -j DROP
host: iptables -A FORWARD -i eth0 -j DROP
host: iptables -A FORWARD -s 10.244.1.12 -j REJECT
host: iptables -A INPUT -j DROP
pod-b: iptables -A INPUT -s 10.244.1.0/29 -j DROP`},
	{name: "allowed before the drop", from: "pod-a", to: "10.244.1.11",
		fault: `
host: iptables -P FORWARD DROP
host: iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A FORWARD -s 10.244.0.0/16 -d 10.244.0.0/16 -j ACCEPT`},
})

func TestFilteredPings(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, masqueraded, filterBreakages)
}

var bridgeFilterBreakages = among([]breakage{
	{name: "policy of FORWARD", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -P FORWARD DROP`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "rule of FORWARD", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -s 10.244.1.10 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "rule of FORWARD, reply", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -s 10.244.1.11 -j DROP`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "rule of FORWARD by the bridge", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -A FORWARD -i cni0 -o cni0 -j DROP`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "native nft", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw ip daddr 10.244.1.11 drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "a server takes its client's own address, and a bridge masquerades it", from: "pod-a", to: "10.244.1.11",
		fault: "host: iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -j MASQUERADE\npod-b: iptables -A INPUT -s 10.244.1.10 -j ACCEPT\npod-b: iptables -A INPUT -j DROP",
		want:  expected{cause.Filtered, "pod-b", request}, fix: []string{"host: iptables -t nat -I POSTROUTING -s 10.244.1.10 -d 10.244.1.11 -j ACCEPT"}},
})

func TestFilteredPingsOfABridge(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, bridgeNetfilter, bridgeFilterBreakages)
}

var bridgeFamilyBreakages = among([]breakage{
	{name: "FORWARD without bridge netfilter", from: "pod-a", to: "10.244.1.11",
		fault: `host: iptables -P FORWARD DROP`},
	{name: "nft family bridge", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table bridge f; add chain bridge f fw { type filter hook forward priority 0; }; add rule bridge f fw ip daddr 10.244.1.11 icmp type echo-request drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft family bridge, on the way up", from: "pod-a", to: "10.244.1.1",
		fault: `host: nft 'add table bridge f; add chain bridge f fw { type filter hook input priority 0; }; add rule bridge f fw icmp type echo-request drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "nft family bridge, of another MAC address", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table bridge f; add chain bridge f fw { type filter hook prerouting priority 0; }; add rule bridge f fw iifname veth-pod-a ether saddr != 02:00:00:00:a0:09 drop; add rule bridge f fw arp saddr ether != 02:00:00:00:a0:09 iifname veth-pod-a drop'`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}},
	{name: "nft family bridge, ARP", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table bridge f; add chain bridge f fw { type filter hook forward priority 0; }; add rule bridge f fw ether type arp drop'`,
		want:  expected{cause.Filtered, "host", request}, or: []expected{{cause.NeighbourUnanswered, "pod-a", request}}},
	{name: "a bridge drops what answers ARP", from: "pod-a", to: "10.244.1.11",
		fault: `host: nft 'add table bridge f; add chain bridge f fw { type filter hook forward priority 0; }; add rule bridge f fw arp operation reply drop'`,
		want:  expected{cause.Filtered, "host", request}},
	{name: "INPUT of the node", from: "pod-a", to: "10.244.1.1",
		fault: `host: iptables -A INPUT -i cni0 -j DROP`,
		want:  expected{cause.Filtered, "host", request}},
})

func TestFilteredPingsOfABridgeAlone(t *testing.T) {
	explainBreakages(t, bridged, bridgeFamilyBreakages)
}

// sets are masqueraded pods whose rules ask ipsets.
var sets = routed.with("masqueraded by a set", `
host: ipset create pods hash:net
host: ipset add pods 10.244.0.0/16
host: ipset create all list:set
host: ipset add all pods
host: iptables -t nat -A POSTROUTING -m set --match-set all src -m set ! --match-set pods dst -j MASQUERADE
`, journey{"pod-a", "203.0.113.10"})

func TestRulesWithSets(t *testing.T) {
	labtest.Slow(t)
	needTools(t, sets.script)
	explainBreakages(t, sets, []breakage{
		{name: "healthy", fault: "host: ipset list -n", from: "pod-a", to: "203.0.113.10"},
		{name: "left out of the set", fault: "host: ipset del pods 10.244.0.0/16", from: "pod-a", to: "203.0.113.10",
			want: expected{cause.NotMasqueraded, "host", reply}},
		{name: "dropped by a set", fault: "host: iptables -A FORWARD -m set --match-set pods src -m set --match-set all src -i veth-pod-a -j DROP", from: "pod-a", to: "203.0.113.10",
			want: expected{cause.Filtered, "host", request}},
	})
}

func TestIPsecPolicies(t *testing.T) {
	labtest.Slow(t)
	claims := func(more string) string {
		return `host1: ip xfrm policy add src 192.168.10.0/24 dst 192.168.11.0/24 dir out ` + more
	}
	takes := "ip xfrm policy add src 192.168.10.0/24 dst 192.168.11.0/24 tmpl src 10.57.4.20 dst 10.57.4.21 proto esp mode tunnel "
	explainBreakages(t, hostGW, []breakage{
		{name: "without an association", fault: claims("tmpl src 10.57.4.20 dst 10.57.4.21 proto esp reqid 3 mode tunnel"), from: "pod-a", to: "192.168.11.10",
			want: expected{cause.Filtered, "host1", request}},
		{name: "blocks", fault: claims("action block"), from: "pod-a", to: "192.168.11.10",
			want: expected{cause.Filtered, "host1", request}},
		{name: "takes it out of a tunnel alone", fault: "pod-b: " + takes + "dir in", from: "pod-a", to: "192.168.11.10", want: expected{cause.Filtered, "pod-b", request}},
		{name: "passes it on out of a tunnel alone", fault: "host2: " + takes + "dir fwd", from: "pod-a", to: "192.168.11.10", want: expected{cause.Filtered, "host2", request}},
		{name: "takes it as it is", fault: "pod-b: " + takes + "level use dir in", from: "pod-a", to: "192.168.11.10"},
		{name: "passes it on, and is asked only of what is taken", fault: "host2: " + takes + "dir in", from: "pod-a", to: "192.168.11.10"},
		{name: "blocks what no policy is for, on its way out", fault: "host1: ip xfrm policy setdefault out block", from: "host1", to: "10.57.4.21", want: expected{cause.Filtered, "host1", request}, noFix: true},
		{name: "blocks what no policy is for, where it is passed on", fault: "host2: ip xfrm policy setdefault fwd block", from: "pod-a", to: "192.168.11.10", want: expected{cause.Filtered, "host2", request}, noFix: true},
		{name: "blocks what no policy is for, where it is taken", fault: "pod-b: ip xfrm policy setdefault in block", from: "pod-a", to: "192.168.11.10", want: expected{cause.Filtered, "pod-b", request}, noFix: true},
		{name: "lets pass", fault: claims("priority 1 action allow") + "\nhost1: ip xfrm policy add src 192.168.10.0/24 dst 192.168.0.0/16 dir out priority 2 action block", from: "pod-a", to: "192.168.11.10"},
	})
}

// What the rules of a bridge keep from going up is not said to come in on the bridge's own device.
func TestABridgeHandsUpNothingThatItsRulesStop(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	fault := "host: nft 'add table bridge f; add chain bridge f fw { type filter hook input priority 0; }; add rule bridge f fw icmp type echo-request drop'"
	needTools(t, fault)
	b.run(fault)
	a := b.explain(breakage{from: "pod-a", to: "10.244.1.1"}, false)
	for _, h := range a.Hops {
		if h.Stage == hop.StageReceive && h.Device == "cni0" && h.Predicted == hop.OK {
			t.Errorf("it comes into cni0\n%s", b.account(a))
		}
	}
}
