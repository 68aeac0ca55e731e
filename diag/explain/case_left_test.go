package explain_test

import (
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// TestAnAddressThatOnlyARouteIsLeftOf: it has moved to somebody else, and the node asks
// itself. What a program has for an address of its own is meant so.
func TestAnAddressThatOnlyARouteIsLeftOf(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	route := "host: ip route add local 192.168.6.1 dev lo table local"
	needTools(t, route)
	b.run(route)
	b.serve([]string{"inet tcp 192.168.6.1:443"})
	flow := breakage{from: "host", to: "192.168.6.1", asks: "tcp 443"}
	b.mended(flow, service.NotListening, "host")
	b.run(route)
	b.serve([]string{"host tcp 192.168.6.1:80"})
	if a := b.explain(flow, true); a.Verdict != explain.Broken || a.Cause.Code != service.NotListening || len(a.Fix) > 0 {
		t.Errorf("a program has the address: %s\n%s", a.Verdict, b.account(a))
	}
}
