package steps

import (
	"context"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Send sends one ping as a preparation, so that the neighbours know each other.
type Send struct{ Netns, To string }

func (a Send) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ping", "-c", "1", a.To}}
}

func (a Send) Apply(ctx context.Context, l *lab.Lab) error {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	probe.Ping(ctx, ns, probe.Echo{To: a.To, Timeout: l.PingTimeout()})
	return ctx.Err()
}

// Done is always false: a ping leaves nothing that one could rely on.
func (a Send) Done(context.Context, *lab.Lab) (bool, error) { return false, nil }

func (a Send) Undo(context.Context, *lab.Lab, State) error { return nil }
