package cause_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
)

// TestPanicModeIsEndedForAll: whatever firewalld's panic mode stops here, an answer and a
// question of ARP too, is let through by its end; elsewhere firewalld is not asked.
func TestPanicModeIsEndedForAll(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	base := netfilter.Chain{Name: "INPUT", Hook: "input", Type: "filter", Policy: "drop", Rules: []netfilter.Rule{{Verdict: netfilter.Verdict{Chain: "INPUT_direct"}}}}
	table := &netfilter.Table{Family: "bridge", Name: "filter", Chains: []netfilter.Chain{base, {Name: "INPUT_direct"}}}
	r := eval.Result{Verdict: eval.VerdictDrop, Table: table, Chain: &table.Chains[0], In: "INPUT"}
	one, two := netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.1.0.1")
	for _, where := range []string{"", "pod"} {
		for name, f := range map[string]cause.Finding{
			"a question": device.ARPStopped{At: cause.At(where), Target: two, Packet: eval.Packet{Src: one, Dst: two}, Result: r},
			"an answer":  cause.Stopped{At: cause.At(where), Hook: "input", Result: r, Answer: true},
		} {
			fix := f.Fix()
			if ends := len(fix) == 1 && change.Here(fix...)[0].String() == "firewall-cmd --panic-off"; ends != (where == "") {
				t.Errorf("%s in %q: %v", name, where, fix)
			}
		}
	}
	table.Chains[1].Policy = "accept" // one of them alone is no panic
	if r.Panics() {
		t.Error("a chain that accepts")
	}
}
