package ui

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

// levelSigns are as many full dots as the level, out of four: ●●○○.
func (m *Model) levelSigns(level int) string {
	full, empty := "●", "○"
	if m.Theme.ASCII {
		full, empty = "*", "."
	}
	level = min(level, exercise.Challenge-1)
	return strings.Repeat(full, level) + strings.Repeat(empty, exercise.Challenge-1-level)
}

// levelHead is the signs of a level and its title, where the chapter is one.
func (m *Model) levelHead(chapter steps.Chapter) (string, bool) {
	task, ok := exercise.Of(chapter.Steps[0])
	if !ok {
		return "", false
	}
	level := task.Exercise.Level
	return m.levelSigns(level) + "  " + m.Tell(exercise.LevelTitle(level)), true
}

// drillLines is the text of an exercise that scrolls, w cells wide.
func (m *Model) drillLines(d *session.Drill, w int) []string {
	e := d.Task.Exercise
	head := m.levelSigns(e.Level) + "  " + m.Tell(progress.Group(e.Group)) + " " + m.Theme.G.Dot + " " + m.Say(words.Seed, d.Task.Seed)
	if d.Solved {
		return append(m.solvedLines(d, w), "", m.Theme.Faint.Render(head))
	}
	lines := append([]string{m.Theme.Faint.Render(head), ""}, m.Prose(d.Prose.Symptom, w)...)
	if conditions := m.drillConditions(d, w); len(conditions) > 0 {
		if m.reveal {
			m.reveal = false
			m.scroll[areaLesson].Top = len(lines) + m.firstUnmet(conditions)
		}
		lines = append(append(lines, ""), conditions...)
	}
	return append(lines, m.drillHints(d, w)...)
}

// firstUnmet is the line of the first condition that does not hold, or the
// heading above all where it is in sight from there.
func (m *Model) firstUnmet(lines []string) int {
	const inSight = 4
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, m.Theme.Verdict(false)) })
	if i < inSight {
		return 0
	}
	return i
}

// drillConditions are the goals and below them what must stay, as they were
// last checked. The challenge shows its own before.
func (m *Model) drillConditions(d *session.Drill, w int) []string {
	t := m.Theme
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
			lines = append(lines, t.Strong.Render(m.Say(words.Goals)))
		case len(d.Task.Case.Goals):
			lines = append(lines, t.Strong.Render(m.Say(words.Guards)))
		}
		lines = append(lines, m.drillCondition(c, pending, w)...)
	}
	return lines
}

// drillCondition is what has to be so, and what is there where it is not.
func (m *Model) drillCondition(c steps.Condition, pending bool, w int) []string {
	t := m.Theme
	want := m.Inline(m.Tell(c.Want))
	switch {
	case pending:
		return screen.WrapBehind(t.G.Pending+" ", want, w)
	case c.Err != nil:
		lines := screen.WrapBehind(t.Warn.Render("?")+" ", want, w)
		return append(lines, screen.WrapBehind("  ", t.Warn.Render(m.Say(words.NotChecked, screen.OneLine(c.Err.Error()))), w)...)
	case c.Met:
		return screen.WrapBehind(t.Verdict(true)+" ", want, w)
	}
	lines := screen.WrapBehind(t.Verdict(false)+" ", want, w)
	if c.Seen != "" {
		lines = append(lines, screen.WrapBehind("  ", m.Say(words.ThereIs, t.Note.Render(screen.OneLine(c.Seen))), w)...)
	}
	return lines
}

// drillHints are the hints about the fault that there is.
func (m *Model) drillHints(d *session.Drill, w int) []string {
	if len(d.Hints) == 0 {
		return nil
	}
	lines := []string{""}
	for i, hint := range d.Hints {
		lead := m.Theme.Note.Render(m.Say(words.Hint, i+1, session.HintsPerFault))
		lines = append(lines, screen.WrapBehind(lead+"  ", m.Inline(m.Tell(hint)), w)...)
	}
	return lines
}

// solvedLines: how it went, what it was, and where it comes from.
func (m *Model) solvedLines(d *session.Drill, w int) []string {
	t := m.Theme
	lines := screen.WrapBehind(t.Verdict(true)+" ", t.Strong.Render(m.Say(words.Solved)), w)
	switch best := d.Before.Best; {
	case !d.Knew || best == nil:
	case d.Score.Better(*best):
		lines = append(lines, screen.WrapBehind("  ", m.Say(words.Better, m.Tell(best.Say())), w)...)
	default:
		lines = append(lines, screen.WrapBehind("  ", m.Say(words.Best, m.Tell(best.Say())), w)...)
	}
	lines = append(append(lines, ""), m.Prose(d.Prose.Solved, w)...)
	if sources := d.Task.Exercise.Source; len(sources) > 0 {
		lines = append(lines, "", t.Strong.Render(m.Say(words.Sources)))
		for _, link := range sources {
			lines = append(lines, screen.WrapBehind("  ", link, w)...)
		}
	}
	lines = append(lines, "")
	return append(lines, m.drillConditions(d, w)...)
}

// drillPinned is the clock and what was used so far.
func (m *Model) drillPinned(d *session.Drill, w int) []string {
	return screen.Wrap(m.Tell(d.Result().Say()), w)
}

// drillNext says what is going on, or what the keys do.
func (m *Model) drillNext(d *session.Drill, turning string) string {
	t := m.Theme
	switch {
	case d.Solved:
		next, ok := d.Next()
		if !ok {
			return t.Good.Render(m.Say(words.AllSolved))
		}
		step, _ := m.Course.Step(next)
		enter := words.EnterNext
		if m.console.open {
			enter = words.EscEnterNext
		}
		return t.Faint.Render(m.Say(enter, fmt.Sprintf("%s  %s", next, m.titleOf(step))))
	case d.Warned:
		return t.Warn.Render(t.G.Warn + " " + m.Say(words.WhyCosts))
	case d.Checking:
		return turning + m.Say(words.Checking)
	case d.Hinting:
		return turning + m.Say(words.Hinting)
	case d.Conditions != nil:
		met := 0
		for _, c := range d.Conditions {
			if c.Met && c.Err == nil {
				met++
			}
		}
		return t.Bad.Render(t.G.Bad+" "+m.Say(words.Holds, met, len(d.Conditions))) + "  " + t.Faint.Render(m.Say(m.checkWord(words.EnterChecks)))
	}
	return t.Faint.Render(m.Say(m.checkWord(words.ByHand)))
}

// checkWord says how a check is had: where enter runs commands, it comes by
// itself.
func (m *Model) checkWord(w words.Word) words.Word {
	if m.console.open {
		return words.ChecksItself
	}
	return w
}

// outlineColumn is how wide the names of steps are in the list.
func (m *Model) outlineColumn() int {
	column := 5
	if m.exercising() {
		for _, step := range m.Course.Steps() {
			column = max(column, len(step.ID)+1)
		}
	}
	return column
}

// outlineTitle says what the list is of.
func (m *Model) outlineTitle() words.Word {
	if m.exercising() {
		return words.Exercises
	}
	return words.Outline
}

// exercising says whether the course is one of exercises.
func (m *Model) exercising() bool {
	if len(m.Course) == 0 || len(m.Course[0].Steps) == 0 {
		return false
	}
	_, ok := exercise.Of(m.Course[0].Steps[0])
	return ok
}
