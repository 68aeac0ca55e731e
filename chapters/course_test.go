package chapters_test

import (
	"context"
	"slices"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// remade are the steps that take a device or a namespace away: what comes back has
// another index, so the player rebuilds the lab.
var remade = []string{"2.B10", "5C.4"}

// TestEveryStepKeepsItsPromises plays each step by itself, from a rebuilt lab:
// before holds, the action is not done yet, applying it makes it done, after
// holds, and undoing it brings back exactly the state before.
func TestEveryStepKeepsItsPromises(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	ctx := context.Background()
	course := chapters.All()
	for step := range course.Steps() {
		t.Run(step.ID, func(t *testing.T) {
			player := steps.NewPlayer(l, course)
			if err := player.Goto(ctx, step.ID); err != nil {
				t.Fatal(err)
			}
			keep(t, l, "before", step.Before)
			wantDone(t, player, false)
			if err := player.Apply(ctx); err != nil {
				t.Fatalf("%s: %v", steps.Typed(step.Action.Change(l).Command()), err)
			}
			wantDone(t, player, true)
			keep(t, l, "after", step.After)
			rebuilt, err := player.Undo(ctx)
			if err != nil {
				t.Fatalf("undo: %v", err)
			}
			if rebuilt && !slices.Contains(remade, step.ID) {
				t.Error("undo alone does not bring the state before back")
			}
			wantDone(t, player, false)
			keep(t, l, "before, after undo", step.Before)
		})
	}
}

func keep(t *testing.T, l *lab.Lab, when string, p steps.Promise) {
	t.Helper()
	r, err := p.Keep(context.Background(), l)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	for _, line := range r.Lines {
		if !line.OK {
			t.Errorf("%s: promised %s\n\tseen %s %v", when, line.Promised, line.Seen, line.Err)
		}
	}
}

func wantDone(t *testing.T, p *steps.Player, want bool) {
	t.Helper()
	done, err := p.Done(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if done != want {
		t.Errorf("done is %v, want %v", done, want)
	}
}
