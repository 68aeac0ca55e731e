package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// repairer is an action whose command fails where something else is in its
// place already, and that knows the command that replaces it.
type repairer interface {
	repair(ctx context.Context, l *lab.Lab) (change.Command, bool)
}

// Hints are three, each nearer to the answer: the table to look at, the line in
// it, the command. They come from the first condition that is not met, or could
// not be checked; where all are met there are none.
func Hints(ctx context.Context, l *lab.Lab, step Step) []say.Text {
	if a, ok := step.Action.(Hinted); ok {
		return a.Hints(ctx, l)
	}
	for _, c := range step.Action.Conditions(ctx, l) {
		if c.Err == nil && c.Met {
			continue
		}
		line := say.T("What is missing: %s.", "还缺：%s。", c.Want)
		switch {
		case c.Err != nil:
			line = say.T("It could not be checked: %v. It is about this: %s.", "无法检查：%v。要看的是：%s。", c.Err, c.Want)
		case c.Seen != "":
			line = say.T("There is `%s`. What it should be: %s.", "现在是 `%s`。应当是：%s。", c.Seen, c.Want)
		}
		hints := []say.Text{say.T("Look at `%s`.", "看 `%s`。", c.Table), line}
		command := step.Action.Change(l).Command()
		if a, ok := step.Action.(repairer); ok {
			if better, ok := a.repair(ctx, l); ok {
				command = better
			}
		}
		if text := Typed(command); text != "" {
			hints = append(hints, say.Quote("`"+text+"`"))
		}
		return hints
	}
	return nil
}
