package change_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// TestAMisspeltRuleIsNotWritten: the word is named that nobody knows, by iptables and
// where it is not installed; a beginning of a word that is enough for it is taken.
func TestAMisspeltRuleIsNotWritten(t *testing.T) {
	path := os.Getenv("PATH")
	for with, path := range map[string]string{"with iptables": path, "without": ""} {
		t.Run(with, func(t *testing.T) {
			if _, err := exec.LookPath("iptables"); err != nil && path != "" {
				t.Skip("iptables is not installed")
			}
			l, err := lab.New(t.Context(), lab.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			t.Setenv("PATH", path)
			for _, c := range []struct{ rule, unknown string }{
				{"-d 10.96.0.100 -p tcp --dport 80 -j DNAT --to-distination 10.244.1.11:8080", `unknown option "--to-distination"`},
				{"-d 10.96.0.100 -p tcp --dport 80 -j DNAT --to-source 10.244.1.11:8080", `unknown option "--to-source"`},
				{"-d 10.96.0.100 -j ACCEPT --to-destination 10.244.1.11", `unknown option "--to-destination"`},
				{"-d 10.96.0.100 -j DNAT", "--to-destination"},
				{"-d 10.96.0.100 -p tcp --dport 80 -j DNAT --to-dest 10.244.1.11:8080", ""},
				{"-d 10.96.0.100 -j DNAT --to-destination 10.244.1.11", ""},
			} {
				before := rulesIn(t, l)
				err := change.IPTables{Netns: host, Words: strings.Fields("-t nat -A OUTPUT " + c.rule)}.Apply(t.Context(), l)
				switch {
				case c.unknown == "" && err != nil:
					t.Error(err)
				case c.unknown == "":
				case err == nil || !strings.Contains(err.Error(), c.unknown):
					t.Errorf("%s: %v", c.rule, err)
				case rulesIn(t, l) > before:
					t.Errorf("%s is written", c.rule)
				}
			}
		})
	}
}

// rulesIn counts the rules of the node.
func rulesIn(t *testing.T, l *lab.Lab) (n int) {
	t.Helper()
	ns, err := l.NS(host)
	if err != nil {
		t.Fatal(err)
	}
	set, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range set.Lines() {
		if strings.Contains(line, "dnat") || strings.Contains(line, "DNAT") || strings.Contains(line, "ACCEPT") || strings.HasSuffix(line, "accept") {
			n++
		}
	}
	return n
}

// TestANameThatNothingHasIsSaid: of a chain, a target or a table, in the words of iptables
// and with the name, where iptables is not installed; and nothing is left of the line.
func TestANameThatNothingHasIsSaid(t *testing.T) {
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	t.Setenv("PATH", "")
	for _, c := range []struct{ line, en, zh string }{
		{"-A NOSUCH -j ACCEPT", "No chain/target/match by that name: the table filter has no chain NOSUCH", "filter 表里没有链 NOSUCH"},
		{"-t nat -A FORWARD -j ACCEPT", "No chain/target/match by that name: the table nat has no chain FORWARD", "nat 表里没有链 FORWARD"},
		{"-F NOSUCH", "the table filter has no chain NOSUCH", "没有链 NOSUCH"},
		{"-A FORWARD -s 10.0.0.1 -j NOSUCH", "No chain/target/match by that name: neither a target nor a chain of the table filter is called NOSUCH", "没有叫 NOSUCH 的目标，filter 表里也没有"},
		{"-I INPUT -j accept", "is called accept", "没有叫 accept 的目标"},
		{"-t nope -A FORWARD -j ACCEPT", "table 'nope' does not exist", "表 nope 不存在"},
		{"-P NOSUCH DROP", "Bad built-in chain name: the table filter has no chain NOSUCH of its own", "filter 表没有自带的链 NOSUCH"},
		{"-N FORWARD", "Chain already exists: FORWARD", "链 FORWARD 已经有了"},
		{"-N mine", "", ""},
		{"-N mine", "Chain already exists: mine", ""},
		{"-P mine DROP", "Bad built-in chain name", ""},
		{"-A FORWARD -j mine", "", ""},
		{"-A mine -j ACCEPT", "", ""},
		{"-t mangle -A OUTPUT -j ACCEPT", "", ""},
		{"-t raw -A PREROUTING -j ACCEPT", "", ""},
	} {
		before := rulesIn(t, l)
		err := change.IPTables{Netns: host, Words: strings.Fields(c.line)}.Apply(t.Context(), l)
		switch said := say.Quote(err); {
		case c.en == "" && err != nil:
			t.Errorf("%s: %v", c.line, err)
		case c.en == "":
		case err == nil || !strings.Contains(said.In("en"), c.en) || !strings.Contains(said.In("zh"), c.zh) || strings.Contains(said.In("en"), "netlink"):
			t.Errorf("%s: %q, %q", c.line, said.In("en"), said.In("zh"))
		case rulesIn(t, l) != before:
			t.Errorf("%s has written something", c.line)
		}
	}
}
