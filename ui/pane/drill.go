package pane

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/internal/progress"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// drillLines is the text of an exercise that scrolls, w cells wide.
func (v *Lesson) drillLines(d *session.Drill, w int) []string {
	e := d.Task.Exercise
	head := v.LevelSigns(e.Level) + "  " + v.Tell(progress.Group(e.Group)) + " " + v.Theme.G.Dot + " " + v.Say(words.Seed, d.Task.Seed)
	if d.Solved {
		return append(v.solvedLines(d, w), "", v.Theme.Faint.Render(head))
	}
	lines := append([]string{v.Theme.Faint.Render(head), ""}, v.Prose(d.Prose.Symptom, w)...)
	if conditions := v.drillConditions(d, w); len(conditions) > 0 {
		if v.reveal {
			v.reveal = false
			v.Scroll.Top = len(lines) + v.firstUnmet(conditions)
		}
		lines = append(append(lines, ""), conditions...)
	}
	return append(lines, v.drillHints(d, w)...)
}

// firstUnmet is the line of the first condition that does not hold, or the
// heading above all where it is in sight from there.
func (v *Lesson) firstUnmet(lines []string) int {
	const inSight = 4
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, v.Theme.Verdict(false)) })
	if i < inSight {
		return 0
	}
	return i
}

// drillConditions are the goals and below them what must stay, as they were
// last checked. The challenge shows its own before.
func (v *Lesson) drillConditions(d *session.Drill, w int) []string {
	t := v.Theme
	conditions := d.Conditions
	pending := conditions == nil
	if pending {
		if d.Task.Exercise.Level != exercise.Challenge {
			return nil
		}
		for _, c := range append(d.Task.Case.Goals[:len(d.Task.Case.Goals):len(d.Task.Case.Goals)], d.Task.Case.Guards...) {
			conditions = append(conditions, steps.Condition{Want: c.Text, Table: c.Table})
		}
	}
	var lines []string
	for i, c := range conditions {
		switch i {
		case 0:
			lines = append(lines, t.Strong.Render(v.Say(words.Goals)))
		case len(d.Task.Case.Goals):
			lines = append(lines, t.Strong.Render(v.Say(words.Guards)))
		}
		lines = append(lines, v.drillCondition(c, pending, w)...)
	}
	return lines
}

// drillCondition is what has to be so, and what is there where it is not.
func (v *Lesson) drillCondition(c steps.Condition, pending bool, w int) []string {
	t := v.Theme
	want := v.Inline(v.Tell(c.Want))
	switch {
	case pending:
		return screen.WrapBehind(t.G.Pending+" ", want, w)
	case c.Err != nil:
		lines := screen.WrapBehind(t.Warn.Render("?")+" ", want, w)
		return append(lines, screen.WrapBehind("  ", t.Warn.Render(v.Say(words.NotChecked, screen.OneLine(c.Err.Error()))), w)...)
	case c.Met:
		return screen.WrapBehind(t.Verdict(true)+" ", want, w)
	}
	lines := screen.WrapBehind(t.Verdict(false)+" ", want, w)
	if c.Seen != "" {
		lines = append(lines, screen.WrapBehind("  ", v.Say(words.ThereIs, t.Note.Render(screen.OneLine(c.Seen))), w)...)
	}
	return lines
}

// drillHints are the hints about the fault that there is.
func (v *Lesson) drillHints(d *session.Drill, w int) []string {
	if len(d.Hints) == 0 {
		return nil
	}
	lines := []string{""}
	for i, hint := range d.Hints {
		lead := v.Theme.Note.Render(v.Say(words.Hint, i+1, session.HintsPerFault))
		lines = append(lines, screen.WrapBehind(lead+"  ", v.Inline(v.Tell(hint)), w)...)
	}
	return lines
}

// solvedLines: how it went, what it was, and where it comes from.
func (v *Lesson) solvedLines(d *session.Drill, w int) []string {
	t := v.Theme
	lines := screen.WrapBehind(t.Verdict(true)+" ", t.Strong.Render(v.Say(words.Solved)), w)
	switch best := d.Before.Best; {
	case !d.Knew || best == nil:
	case d.Score.Better(*best):
		lines = append(lines, screen.WrapBehind("  ", v.Say(words.Better, v.Tell(best.Say())), w)...)
	default:
		lines = append(lines, screen.WrapBehind("  ", v.Say(words.Best, v.Tell(best.Say())), w)...)
	}
	lines = append(append(lines, ""), v.Prose(d.Prose.Solved, w)...)
	if sources := d.Task.Exercise.Source; len(sources) > 0 {
		lines = append(lines, "", t.Strong.Render(v.Say(words.Sources)))
		for _, link := range sources {
			lines = append(lines, screen.WrapBehind("  ", link, w)...)
		}
	}
	lines = append(lines, "")
	return append(lines, v.drillConditions(d, w)...)
}

// drillPinned is the clock and what was used so far.
func (v *Lesson) drillPinned(d *session.Drill, w int) []string {
	return screen.Wrap(v.Tell(d.Result().Say()), w)
}

// drillNext says what is going on, or what the keys do.
func (v *Lesson) drillNext(d *session.Drill, turning string) string {
	t := v.Theme
	switch {
	case d.Solved:
		next, ok := d.Next()
		if !ok {
			return t.Good.Render(v.Say(words.AllSolved))
		}
		step, _ := v.Course.Step(next)
		enter := words.EnterNext
		if v.Typed {
			enter = words.EscEnterNext
		}
		return t.Faint.Render(v.Say(enter, fmt.Sprintf("%s  %s", next, v.titleOf(step))))
	case d.Warned:
		return t.Warn.Render(t.G.Warn + " " + v.Say(words.WhyCosts))
	case d.Checking:
		return turning + v.Say(words.Checking)
	case d.Hinting:
		return turning + v.Say(words.Hinting)
	case d.Conditions != nil:
		met := 0
		for _, c := range d.Conditions {
			if c.Met && c.Err == nil {
				met++
			}
		}
		return t.Bad.Render(t.G.Bad+" "+v.Say(words.Holds, met, len(d.Conditions))) + "  " + t.Faint.Render(v.Say(v.checkWord(words.EnterChecks)))
	}
	return t.Faint.Render(v.Say(v.checkWord(words.ByHand)))
}

// checkWord says how a check is had: where enter runs commands, it comes by
// itself.
func (v *Lesson) checkWord(w words.Word) words.Word {
	if v.Typed {
		return words.ChecksItself
	}
	return w
}
