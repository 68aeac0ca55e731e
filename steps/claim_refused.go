package steps

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Refused claims that the kernel does not take an action as things are. It
// tries it; should it succeed, it is taken back.
type Refused struct {
	Action Action
	Why    unix.Errno
}

func (c Refused) Promised(l *lab.Lab) say.Text {
	return say.T("%s: %v", "%s：%v", Typed(c.Action.Change(l).Command()), c.Why)
}

func (c Refused) Look(ctx context.Context, l *lab.Lab, e *Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, ErrNeedsEvidence
	}
	tried := c.Action.Change(l)
	err := tried.Apply(ctx, l)
	if err == nil {
		return say.T("accepted", "被接受了"), false, tried.Undo(ctx, l, change.Before{})
	}
	if errors.Is(err, lab.ErrNoNamespace) {
		return say.Text{}, false, err // nobody was asked
	}
	return say.Quote(err), errors.Is(err, c.Why), nil
}
