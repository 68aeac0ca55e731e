package change_test

import (
	"slices"
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// TestARuleReadsAsItWasSaid: what a line has written is what the kernel's rules are read
// as, in each family, whether nft is there or not.
func TestARuleReadsAsItWasSaid(t *testing.T) {
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	t.Setenv("PATH", "")
	for family, rules := range map[string][]string{
		"ip": {
			"ip saddr 10.0.0.0/8 ip daddr != 10.1.1.1 tcp dport 80 accept",
			"icmp type destination-unreachable drop",
			`iifname "cali*" oifname "eth0" th dport 53 jump c2`,
			"ct state established,related accept",
		},
		"ip6": {
			"ip6 saddr fd00::/64 ip6 daddr fd00::1 udp sport 53 reject",
			"icmpv6 type nd-neighbor-solicit accept",
		},
		"inet": {
			"ip saddr 10.0.0.1 tcp dport 80 accept",
			"ip6 daddr fd00::1 icmpv6 type echo-request drop",
		},
		"bridge": {"ether type arp accept", "arp saddr ip 10.0.0.1 accept", "ip daddr 10.0.0.1 icmp type echo-reply accept"},
		"arp":    {"arp saddr ip 10.0.0.1 accept"},
	} {
		hook := "forward"
		if family == "arp" {
			hook = "input"
		}
		t.Run(family, func(t *testing.T) {
			said := []string{"add table " + family + " said", "add chain " + family + " said c2",
				"add chain " + family + " said c { type filter hook " + hook + " priority filter; policy accept; }"}
			for _, rule := range rules {
				said = append(said, "add rule "+family+" said c "+rule)
			}
			for _, line := range said {
				if err := change.NFTLine(host, line).Apply(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			ns, err := l.NS(host)
			if err != nil {
				t.Fatal(err)
			}
			set, err := netfilter.Read(ns)
			if err != nil {
				t.Fatal(err)
			}
			lines := set.Lines()
			for _, rule := range rules {
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasSuffix(line, rule) }) {
					t.Errorf("nobody reads %q in\n%s", rule, strings.Join(lines, "\n"))
				}
			}
		})
	}
}
