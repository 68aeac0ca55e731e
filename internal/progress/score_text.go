package progress

import (
	"strings"

	"nstutor/internal/say"
)

// Say tells the score: "1 min 30 s, 3 commands, 1 try, no hints".
func (s Score) Say() say.Text {
	commands := say.T(plural(s.Commands, "%d command", "%d commands"), "%d 条命令", s.Commands)
	if s.Shells > 0 {
		commands = say.T("%s and those in "+plural(s.Shells, "%d shell", "%d shells")+" (not counted)", "%s，外加 %d 个 shell 里的（不计）", commands, s.Shells)
	}
	parts := []any{
		duration(s.Seconds),
		commands,
		say.T(plural(s.Tries, "%d try", "%d tries"), "%d 次检查", s.Tries),
		sayHints(s.Hints),
	}
	switch {
	case s.Why == 1:
		parts = append(parts, say.T("explained once", "看了 1 次解释"))
	case s.Why > 1:
		parts = append(parts, say.T("explained %d times", "看了 %d 次解释", s.Why))
	}
	list := func(comma string) string { return strings.TrimSuffix(strings.Repeat("%s"+comma, len(parts)), comma) }
	return say.T(list(", "), list("，"), parts...)
}

// sayHints says how many hints were read.
func sayHints(n int) say.Text {
	if n == 0 {
		return say.T("no hints", "没用提示")
	}
	return say.T(plural(n, "%d hint", "%d hints"), "%d 条提示", n)
}

// plural is the form that goes with n in English.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// duration says how long something took, as exactly as anybody wants to know.
func duration(seconds int) say.Text {
	switch {
	case seconds < 60:
		return say.T("%d s", "%d 秒", seconds)
	case seconds < 3600:
		return say.T("%d min %d s", "%d 分 %d 秒", seconds/60, seconds%60)
	}
	return say.T("%d h %d min", "%d 小时 %d 分", seconds/3600, seconds/60%60)
}
