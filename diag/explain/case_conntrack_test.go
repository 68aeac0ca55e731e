package explain_test

import (
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/flows"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
)

// fillable bounds the table that the test fills: it takes 400 bytes of the
// kernel's memory for each connection.
const fillable = 1 << 19

// TestAFullConnectionTable: a router whose rules track connections drops the
// ping when its table is full, and passes it when there is room again.
func TestAFullConnectionTable(t *testing.T) {
	labtest.Slow(t)
	w := newFilterWorld(t)
	for _, tool := range []string{"nft", "conntrack"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	use, err := table.ReadConntrack(w.r)
	if err != nil || use.Max == 0 || use.Max > fillable {
		t.Skipf("a table of %d connections, %v", use.Max, err)
	}
	w.must(w.r.Do(func() error {
		return exec.Command("nft", "add table ip t; add chain ip t f { type filter hook forward priority 0; }; add rule ip t f ct state new accept").Run()
	}))
	w.must(labtest.FlushConntrack(w.r))
	w.must(labtest.FillConntrack(w.r, use.Max))
	for _, proto := range []byte{unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
		if a := w.explain(proto, true); a.Cause.Code != full.ConntrackFull || a.Cause.Netns != w.r.Name() {
			t.Errorf("protocol %d: cause %s in %s: %+v", proto, a.Cause.Code, a.Cause.Netns, a)
		}
	}
	answer := func(probe bool) explain.Answer { return w.explain(0, probe) }
	for _, probe := range []bool{false, true} {
		if a := answer(probe); a.Cause.Code != full.ConntrackFull || a.Cause.Netns != w.r.Name() || a.Cause.Leg != flows.LegRequest {
			t.Fatalf("probe %v: cause %s in %s, want conntrack-full in %s: %+v", probe, a.Cause.Code, a.Cause.Netns, w.r.Name(), a)
		}
	}
	if a := answer(true); !hasCounted(a, "drop +") {
		t.Errorf("the kernel has counted what it dropped: %v", a.Cause.Evidence)
	}
	for _, fix := range answer(false).Fix {
		var out strings.Builder
		w.must(w.r.Do(func() error {
			cmd := exec.Command("sh", "-c", fix.String())
			cmd.Stderr = &out
			return cmd.Run()
		}))
	}
	if got := probe.Ping(t.Context(), w.a, probe.Echo{To: "b", Dst: filterAddrB}); got.Outcome != probe.Replied {
		t.Errorf("after the fix: %s", got.Message)
	}
	if a := answer(true); a.Verdict != explain.Delivered {
		t.Errorf("after the fix: %+v", a)
	}
}
