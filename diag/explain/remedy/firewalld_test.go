package remedy

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/internal/change"
)

// TestFirewalldIsAskedToOpenWhatItCloses: the sender alone, a port or kind of ICMP,
// now and for later; nothing where it is not here, or the chain is no zone's.
func TestFirewalldIsAskedToOpenWhatItCloses(t *testing.T) {
	bin := t.TempDir()
	one, two := netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.2.0.2")
	echo, tcp := flows.Flow{Proto: 1, Src: one, Dst: two}, flows.Flow{Proto: 6, Src: one, Dst: two, SrcPort: 40000, DstPort: 80}
	all, blocks := new(netfilter.Rule), &netfilter.Rule{Matches: []netfilter.Match{{Key: []fields.Name{"icmp type"}}}}
	table := &netfilter.Table{Name: "firewalld", Chains: zones("filter_FORWARD_ZONES", "filter_FWD_")}
	t.Setenv("PATH", t.TempDir())
	for _, here := range []bool{false, true} {
		for _, c := range []struct {
			chain, out string
			rule       *netfilter.Rule
			flow       flows.Flow
			want       string // without a word on how long
		}{
			{"filter_FWD_public", "lan1", all, echo, "--zone=trusted --add-source=10.1.0.2"},
			{"filter_IN_home_lan_deny", "lan1", blocks, echo, "--zone=home_lan --remove-icmp-block=echo-request"},
			{"filter_IN_public", "lan1", all, tcp, "--zone=public --add-port=80/tcp"},
			{"filter_IN_public", "lan1", all, echo, "--zone=public '--add-rich-rule=rule family=ipv4 source address=10.1.0.2 icmp-type name=echo-request accept'"},
			{"filter_IN_public_deny", "lan1", all, tcp, "--zone=public '--add-rich-rule=rule priority=-1 family=ipv4 source address=10.1.0.2 port port=80 protocol=tcp accept'"},
			{"filter_IN_public_pre", "lan1", all, echo, "--zone=public '--add-rich-rule=rule priority=-32768 family=ipv4 source address=10.1.0.2 icmp-type name=echo-request accept'"},
			{"filter_FWD_home", "lan1", all, echo, "--zone=home --add-forward"},
			{"FWD_home", "lan0", all, echo, "--zone=home --add-forward"},
			{"filter_FWD_home_deny", "lan1", all, echo, "--zone=trusted --add-source=10.1.0.2"},
			{"filter_FWD_home", "eth0", all, echo, "--zone=trusted --add-source=10.1.0.2"},
			{"filter_FWD_public", "tun0", all, echo, "--zone=trusted --add-source=10.1.0.2"}, // in its zone for want of another
			{"IN_public", "lan1", all, tcp, "--zone=public --add-port=80/tcp"},
			{"filter_FORWARD", "lan1", all, echo, ""},
		} {
			var got, want []string
			for _, command := range change.Here(Firewalld(eval.Result{Table: table, In: c.chain, Decided: c.rule, Packet: eval.Packet{IIF: "lan0", OIF: c.out}}, c.flow)...) {
				got = append(got, command.String())
			}
			if here && c.want != "" {
				want = []string{"firewall-cmd " + c.want, "firewall-cmd --permanent " + c.want}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s to %s, %v: %q, want %q", c.chain, c.out, c.rule.Matches, got, want)
			}
		}
		t.Setenv("PATH", bin)
		if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// zones share packets out as firewalld does: what is of no device by name is public.
func zones(chain, to string) []netfilter.Chain {
	of := func(dev, zone string) netfilter.Rule {
		name := make([]byte, 16)
		copy(name, dev)
		return netfilter.Rule{
			Matches: []netfilter.Match{{Key: []fields.Name{"iifname"}, OneOf: []fields.Tuple{{fields.Exactly(name)}}}},
			Verdict: netfilter.Verdict{Chain: to + zone},
		}
	}
	return []netfilter.Chain{{Name: chain, Rules: []netfilter.Rule{
		of("lan0", "home"), of("lan1", "home"), of("eth0", "dmz"), {Verdict: netfilter.Verdict{Chain: to + "public"}},
	}}}
}

// TestFirewalldIsAskedForAnotherSource: where its zones are known, and it is here, what
// leaves by a zone is masqueraded by a rich rule of the zone; panic mode is left.
func TestFirewalldIsAskedForAnotherSource(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	first := func(fix []change.Change) string {
		if len(fix) == 0 {
			return ""
		}
		return change.Here(fix...)[0].String()
	}
	rule := change.Masquerade{Src: netip.MustParsePrefix("10.1.0.0/24"), Out: "eth0"}
	elsewhere, early := rule, rule
	elsewhere.Netns, early.First = "pod", true
	for zone, want := range map[string]string{"dmz": "firewall-cmd --zone=dmz '--add-rich-rule=rule family=ipv4 source address=10.1.0.0/24 masquerade'", "": ""} {
		if got := first(Masquerade(zone, rule)); got != want {
			t.Errorf("zone %q: %q, want %q", zone, got, want)
		}
	}
	if fix := append(Masquerade("dmz", elsewhere), Masquerade("dmz", early)...); fix != nil {
		t.Errorf("in a namespace, or before all rules: %v", fix)
	}
	tables := []netfilter.Table{{Name: "firewalld", Chains: zones("nat_POSTROUTING_ZONES", "nat_POST_")}}
	for dev, want := range map[string]string{"eth0": "dmz", "lan1": "home", "tun0": "public"} {
		if zone, named := firewalld.Zone(tables, dev); zone != want || named != (dev != "tun0") {
			t.Errorf("%s is in %q (by name: %t), want %q", dev, zone, named, want)
		}
	}
	panics := eval.Result{Table: &netfilter.Table{Name: "firewalld_policy_drop"}}
	if got := first(Firewalld(panics, flows.Flow{})); got != "firewall-cmd --panic-off" {
		t.Errorf("panic mode: %q", got)
	}
}
