package claim

import (
	"context"

	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// NetnsIs claims that a namespace of that name is there, or is not.
type NetnsIs struct {
	Name   string
	Absent bool
}

func (c NetnsIs) Promised(*lab.Lab) say.Text {
	if c.Absent {
		return say.T("ip netns: no %s", "ip netns：没有 %s", c.Name)
	}
	return say.T("ip netns: %s", "ip netns：有 %s", c.Name)
}

func (c NetnsIs) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	_, err := l.NS(c.Name)
	if steps.IsAbsent(err) {
		return say.Quote(lab.NotThere(c.Name)), c.Absent, nil
	}
	return say.Quote(c.Name), !c.Absent && err == nil, err
}
