package steps

import (
	"context"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Made claims that what an action brings about is so in the kernel, whoever made it
// and however; or, with Not, that it is not.
type Made struct {
	Action Action
	Not    bool
}

func (c Made) Promised(l *lab.Lab) say.Text {
	command := Typed(c.Action.Change(l).Command())
	if c.Not {
		return say.T("not made: %s", "没有做过：%s", command)
	}
	return say.T("made: %s", "已经做过：%s", command)
}

func (c Made) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (say.Text, bool, error) {
	conditions := c.Action.Conditions(ctx, l)
	done, err := met(conditions)
	if err != nil {
		return say.Text{}, false, err
	}
	if done {
		return say.T("it is made", "已经做了"), !c.Not, nil
	}
	for _, one := range conditions {
		if !one.Met {
			return say.T("not so: %s", "并非如此：%s", one.Want), c.Not, nil
		}
	}
	return say.Text{}, false, nil
}
