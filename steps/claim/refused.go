package claim

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Refused claims that the kernel does not take an action as things are, or that it
// does: it tries it, and takes it back should it succeed.
type Refused struct {
	Action steps.Action
	Why    unix.Errno // 0: it is not
}

func (c Refused) Promised(l *lab.Lab) say.Text {
	command := steps.Typed(c.Action.Change(l).Command())
	if c.Why == 0 {
		return say.T("%s: accepted", "%s：被接受", command)
	}
	return say.T("%s: %v", "%s：%v", command, c.Why)
}

func (c Refused) Look(ctx context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	tried := c.Action.Change(l)
	err := tried.Apply(ctx, l)
	if err == nil {
		return say.T("accepted", "被接受了"), c.Why == 0, tried.Undo(ctx, l, change.Before{})
	}
	if errors.Is(err, lab.ErrNoNamespace) {
		return say.Text{}, false, err // nobody was asked
	}
	return say.Quote(err), c.Why != 0 && errors.Is(err, c.Why), nil
}
