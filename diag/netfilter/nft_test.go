package netfilter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nstutor/internal/lab/labtest"
)

const nativeCorpus = `table inet t {
 set pairs { type ipv4_addr . inet_service; flags interval; elements = { 1.2.3.4 . 80-90 } }
 set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.5 } }
 map m { type ipv4_addr : ipv4_addr; elements = { 1.1.1.1 : 2.2.2.2 } }
 chain other {
  return
 }
 chain c { type filter hook input priority filter; policy drop;
  ip saddr 10.0.0.0/23 tcp dport { 22, 80-90 } accept
  ip saddr 10.0.0.0/8 ip daddr 10.1.2.3 drop
  ip saddr . tcp dport @pairs drop
  ip saddr != @nets drop
  ip saddr . tcp dport { 10.0.0.1 . 80, 10.0.0.2 . 443 } accept
  ct state established,related accept
  ct state vmap { invalid : drop, established : accept }
  tcp dport vmap { 80 : jump other, 443 : goto other }
  meta mark set meta mark | 0x00004000
  meta mark set meta mark & 0x000000ff
  ct mark set ct mark ^ 0x000000ff
  numgen inc mod 2 vmap { 0 : jump other, 1 : drop }
  ct status dnat accept
  iifname { "a", "b" } meta mark set 0x00000005
  iifname "veth*" meta mark set meta mark & 0xffff4fff | 0x00004000
  oifname != "eth0" accept
  meta mark & 0x000000ff == 0x00000010 reject with icmp host-unreachable
  reject with tcp reset
  reject
  meta nfproto ipv4 reject with icmp port-unreachable
  reject with icmpx admin-prohibited
  fib daddr type local tcp flags syn / syn,ack log prefix "x"
  fib saddr . iif oif 0 drop
  tcp dport != 80-90 notrack
  udp sport 53 udp dport 1024-65535 accept
  ip6 saddr fe80::/10 icmpv6 type echo-request accept comment "hello"
  ip6 saddr fd00:1::/64 accept
  icmp type { echo-reply, echo-request } accept
  limit rate 5/second meta l4proto tcp accept
  limit rate 5/second burst 1 packets accept
  tcp dport > 1024 ct mark set meta mark
  ct mark 0x00000001 accept
  ip saddr { 1.2.3.4, 10.0.0.0/8 } drop
  meta mark 0x00000001-0x00000005 drop
  ip ttl < 5 drop
  meta l4proto { tcp, udp } accept
  meta pkttype broadcast drop
  meta nfproto ipv6 drop
  ct original ip daddr 10.96.0.1 accept
  jump other
 }
 chain n { type nat hook prerouting priority dstnat + 5; policy accept;
  dnat ip to ip saddr map @m
  ip daddr 10.0.0.1 tcp dport 80 dnat ip to 10.2.2.2-10.2.2.5:8080 random
  tcp dport 8080 redirect to :80
  tcp dport 81 dnat ip to numgen random mod 3 map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }
  ip protocol tcp dnat ip to jhash ip saddr mod 3 map { 0-1 : 10.0.0.1, 2 : 10.0.0.2 }
 }
 chain p { type nat hook postrouting priority srcnat; policy accept;
  oifname "eth0" masquerade random
  ip saddr 1.1.1.1 snat ip to 3.3.3.3 persistent
 }
}
table ip w {
 chain c { type filter hook prerouting priority mangle; policy accept;
  ip ttl set 1
  ip dscp set cs1
  ip dscp set 0
  ip dscp set af42
  ip dscp set 3
  ip ecn set ect0
  ip saddr set 1.2.3.4
  ip id set 3
  tcp dport set 8080
  udp sport set 53
  tcp flags set syn
  @nh,64,8 set 0x1
  tcp option maxseg size set 1200
  ip protocol tcp tcp option maxseg size set 1200
  ip daddr set ip daddr map { 1.1.1.1 : 2.2.2.2 }
  tcp dport 80 tproxy to :15001 meta mark set 1 accept
  udp dport 53 tproxy to 127.0.0.1:53
  tcp dport 81 tproxy to 127.0.0.1
  tcp dport 22 ct count over 3 drop
  ct count 5 accept
 }
 chain f { type filter hook forward priority mangle; policy accept;
  tcp dport 80 synproxy mss 1460 wscale 7 timestamp sack-perm
  tcp flags syn tcp option maxseg size set rt mtu
 }
}
table ip6 w {
 chain c { type filter hook prerouting priority mangle; policy accept;
  ip6 hoplimit set 1
  ip6 dscp set ef
  ip6 ecn set not-ect
  ip6 flowlabel set 3
  ip6 saddr set fd00::1
  udp dport 53 tproxy to [::1]:53
  udp dport 53 tproxy to :53
 }
}
table inet w {
 chain c { type filter hook prerouting priority mangle; policy accept;
  ip ttl set 64
  ip6 hoplimit set 64
  ip6 dscp set va
  tcp dport 1 tproxy ip to 127.0.0.1:1
  tcp dport 1 tproxy to :1
  tcp dport 80 tproxy ip6 to [::1]:80
  udp dport 80 tproxy ip to :80
 }
}
table ip nat {
 chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
  ip saddr 172.20.1.10 masquerade
 }
}
`

