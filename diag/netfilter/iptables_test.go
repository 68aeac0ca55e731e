package netfilter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nstutor/internal/lab/labtest"
)

// corpus4 are rules that people, Docker and kube-proxy write.
const corpus4 = `*filter
:FOO - [0:0]
:KUBE-FORWARD - [0:0]
-P FORWARD DROP
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT ! -s 10.0.0.0/8 ! -d 1.2.3.4 ! -i lo -p udp -m udp ! --sport 53 --dport 1024:2048 -j DROP
-A INPUT -s 10.1.0.0/255.255.0.255 -j DROP
-A INPUT -s 10.0.0.0/9 -d 192.168.0.0/16
-A INPUT -p icmp -m icmp --icmp-type 8 -j DROP
-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT
-A INPUT ! -p tcp -j RETURN
-A INPUT -p gre -j ACCEPT
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
-A INPUT -p tcp -m multiport --dports 22,80,8000:8010 -j ACCEPT
-A INPUT -p udp -m multiport ! --sports 53 -j ACCEPT
-A INPUT -m limit --limit 5/min -j ACCEPT
-A INPUT -m mark ! --mark 0x10/0xff -j REJECT --reject-with icmp-host-prohibited
-A INPUT -m mark --mark 0x4000/0x4000 -j REJECT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A FORWARD -i veth+ ! -o eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack ! --ctstate NEW,UNTRACKED -j DROP
-A FORWARD -m state --state INVALID -j DROP
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m comment --comment plain -m mark --mark 0x1 -g FOO
-A FORWARD -m addrtype --src-type LOCAL ! --dst-type LOCAL,BROADCAST -j FOO
-A FORWARD -m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT
-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT
-A FORWARD -j LOG --log-prefix "gone: "
-A FORWARD -p udp -j NFQUEUE --queue-num 5
-A FORWARD -p udp -j NFQUEUE --queue-num 5 --queue-bypass
-A FORWARD -p udp -j NFQUEUE --queue-balance 5:7 --queue-bypass --queue-cpu-fanout
-A FORWARD -m connmark --mark 0x1/0xff -j ACCEPT
-A FORWARD -m statistic --mode random --probability 0.50000000000 -j ACCEPT
-A KUBE-FORWARD -j RETURN
COMMIT
*nat
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -d 10.96.0.100 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
-A PREROUTING -d 10.96.0.101 -j DNAT --to-destination 10.244.1.11
-A PREROUTING -d 10.96.0.102 -j DNAT --to-destination 10.244.1.11-10.244.1.20 --persistent
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
-A POSTROUTING -s 172.20.1.10 -j MASQUERADE
-A POSTROUTING -s 172.20.1.0/24 ! -d 172.20.1.0/24 -j MASQUERADE --random-fully
-A POSTROUTING -p udp -j MASQUERADE --to-ports 1024-2047
-A POSTROUTING -o eth0 -j SNAT --to-source 192.168.6.160
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
COMMIT
*mangle
-A PREROUTING -i eth0 -j MARK --set-xmark 0x5/0xffffffff
-A PREROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A OUTPUT -j CONNMARK --set-xmark 0x1/0xff
-A PREROUTING -p tcp -m tcp --dport 80 -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1
-A PREROUTING -p tcp -m recent --update --seconds 60 --reap --hitcount 4 --rttl --name SSH --mask 255.255.255.255 --rsource -j DROP
-A PREROUTING -m recent ! --rcheck --name SEEN --mask 255.255.255.0 --rdest
-A POSTROUTING -d 10.0.0.0/8 -j TTL --ttl-set 1
-A POSTROUTING -j TTL --ttl-inc 3
COMMIT
*raw
-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack
COMMIT
`

const corpus6 = `*filter
-A INPUT -s fd00:1::/64 -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -i veth+ -d fd00::1 -j DROP
-A INPUT -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
-A FORWARD -j REJECT --reject-with icmp6-adm-prohibited
COMMIT
*nat
-A PREROUTING -d fd00:96::1 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:1::11]:8080
-A PREROUTING -d fd00:96::2 -j DNAT --to-destination fd00:1::11
-A POSTROUTING -s fd00:1::/64 -j MASQUERADE
COMMIT
*mangle
-A PREROUTING -p udp -m udp --dport 53 -j TPROXY --on-port 0 --on-ip fd00:1::11 --tproxy-mark 0x10/0xff
-A PREROUTING -m recent --set --name SIX --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource
-A POSTROUTING -j HL --hl-dec 2
COMMIT
`

func TestRulesOfIPTablesReadAsIPTablesSavePrintsThem(t *testing.T) {
	for _, backend := range []string{"nft", "legacy"} {
		for _, family := range []struct{ tool, corpus, prefix string }{
			{"iptables", corpus4, ""}, {"ip6tables", corpus6, "-6 "},
		} {
			tool := family.tool + "-" + backend
			t.Run(tool, func(t *testing.T) {
				ns := labtest.Netns(t, "rules-"+tool)
				corpus := strings.ReplaceAll(family.corpus, "-P FORWARD DROP", ":FORWARD DROP [0:0]")
				if _, ok := ruleCommand(t, ns, corpus, tool+"-restore"); !ok {
					return
				}
				saved, _ := ruleCommand(t, ns, "", tool+"-save")
				want := ruleSaved(saved, family.prefix)
				got := only(ruleLines(t, ns), family.prefix)
				slices.Sort(want) // iptables-save has an order of tables and chains of its own
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("iptables-save (-), ReadRules (+):\n%s", diff)
				}
			})
		}
	}
}

func TestRulesKeepTheirOrderAndPolicies(t *testing.T) {
	want := map[string][]string{
		"iptables-nft": {
			"ip filter FORWARD hook forward priority filter policy drop",
			"ip filter MINE",
			"-t filter -A FORWARD -s 10.0.0.2/32 -j MINE",
			"-t filter -A FORWARD -s 10.0.0.1/32 -j ACCEPT",
		},
		"iptables-legacy": {
			"-t filter -P INPUT ACCEPT",
			"-t filter -P FORWARD DROP",
			"-t filter -P OUTPUT ACCEPT",
			"-t filter -N MINE",
			"-t filter -A FORWARD -s 10.0.0.2/32 -j MINE",
			"-t filter -A FORWARD -s 10.0.0.1/32 -j ACCEPT",
		},
	}
	for tool, lines := range want {
		t.Run(tool, func(t *testing.T) {
			ns := labtest.Netns(t, "order-"+tool)
			for _, command := range []string{
				"-P FORWARD DROP", "-N MINE", "-A FORWARD -s 10.0.0.1 -j ACCEPT", "-I FORWARD -s 10.0.0.2 -j MINE",
			} {
				if _, ok := ruleCommand(t, ns, "", tool, strings.Fields(command)...); !ok {
					return
				}
			}
			if diff := cmp.Diff(lines, ruleLines(t, ns)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestRulesDoNotContainCounters(t *testing.T) {
	ns := labtest.Netns(t, "counted")
	if _, ok := ruleCommand(t, ns, "", "iptables-nft", "-A", "OUTPUT", "-d", "127.0.0.1", "-j", "ACCEPT"); !ok {
		return
	}
	before := ruleLines(t, ns)
	ruleCommand(t, ns, "", "iptables-nft", "-A", "OUTPUT", "-c", "17", "42", "-j", "DROP")
	ruleCommand(t, ns, "", "iptables-nft", "-D", "OUTPUT", "-j", "DROP")
	if diff := cmp.Diff(before, ruleLines(t, ns)); diff != "" {
		t.Errorf("before (-), after (+):\n%s", diff)
	}
}
