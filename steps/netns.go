package steps

import (
	"context"

	"nstutor/internal/lab"
)

// NetnsAdd makes a named network namespace.
type NetnsAdd struct{ Name string }

func (a NetnsAdd) Command(*lab.Lab) Command {
	return Command{Argv: []string{"ip", "netns", "add", a.Name}}
}

func (a NetnsAdd) Apply(_ context.Context, l *lab.Lab) error { return l.AddNetns(a.Name) }

func (a NetnsAdd) Done(_ context.Context, l *lab.Lab) (bool, error) {
	_, err := l.NS(a.Name)
	if isAbsent(err) {
		return false, nil
	}
	return err == nil, err
}

func (a NetnsAdd) Undo(_ context.Context, l *lab.Lab, _ State) error { return l.DelNetns(a.Name) }
