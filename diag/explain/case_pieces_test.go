package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// TestADatagramThatGoesInPieces: a rule that drops all fragments but the first lets a small
// datagram by, and the first of a large one.
func TestADatagramThatGoesInPieces(t *testing.T) {
	labtest.Slow(t)
	const script = `host: nft 'add table ip frags; add chain ip frags pre { type filter hook prerouting priority -450; }; add rule ip frags pre ip frag-off & 0x1fff != 0 drop'`
	needTools(t, script)
	b := routed.build(t)
	b.serve([]string{"pod-b udp 10.244.1.11:5060"})
	c := breakage{from: "pod-a", to: "10.244.1.11", asks: "udp 5060", size: 3000}
	if a := b.explain(c, true); a.Verdict != explain.Delivered || a.Probe.Received == 0 {
		t.Fatalf("whole: %s", b.account(a))
	}
	b.run(script)
	a := b.explain(c, true)
	if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || b.script(a.Cause.Netns) != "host" || len(a.Fix) != 1 || !strings.Contains(a.Cause.Detail.String(), "drops all of them but the first") {
		t.Fatal(b.account(a))
	}
	b.apply(a.Fix[0])
	if r := b.eventuallyAsk(c); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s", r.Message)
	}
}
