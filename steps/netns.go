package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// NetnsAdd makes a named network namespace.
type NetnsAdd struct{ Name string }

func (a NetnsAdd) Command(*lab.Lab) change.Command {
	return change.Command{Argv: []string{"ip", "netns", "add", a.Name}}
}

func (a NetnsAdd) Apply(_ context.Context, l *lab.Lab) error { return l.AddNetns(a.Name) }

// Conditions implements Conditional.
func (a NetnsAdd) Conditions(_ context.Context, l *lab.Lab) []Condition {
	there := namespaceThere(a.Name)
	_, err := l.NS(a.Name)
	if there.Met = err == nil; !there.Met && !isAbsent(err) {
		there.Err = err
	}
	return []Condition{there}
}

func (a NetnsAdd) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a NetnsAdd) Undo(_ context.Context, l *lab.Lab, _ State) error { return l.DelNetns(a.Name) }
