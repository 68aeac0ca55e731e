package change

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestARuleMeansNoOtherDevice: what a program would take for a pattern is told to
// another one.
func TestARuleMeansNoOtherDevice(t *testing.T) {
	for _, test := range []struct{ installed, device, want string }{
		{"iptables nft nstutor", "eth0", "iptables -t nat -A POSTROUTING -s 10.0.0.1 -o eth0 -j MASQUERADE"},
		{"iptables nft nstutor", "+", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"+"' masquerade`},
		{"iptables nft nstutor", "eth+", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"eth+"' masquerade`},
		{"iptables nft nstutor", "!", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"!"' masquerade`},
		{"iptables nft nstutor", "e+h", "iptables -t nat -A POSTROUTING -s 10.0.0.1 -o e+h -j MASQUERADE"},
		{"iptables nft nstutor", `a"+`, `nstutor apply masquerade --source 10.0.0.1 '--out=a"+'`},
		{"iptables nstutor", "eth+", "nstutor apply masquerade --source 10.0.0.1 --out=eth+"},
		{"nft nstutor", "eth*", "nstutor apply masquerade --source 10.0.0.1 '--out=eth*'"},
	} {
		bin := t.TempDir()
		var failed error
		for _, program := range strings.Fields(test.installed) {
			failed = errors.Join(failed, os.WriteFile(filepath.Join(bin, program), nil, 0o755))
		}
		if failed != nil {
			t.Fatal(failed)
		}
		t.Setenv("PATH", bin)
		commands := Here(Masquerade{Src: Only(netip.MustParseAddr("10.0.0.1")), Out: test.device})
		if got := commands[len(commands)-1].String(); got != test.want {
			t.Errorf("%s, with %s:\n got %s\nwant %s", test.device, test.installed, got, test.want)
		}
	}
}

// TestARuleOfIPv6IsToldToProgramsOfIPv6: or to this program where there is none.
func TestARuleOfIPv6IsToldToProgramsOfIPv6(t *testing.T) {
	one, two := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	leave := Masquerade{Src: Only(one), Out: "eth0"}
	service := Translate{Hook: "output", Dst: one, Kind: Kind{Proto: "tcp", DstPort: 80}, To: two, ToPort: 8080}
	solicit := Accept{Family: "ip6", Table: "filter", Chain: "INPUT", IPTables: true, Kind: Kind{Proto: "icmpv6", ICMPType: "nd-neighbor-solicit"}}
	for _, test := range []struct {
		installed string
		rule      Change
		want      string
	}{
		{"iptables ip6tables nft", leave, "ip6tables -t nat -A POSTROUTING -s fd00::1 -o eth0 -j MASQUERADE"},
		{"iptables nft", leave, `nft add rule ip6 nat POSTROUTING ip6 saddr fd00::1 oifname '"eth0"' masquerade`},
		{"iptables nstutor", leave, "nstutor apply masquerade --source fd00::1 --out=eth0"},
		{"iptables ip6tables nft", service, "ip6tables -t nat -A OUTPUT -d fd00::1 -p tcp --dport 80 -j DNAT --to-destination '[fd00::2]:8080'"},
		{"iptables nft", service, "nft add rule ip6 nat OUTPUT ip6 daddr fd00::1 tcp dport 80 dnat to '[fd00::2]:8080'"},
		{"iptables nstutor", service, "nstutor apply ip6tables -t nat -A OUTPUT -d fd00::1 -p tcp --dport 80 -j DNAT --to-destination '[fd00::2]:8080'"},
		{"iptables-nft ip6tables-nft nft", solicit, "ip6tables-nft -t filter -I INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j ACCEPT"},
		{"iptables-nft nft", solicit, "nft insert rule ip6 filter INPUT icmpv6 type nd-neighbor-solicit accept"},
		{"iptables-nft nstutor", solicit, "nstutor apply accept --family=ip6 --table=filter --chain=INPUT --proto=icmpv6 --icmp-type=nd-neighbor-solicit"},
	} {
		bin := t.TempDir()
		for _, program := range strings.Fields(test.installed) {
			if err := os.WriteFile(filepath.Join(bin, program), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", bin)
		got := ""
		if commands := Here(test.rule); len(commands) > 0 {
			got = commands[len(commands)-1].String()
		}
		if got != test.want {
			t.Errorf("with %s:\n got %s\nwant %s", test.installed, got, test.want)
		}
	}
}
