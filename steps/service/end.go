package service

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// End ends a program that a preparation has started, as a preparation: a pod that is not
// ready.
type End struct{ Netns, Name string }

// Change implements steps.Action.
func (a End) Change(l *lab.Lab) change.Change {
	return steps.Doing{
		Typed: change.Command{Netns: a.Netns, Shell: "kill " + a.Name},
		Do: func(context.Context) error {
			l.Kill(a.Name)
			return nil
		},
	}
}

// Conditions implements steps.Action. They never hold: nobody asks.
func (a End) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, false)
}
