package netfilter_test

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/netfilter"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink/nl"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// openRules loads rules into a namespace with a program, and opens them. It
// skips the test where the program is not installed.
func openRules(t *testing.T, tool, rules string) (*nsenter.Namespace, *netfilter.RuleSet) {
	t.Helper()
	ns := labtest.Netns(t, "open")
	loadRules(t, ns, tool, rules)
	set, err := netfilter.Open(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	return ns, set
}

func loadRules(t *testing.T, ns *nsenter.Namespace, tool, rules string) {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("%s is not installed", tool)
	}
	args := []string{"--noflush"}
	if tool == "nft" {
		args = []string{"-f", "-"}
	}
	err = ns.Do(func() error {
		cmd := exec.Command(path, args...)
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", tool, err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// walked are the rules' lines, as a walk finds them.
func walked(set *netfilter.RuleSet) []string {
	var lines []string
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			for rule := range table.Chains[j].Walk(nil) {
				lines = append(lines, table.RuleLine(&table.Chains[j], rule))
			}
		}
	}
	return lines
}

func openChain(t *testing.T, set *netfilter.RuleSet, family, table, chain string) *netfilter.Chain {
	t.Helper()
	for i := range set.Tables {
		if set.Tables[i].Family == family && set.Tables[i].Name == table {
			if c, ok := set.Tables[i].Chain(chain); ok {
				return c
			}
		}
	}
	t.Fatalf("no chain %s %s %s in %v", family, table, chain, set.Tables)
	return nil
}

// manyRules are so many rules for iptables-restore, one a pod.
func manyRules(n int) string {
	var b strings.Builder
	b.WriteString("*filter\n")
	for i := range n {
		fmt.Fprintf(&b, "-A FORWARD -s 10.244.%d.%d -p udp --dport 53 -j ACCEPT\n", i>>8, i&255)
	}
	return b.String() + "COMMIT\n"
}

const openNative = `table inet t {
 set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.5 } }
 map m { type inet_service : verdict; elements = { 80 : jump other, 443 : drop } }
 chain other { ip daddr @s accept
 }
 chain empty { }
 chain c { type filter hook input priority filter; policy drop;
  ip saddr { 10.0.0.1, 10.0.0.9 } accept
  tcp dport vmap @m
  ip saddr 10.1.0.0/16 ip daddr != @s counter drop
  meta mark set 0x5
  jump empty
  jump other
 }
}
table ip n {
 chain p { type nat hook postrouting priority 100;
  ip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 masquerade
 }
}
`

func TestAnOpenSetHasTheRulesThatAreReadAtOnce(t *testing.T) {
	for _, c := range []struct{ tool, rules string }{
		{"nft", openNative}, {"iptables-nft-restore", manyRules(400)}, {"iptables-legacy-restore", manyRules(400)},
	} {
		t.Run(c.tool, func(t *testing.T) {
			ns, open := openRules(t, c.tool, c.rules)
			whole, err := netfilter.Read(ns)
			if err != nil {
				t.Fatal(err)
			}
			want := walked(whole)
			if len(want) < 8 {
				t.Fatalf("only %d rules: %q", len(want), want)
			}
			for range 2 {
				if diff := cmp.Diff(want, walked(open)); diff != "" || open.Err() != nil {
					t.Errorf("read at once (-), walked (+): %v\n%s", open.Err(), diff)
				}
			}
		})
	}
}

func TestAWalkReadsNoFurtherThanItGoes(t *testing.T) {
	_, set := openRules(t, "iptables-nft-restore", manyRules(400))
	chain := openChain(t, set, "ip", "filter", "FORWARD")
	if chain.Empty() || chain.RulesRead() != 0 {
		t.Errorf("it is known without reading a rule whether there are any: %d read", chain.RulesRead())
	}
	var first *netfilter.Rule
	for rule := range chain.Walk(nil) {
		first = rule
		break
	}
	if n := chain.RulesRead(); n == 0 || n > 100 {
		t.Errorf("%d of 400 rules were read for the first", n)
	}
	if !chain.Uses(map[string]bool{"counter": true}) || chain.RulesRead() > 100 {
		t.Errorf("%d rules were read to find an expression of the first", chain.RulesRead())
	}
	if chain.Uses(map[string]bool{"masq": true}) || chain.RulesRead() != 400 {
		t.Errorf("%d rules were read to say that none masquerades", chain.RulesRead())
	}
	for rule := range chain.Walk(nil) {
		if rule != first || !chain.Has(rule) || (&netfilter.Chain{}).Has(rule) {
			t.Error("the first rule is another the second time")
		}
		break
	}
	if set.Streams() != 0 {
		t.Error("the dump is over, and its socket open")
	}
}

func TestAWalkLeavesOutWhatMisses(t *testing.T) {
	for _, tool := range []string{"iptables-nft-restore", "iptables-legacy-restore"} {
		t.Run(tool, func(t *testing.T) {
			ns, set := openRules(t, tool, manyRules(300))
			whole, err := netfilter.Read(ns)
			if err != nil {
				t.Fatal(err)
			}
			source := []byte{10, 244, 1, 7}
			misses := func(m *netfilter.Match) bool { return m.Key[0] == "ip saddr" && !m.Holds(source) }
			for _, set := range []*netfilter.RuleSet{set, whole} {
				chain := openChain(t, set, "ip", "filter", "FORWARD")
				rules := slices.Collect(chain.Walk(misses))
				if len(rules) != 1 || !slices.ContainsFunc(rules[0].Matches, func(m netfilter.Match) bool { return m.Key[0] == "ip saddr" && m.Holds(source) }) ||
					len(rules[0].Exprs) == 0 || rules[0].Verdict.Kind != netfilter.VerdictAccept {
					t.Fatalf("%d rules are left: %+v", len(rules), rules)
				}
				if all := slices.Collect(chain.Walk(nil)); len(all) != 300 || all[263] != rules[0] {
					t.Errorf("then there are %d rules", len(all))
				}
			}
		})
	}
}

// TestWhatARuleDoesBeforeAConditionIsNotLeftOut has an effect, and a condition
// that is not known, before one that is not met.
func TestWhatARuleDoesBeforeAConditionIsNotLeftOut(t *testing.T) {
	const rules = `table ip t { chain c { type filter hook input priority 0;
 meta mark set 0x5 ip saddr 10.0.0.1 drop
 numgen random mod 2 0 ip saddr 10.0.0.1 drop
 ip saddr 10.0.0.1 meta mark set 0x6
 }
}
`
	ns, set := openRules(t, "nft", rules)
	whole, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*netfilter.RuleSet{set, whole} {
		chain := openChain(t, set, "ip", "t", "c")
		left := slices.Collect(chain.Walk(func(m *netfilter.Match) bool { return m.Key[0] == "ip saddr" }))
		if len(left) != 2 || len(left[0].Effects) != 1 || left[1].Matches[0].Known() {
			t.Errorf("left are %+v", left)
		}
	}
}

func TestRulesThatChangeDuringAWalkAreTold(t *testing.T) {
	ns, set := openRules(t, "iptables-nft-restore", manyRules(400))
	for range openChain(t, set, "ip", "filter", "FORWARD").Walk(nil) {
		break
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	loadRules(t, ns, "iptables-nft-restore", "*filter\n-I FORWARD -s 192.0.2.1 -j DROP\nCOMMIT\n")
	for range openChain(t, set, "ip", "filter", "FORWARD").Walk(nil) {
	}
	if err := set.Err(); !errors.Is(err, nl.ErrDumpInterrupted) || !strings.Contains(err.Error(), "open: ") {
		t.Errorf("a rule was added in the middle: %v", err)
	}
	if err := set.Reload(); err != nil || set.Err() != nil {
		t.Fatal(err, set.Err())
	}
	rules := slices.Collect(openChain(t, set, "ip", "filter", "FORWARD").Walk(nil))
	if len(rules) != 401 || rules[0].Verdict.Kind != netfilter.VerdictDrop || set.Err() != nil {
		t.Errorf("%d rules after it was read anew, %v", len(rules), set.Err())
	}
}

// TestAChainThatWasTakenAwayIsTold changes the rules before the first is read:
// there is no message then that would tell its generation.
func TestAChainThatWasTakenAwayIsTold(t *testing.T) {
	ns, set := openRules(t, "nft", openNative)
	loadRules(t, ns, "nft", "flush chain inet t other\n")
	for range openChain(t, set, "inet", "t", "other").Walk(nil) {
		t.Error("there is a rule")
	}
	if err := set.Err(); !errors.Is(err, nl.ErrDumpInterrupted) {
		t.Errorf("a chain was emptied: %v", err)
	}
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	loadRules(t, ns, "nft", "delete table ip n\n")
	chain := openChain(t, set, "inet", "t", "c")
	for range chain.Walk(nil) {
	}
	if err := set.Err(); !errors.Is(err, nl.ErrDumpInterrupted) {
		t.Errorf("another table was deleted: %v", err)
	}
}

func TestASetThatIsClosedHasNoMoreRules(t *testing.T) {
	_, set := openRules(t, "iptables-nft-restore", manyRules(400))
	chain := openChain(t, set, "ip", "filter", "FORWARD")
	for range chain.Walk(nil) {
		break
	}
	set.Close()
	set.Close()
	n := len(slices.Collect(chain.Walk(nil)))
	if err := set.Err(); n == 400 || !errors.Is(err, nsenter.ErrClosed) {
		t.Errorf("%d rules, %v", n, err)
	}
}

func TestAnOpenNamespaceWithoutRulesIsEmpty(t *testing.T) {
	set, err := netfilter.Open(labtest.Netns(t, "bare"))
	if err != nil || len(set.Tables) != 0 || set.Err() != nil {
		t.Errorf("%+v, %v", set, err)
	}
	set.Close()
}
