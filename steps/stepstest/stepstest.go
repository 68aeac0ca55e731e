// Package stepstest is what the tests of actions need: a lab in which some were done, and
// whether one counts as done. No other code uses it.
package stepstest

import (
	"testing"

	"nstutor/internal/lab"
	"nstutor/steps"
)

// Reset brings the lab back to its starting topology and makes these changes.
func Reset(t testing.TB, l *lab.Lab, actions ...steps.Action) {
	t.Helper()
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	Apply(t, l, actions...)
}

// Apply makes these changes.
func Apply(t testing.TB, l *lab.Lab, actions ...steps.Action) {
	t.Helper()
	for _, a := range actions {
		if err := a.Change(l).Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", steps.Typed(a.Change(l).Command()), err)
		}
	}
}

// WantDone fails the test unless the action counts as done, or not, as it is wanted.
func WantDone(t testing.TB, l *lab.Lab, a steps.Action, want bool) {
	t.Helper()
	done, err := steps.Done(t.Context(), l, a)
	if err != nil || done != want {
		t.Errorf("%s: done is %v (%v), want %v", steps.Typed(a.Change(l).Command()), done, err, want)
	}
}
