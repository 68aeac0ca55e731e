package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// NetnsAdd makes a named network namespace.
type NetnsAdd struct{ Name string }

// Change implements Action.
func (a NetnsAdd) Change(*lab.Lab) change.Change { return change.NetnsAdd(a) }

// Conditions implements Action.
func (a NetnsAdd) Conditions(_ context.Context, l *lab.Lab) []Condition {
	there := namespaceThere(a.Name)
	_, err := l.NS(a.Name)
	if there.Met = err == nil; !there.Met && !isAbsent(err) {
		there.Err = err
	}
	return []Condition{there}
}
