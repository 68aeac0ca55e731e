package claim

import (
	"context"
	"fmt"

	"nstutor/diag/conntrack"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Tracked claims that the connection tracker of a namespace knows a flow with
// this original and this reply direction.
type Tracked struct {
	Netns                        string
	Src, Dst, ReplySrc, ReplyDst string
}

func (c Tracked) Promised(*lab.Lab) say.Text { return About(c.Netns, "conntrack", say.Quote(c.line())) }

func (c Tracked) line() string {
	return fmt.Sprintf("src=%s dst=%s … src=%s dst=%s", c.Src, c.Dst, c.ReplySrc, c.ReplyDst)
}

func (c Tracked) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	flows, err := conntrack.List(ns)
	if err != nil {
		return say.Text{}, false, err
	}
	seen := say.T("no flow", "没有连接")
	for _, f := range flows {
		there := Tracked{c.Netns, f.Original.Src.Addr().String(), f.Original.Dst.Addr().String(), f.Reply.Src.Addr().String(), f.Reply.Dst.Addr().String()}
		if there == c {
			return say.Quote(there.line()), true, nil
		}
		if there.Src == c.Src {
			seen = say.Quote(there.line())
		}
	}
	return seen, false, nil
}
