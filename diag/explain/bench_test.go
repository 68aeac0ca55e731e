package explain_test

import (
	"net/netip"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// BenchmarkNoProbe predicts the ping of chapter 3's end, from opening the
// namespaces to the answer.
func BenchmarkNoProbe(b *testing.B) {
	l, err := lab.New(b.Context(), lab.Options{Fast: true})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	player := steps.NewPlayer(l, chapters.All())
	if err := player.Goto(b.Context(), "3.A2"); err != nil {
		b.Fatal(err)
	}
	if err := player.Apply(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		world := machine.New()
		from, err := world.Open("ns1")
		if err != nil {
			b.Fatal(err)
		}
		a, err := explain.Explain(b.Context(), world, explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10")})
		if err != nil || a.Verdict != explain.Delivered {
			b.Fatalf("%+v, %v", a, err)
		}
		world.Close()
	}
}
