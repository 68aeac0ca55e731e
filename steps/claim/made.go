package claim

import (
	"context"

	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Made claims that what an action brings about is so in the kernel, whoever made it
// and however; or, with Not, that it is not.
type Made struct {
	Action steps.Action
	Not    bool
}

func (c Made) Promised(l *lab.Lab) say.Text {
	command := steps.Typed(c.Action.Change(l).Command())
	if c.Not {
		return say.T("not made: %s", "没有做过：%s", command)
	}
	return say.T("made: %s", "已经做过：%s", command)
}

func (c Made) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	conditions := c.Action.Conditions(ctx, l)
	done, err := steps.Met(conditions)
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
