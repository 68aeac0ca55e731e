package world

import (
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/steps/exercise/check"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// newWorld is a World in a fresh lab with short ARP timers.
func newWorld(t *testing.T) *World {
	t.Helper()
	l := labtest.New(t)
	return New(t.Context(), l)
}

// want tries checks, which must hold or must not.
func (w *World) want(t *testing.T, held bool, checks ...check.Check) {
	t.Helper()
	if w.err != nil {
		t.Fatal(w.err)
	}
	for _, v := range check.Try(t.Context(), w.l, checks) {
		if v.Err != nil || v.OK != held {
			t.Errorf("%s: %v, want %v (%s) %v", v.Text, v.OK, held, v.Seen, v.Err)
		}
	}
}
