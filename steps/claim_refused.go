package steps

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Refused claims that the kernel does not take an action as things are. It
// tries it; should it succeed, it is taken back.
type Refused struct {
	Action Action
	Why    unix.Errno
}

func (c Refused) Promised(l *lab.Lab) string {
	return fmt.Sprintf("%s: %s", Typed(c.Action.Change(l).Command()), c.Why.Error())
}

func (c Refused) Look(ctx context.Context, l *lab.Lab, e *Evidence) (string, bool, error) {
	if e == nil {
		return "", false, errNeedsEvidence
	}
	tried := c.Action.Change(l)
	err := tried.Apply(ctx, l)
	if err == nil {
		return "accepted", false, tried.Undo(ctx, l, change.Before{})
	}
	if errors.Is(err, lab.ErrNoNamespace) {
		return "", false, err // nobody was asked
	}
	return err.Error(), errors.Is(err, c.Why), nil
}
