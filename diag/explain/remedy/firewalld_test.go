package remedy

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/change"
)

// TestFirewalldIsAskedToOpenWhatItCloses: a zone's own network, port or kind of ICMP,
// now and for later; nothing where it is not here, or the chain is no zone's.
func TestFirewalldIsAskedToOpenWhatItCloses(t *testing.T) {
	bin := t.TempDir()
	one, two := netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.2.0.2")
	echo, tcp := flows.Flow{Proto: 1, Src: one, Dst: two}, flows.Flow{Proto: 6, Src: one, Dst: two, SrcPort: 40000, DstPort: 80}
	all, blocks := new(netfilter.Rule), &netfilter.Rule{Matches: []netfilter.Match{{Key: []fields.Name{"icmp type"}}}}
	network := netip.MustParsePrefix("10.1.0.0/24")
	t.Setenv("PATH", t.TempDir())
	for _, here := range []bool{false, true} {
		for _, c := range []struct {
			chain string
			rule  *netfilter.Rule
			flow  flows.Flow
			want  string // without a word on how long
		}{
			{"filter_FWD_public", all, echo, "--zone=trusted --add-source=10.1.0.0/24"},
			{"filter_IN_home_lan_deny", blocks, echo, "--zone=home_lan --remove-icmp-block=echo-request"},
			{"filter_IN_public", all, tcp, "--zone=public --add-port=80/tcp"},
			{"filter_IN_public", all, echo, "--zone=public '--add-rich-rule=rule family=ipv4 source address=10.1.0.2 accept'"},
			{"filter_IN_public_deny", all, tcp, "--zone=public '--add-rich-rule=rule priority=-1 family=ipv4 source address=10.1.0.2 port port=80 protocol=tcp accept'"},
			{"filter_IN_public_pre", all, echo, "--zone=public '--add-rich-rule=rule priority=-32768 family=ipv4 source address=10.1.0.2 accept'"},
			{"filter_FORWARD", all, echo, ""},
		} {
			var got, want []string
			for _, command := range change.Here(Firewalld(c.chain, c.rule, c.flow, network)...) {
				got = append(got, command.String())
			}
			if here && c.want != "" {
				want = []string{"firewall-cmd " + c.want, "firewall-cmd --permanent " + c.want}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %v: %q, want %q", c.chain, c.rule.Matches, got, want)
			}
		}
		t.Setenv("PATH", bin)
		if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
