package change_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab"
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
