package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Silently is a command line of a change, such as `ip rule add …`, as a preparation that
// no learner sees.
type Silently struct{ Netns, Line string }

// Change implements Action.
func (a Silently) Change(*lab.Lab) change.Change { return change.Typed(a.Netns, a.Line) }

// Conditions implements Action. They never hold: nobody asks.
func (a Silently) Conditions(_ context.Context, l *lab.Lab) []Condition { return Effect(l, a, false) }
