package mesh_test

import (
	"os/exec"
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/mesh"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestHandingOverIsKnownByTheRule: written by either tool; not where it takes less than
// the port, or what the pod sends itself as well.
func TestHandingOverIsKnownByTheRule(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	a := mesh.HandOver{Netns: lab.Host, Port: 80, Line: "add rule ip mangle PREROUTING iifname eth0 tcp dport 80 counter tproxy to :15007 meta mark set 1 accept"}
	begin := func() {
		if err := l.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"add table ip mangle", "add chain ip mangle PREROUTING { type filter hook prerouting priority mangle; }"} {
			if err := change.NFTLine(lab.Host, line).Apply(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantDone := func(what string, want bool) {
		t.Helper()
		if done, err := steps.Done(t.Context(), l, a); err != nil || done != want {
			t.Errorf("%s: done is %v (%v), want %v", what, done, err, want)
		}
	}
	begin()
	var was change.Before
	if err := was.Read(t.Context(), l, lab.Host, l.Namespaces()); err != nil {
		t.Fatal(err)
	}
	wantDone("nothing", false)
	if err := a.Change(l).Apply(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	wantDone("applied", true)
	if err := a.Change(l).Undo(t.Context(), l, was); err != nil {
		t.Fatal(err)
	}
	wantDone("undone", false)
	for line, want := range map[string]bool{
		"nft add rule ip mangle PREROUTING iifname eth0 tcp dport 80 tproxy to 127.0.0.1:15007":                true,
		"iptables -t mangle -A PREROUTING -i eth0 -p tcp --dport 80 -j TPROXY --on-port 15007 --tproxy-mark 1": true,
		"iptables -t mangle -A PREROUTING -i eth0 -p tcp -j TPROXY --on-port 15007 --tproxy-mark 1":            true,
		"nft add rule ip mangle PREROUTING tcp dport 80 tproxy to :15007":                                      false,
		"nft add rule ip mangle PREROUTING iifname eth0 tcp dport 8080 tproxy to :15007":                       false,
		"nft add rule ip mangle PREROUTING iifname eth0 ip saddr 10.0.0.1 tcp dport 80 tproxy to :15007":       false,
		"nft add rule ip mangle PREROUTING iifname lo tcp dport 80 tproxy to :15007":                           false,
		"nft add rule ip mangle PREROUTING iifname eth0 tcp dport 80 counter":                                  false,
	} {
		if _, err := exec.LookPath(strings.Fields(line)[0]); err != nil {
			t.Logf("%s: %v", line, err)
			continue
		}
		begin()
		if err := labtest.Type(t.Context(), l, lab.Host, line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		wantDone(line, want)
	}
	gone := a
	gone.Netns = "gone"
	if done, err := steps.Done(t.Context(), l, gone); done || err != nil {
		t.Errorf("where nothing is: %v, %v", done, err)
	}
}
