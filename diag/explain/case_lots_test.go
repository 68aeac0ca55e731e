package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/internal/lab/labtest"
)

// TestRulesThatDrawLotsAreToldWithTheirShares: without a ping it is a doubt, and all
// that may become of the packet is named.
func TestRulesThatDrawLotsAreToldWithTheirShares(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, rules string
		ways        []string
	}{
		{"one packet of four", `
host: nft add table ip f
host: nft 'add chain ip f c { type filter hook forward priority 0; }'
host: nft add rule ip f c numgen inc mod 4 3 drop`, []string{"drop (25%)", "accept (75%)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.rules)
			b := routed.build(t)
			b.run(c.rules)
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, false)
			if a.Verdict != explain.Undecided || b.script(a.Cause.Netns) != "host" {
				t.Errorf("%s in %s\n%s", a.Verdict, a.Cause.Netns, b.account(a))
			}
			for _, way := range c.ways {
				if !strings.Contains(a.Cause.Detail.In("en"), way) {
					t.Errorf("%q is not in %q", way, a.Cause.Detail.In("en"))
				}
			}
		})
	}
}
