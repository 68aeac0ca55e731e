package explain_test

import (
	"testing"

	"nstutor/internal/lab/labtest"
)

// TestWhomAServerSees: the client's address where it is kept, and the node's where the
// node masquerades.
func TestWhomAServerSees(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.serve([]string{"pod-b tcp 0.0.0.0:80", "inet tcp 0.0.0.0:80"})
	for to, want := range map[string]string{"10.244.1.11": "", "203.0.113.10": "192.168.6.160"} {
		if a := b.explain(breakage{from: "pod-a", to: to, asks: "tcp 80"}, false); a.Flow.SeenFrom != want {
			t.Errorf("%s sees %q, want %q\n%s", to, a.Flow.SeenFrom, want, b.account(a))
		}
	}
}
