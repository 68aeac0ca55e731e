package nft

import (
	"strings"
	"testing"
)

// FuzzParse reads lines of anybody's: it understands them or says why not.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"add table ip svc",
		"add chain ip svc pre { type nat hook prerouting priority dstnat; policy accept; }",
		"add map ip svc ips { type ipv4_addr . inet_proto . inet_service : verdict; }",
		"add element ip svc ips { 10.96.0.100 . tcp . 80 : goto web, 10.96.0.1 . udp . 53 : accept }",
		"add rule ip svc pre ip daddr 10.96.0.100 tcp dport 80 counter dnat to numgen random mod 2 map { 0 : 10.244.1.11, 1 : 10.244.1.12 }",
		"insert rule ip svc pre ip saddr != 10.0.0.0/8 meta mark set mark or 0x4000; flush chain ip svc x",
		"add rule ip svc pre fib daddr type local tcp dport 30080 counter drop",
		"add rule ip svc pre ct state established,related counter accept",
		"add chain arp f in { type filter hook input priority filter; }",
		"insert rule inet f fwd ip6 daddr fd00::1 icmpv6 type echo-request oifname \"eth\\*\" th sport 53 reject",
		"add rule ip6 nat PREROUTING ip6 daddr fd00::1 tcp dport 80 counter dnat to [fd00::2]:8080",
		"add rule ip svc pre ip daddr 10.96.0.100 meta nftrace set 1",
		"add rule ip pod out meta skuid != 1337 tcp dport 80 redirect to :15001",
		"add rule ip pod pre tcp dport 80 tproxy to :15001 meta mark set 1 accept",
		"add set ip svc aff-b { type ipv4_addr; flags dynamic,timeout; timeout 3h; }; add element ip svc aff-b { 10.244.1.12 }",
		"add rule ip svc ep-b update @aff-b { ip saddr }; insert rule ip svc web ip saddr @aff-b goto ep-b",
		"delete element ip svc ips { 10.96.0.100 . tcp . 80 }",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		sentences, err := Parse(strings.Fields(line))
		if err == nil && len(sentences) == 0 {
			t.Error("nothing is said, and nothing is wrong")
		}
		for _, s := range sentences {
			if back, ok := s.Opposite(); ok && back.Verb == s.Verb {
				t.Errorf("%q takes back itself", line)
			}
		}
	})
}
