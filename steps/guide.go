package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Guide are hints, each nearer to the answer, and what they are about: as long as
// that is the same, they go on where they were.
type Guide struct {
	About string // an identifier: of a cause and its place, or of a check; no words
	Hints []say.Text
}

// Guided is an action that knows better hints than its conditions give: three, or
// none when everything is as it should be.
type Guided interface {
	Guide(ctx context.Context, l *lab.Lab) Guide
}

// repairer is an action whose command fails where something else is in its
// place already, and that knows the command that replaces it.
type repairer interface {
	repair(ctx context.Context, l *lab.Lab) (change.Command, bool)
}

// GuideTo gives the hints to a step as the kernel is now. Three come from the first
// condition that is not met, or could not be checked: the table to look at, the line in
// it, the command. Where all are met there are none.
func GuideTo(ctx context.Context, l *lab.Lab, step Step) Guide {
	if a, ok := step.Action.(Guided); ok {
		return a.Guide(ctx, l)
	}
	for _, c := range step.Action.Conditions(ctx, l) {
		if c.Err == nil && c.Met {
			continue
		}
		hints := []say.Text{say.T("Look at `%s`.", "看 `%s`。", Look(c.Table)), c.Lack()}
		command := step.Action.Change(l).Command()
		if a, ok := step.Action.(repairer); ok {
			if better, ok := a.repair(ctx, l); ok {
				command = better
			}
		}
		if text := Typed(command); text != "" {
			hints = append(hints, say.Quote("`"+text+"`"))
		}
		return Guide{step.ID, hints}
	}
	return Guide{}
}

// Lack is what a condition lacks that is not met, or why it could not be checked.
func (c Condition) Lack() say.Text {
	switch {
	case c.Err != nil:
		return say.T("It could not be checked: %v. It is about this: %s.", "无法检查：%v。要看的是：%s。", c.Err, c.Want)
	case c.Seen != "":
		return say.T("There is `%s`. What it should be: %s.", "现在是 `%s`。应当是：%s。", c.Seen, c.Want)
	}
	return say.T("What is missing: %s.", "还缺：%s。", c.Want)
}
