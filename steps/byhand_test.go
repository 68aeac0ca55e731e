package steps_test

import (
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// TestAByHandStepBeginsByItself, whatever stands before it in its chapter.
func TestAByHandStepBeginsByItself(t *testing.T) {
	l := labtest.New(t)
	course := steps.Course{{
		ID:    "x",
		Start: []steps.Action{steps.NetnsAdd{Name: "start"}},
		Steps: []steps.Step{
			{ID: "x.1", Action: steps.NetnsAdd{Name: "one"}},
			{ID: "x.2", ByHand: true, Setup: []steps.Action{steps.NetnsAdd{Name: "two"}}, Action: steps.NetnsAdd{Name: "three"}},
		},
	}}
	if parent := course.Parent("x.2"); parent != "" {
		t.Errorf("it begins with %q", parent)
	}
	player := steps.NewPlayer(l, course)
	if err := player.Goto(t.Context(), "x.1"); err != nil {
		t.Fatal(err)
	}
	if err := player.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := player.Next(t.Context(), "x.2"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{host: true, inet: true, "start": false, "one": false, "two": true, "three": false} {
		if _, err := l.NS(name); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", name, err, want)
		}
	}
}
