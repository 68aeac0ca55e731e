package pane

import (
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// conditionLines are the conditions below the command: whether each is met, and
// what is there instead. Without room it is the first that is not met.
func (v *Lesson) conditionLines(w, h int) []string {
	s, t := &v.Scene, v.Theme
	if s.Phase != session.PhaseLook {
		return nil
	}
	var lines, next []string
	for _, c := range s.Judged.Conditions {
		sign := t.Verdict(c.Met)
		if c.Err != nil {
			sign = t.Warn.Render("?")
		}
		one := screen.WrapBehind(sign+" ", v.Inline(c.Want.In(v.Lang)), w)
		switch {
		case c.Err != nil:
			one = append(one, screen.WrapBehind("  ", t.Warn.Render(v.Say(words.NotChecked, screen.OneLine(c.Err.Error()))), w)...)
		case !c.Met && c.Seen != "":
			one = append(one, screen.WrapBehind("  ", t.Note.Render(v.Say(words.ThereIs, c.Seen)), w)...)
		}
		if lines = append(lines, one...); next == nil && (!c.Met || c.Err != nil) {
			next = one
		}
	}
	if h >= roomyLesson && len(lines) <= h/3 {
		return lines
	}
	return next[:min(len(next), 3)]
}
