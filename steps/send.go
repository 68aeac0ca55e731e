package steps

import (
	"context"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Send sends one ping as a preparation, so that the neighbours know each other.
type Send struct{ Netns, To string }

// Change implements Action.
func (a Send) Change(l *lab.Lab) change.Change {
	return Doing{
		Typed: change.In(a.Netns, "ping", "-c", "1", a.To),
		Do: func(ctx context.Context) error {
			ns, err := l.NS(a.Netns)
			if err != nil {
				return err
			}
			probe.Ping(ctx, ns, probe.Echo{To: a.To, Timeout: l.PingTimeout()})
			return ctx.Err()
		},
	}
}

// Conditions implements Action. They never hold: a ping leaves nothing that one
// could rely on.
func (a Send) Conditions(_ context.Context, l *lab.Lab) []Condition { return Effect(l, a, false) }