// ruleListed turns the output of `nft list ruleset` into those of
// RuleSet.Lines.
func ruleListed(listed string) []string {
	var lines []string
	table, chain := "", ""
	for line := range strings.Lines(listed) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "}":
			if strings.HasPrefix(line, "}") {
				chain = ""
			}
		case words[0] == "table":
			table = words[1] + " " + words[2]
		case words[0] == "chain" && chain == "":
			chain = words[1]
		case chain == "" || words[0] == "type":
		default:
			lines = append(lines, table+" "+chain+" "+line)
		}
	}
	return lines
}

func TestNativeRulesReadAsNftPrintsThem(t *testing.T) {
	ns := labtest.Netns(t, "native")
	if _, ok := ruleCommand(t, ns, nativeCorpus, "nft", "-f", "-"); !ok {
		return
	}
	listed, _ := ruleCommand(t, ns, "", "nft", "list", "ruleset")
	want := ruleListed(listed)
	others := map[string]bool{
		"ip nat POSTROUTING hook postrouting priority srcnat policy accept": true,
		"inet t set nets { 10.0.0.0/8, 192.168.1.5 }":                       true,
		"inet t set pairs { 1.2.3.4 . 80-90 }":                              true,
		"inet t map m { 1.1.1.1 : 2.2.2.2 }":                                true,
		"inet t c hook input priority filter policy drop":                   true,
		"inet t n hook prerouting priority dstnat + 5 policy accept":        true,
		"inet t p hook postrouting priority srcnat policy accept":           true,
		"inet t other": true,
		"ip w c hook prerouting priority mangle policy accept":   true,
		"ip w f hook forward priority mangle policy accept":      true,
		"ip6 w c hook prerouting priority mangle policy accept":  true,
		"inet w c hook prerouting priority mangle policy accept": true,
	}
	var got []string
	for _, line := range ruleLines(t, ns) {
		if others[line] {
			delete(others, line)
		} else {
			got = append(got, line)
		}
	}
	for line := range others {
		t.Errorf("missing: %s", line)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nft (-), ReadRules (+):\n%s", diff)
	}
}

func TestUnknownPartsOfARuleAreNamed(t *testing.T) {
	ns := labtest.Netns(t, "unknown")
	rules := "table ip t { chain c { type filter hook output priority filter; quota 10 mbytes tcp option maxseg size 500 accept\n}\n}\n"
	if _, ok := ruleCommand(t, ns, rules, "nft", "-f", "-"); !ok {
		return
	}
	want := []string{
		"ip t c hook output priority filter policy accept",
		"ip t c [expr quota] [expr exthdr] [expr exthdr] accept",
	}
	if diff := cmp.Diff(want, ruleLines(t, ns)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
