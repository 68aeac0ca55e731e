package ui

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/internal/progress"
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
func (m *Model) drillLines(w int) []string {
	d, e := m.drill, m.drill.task.Exercise
	head := m.levelSigns(e.Level) + "  " + m.Tell(progress.Group(e.Group)) + " " + m.Theme.G.Dot + " " + m.Say(words.Seed, d.task.Seed)
	if d.solved {
		return append(m.solvedLines(w), "", m.Theme.Faint.Render(head))
	}
	lines := append([]string{m.Theme.Faint.Render(head), ""}, m.Prose(d.prose.Symptom, w)...)
	if conditions := m.drillConditions(w); len(conditions) > 0 {
		if d.reveal {
			d.reveal = false
			m.scroll[paneLesson].Top = len(lines) + m.firstUnmet(conditions)
		}
		lines = append(append(lines, ""), conditions...)
	}
	return append(lines, m.drillHints(w)...)
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
func (m *Model) drillConditions(w int) []string {
	d, t := m.drill, m.Theme
	conditions := d.conditions
	pending := conditions == nil
	if pending {
		if d.task.Exercise.Level != exercise.Challenge {
			return nil
		}
		for _, c := range append(d.task.Case.Goals[:len(d.task.Case.Goals):len(d.task.Case.Goals)], d.task.Case.Guards...) {
			conditions = append(conditions, steps.Condition{Want: c.Text, Table: c.Table})
		}
	}
	var lines []string
	for i, c := range conditions {
		switch i {
		case 0:
			lines = append(lines, t.Strong.Render(m.Say(words.Goals)))
		case len(d.task.Case.Goals):
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
func (m *Model) drillHints(w int) []string {
	d := m.drill
	if len(d.hints) == 0 {
		return nil
	}
	lines := []string{""}
	for i, hint := range d.hints {
		lead := m.Theme.Note.Render(m.Say(words.Hint, i+1, hintsPerFault))
		lines = append(lines, screen.WrapBehind(lead+"  ", m.Inline(m.Tell(hint)), w)...)
	}
	return lines
}

// solvedLines: how it went, what it was, and where it comes from.
func (m *Model) solvedLines(w int) []string {
	d, t := m.drill, m.Theme
	lines := screen.WrapBehind(t.Verdict(true)+" ", t.Strong.Render(m.Say(words.Solved)), w)
	switch best := d.before.Best; {
	case !d.knew || best == nil:
	case d.score.Better(*best):
		lines = append(lines, screen.WrapBehind("  ", m.Say(words.Better, m.Tell(best.Say())), w)...)
	default:
		lines = append(lines, screen.WrapBehind("  ", m.Say(words.Best, m.Tell(best.Say())), w)...)
	}
	lines = append(append(lines, ""), m.Prose(d.prose.Solved, w)...)
	if sources := d.task.Exercise.Source; len(sources) > 0 {
		lines = append(lines, "", t.Strong.Render(m.Say(words.Sources)))
		for _, link := range sources {
			lines = append(lines, screen.WrapBehind("  ", link, w)...)
		}
	}
	lines = append(lines, "")
	return append(lines, m.drillConditions(w)...)
}

// drillPinned is the clock and what was used so far.
func (m *Model) drillPinned(w int) []string {
	return screen.Wrap(m.Tell(m.scoreNow().Say()), w)
}

// drillNext says what is going on, or what the keys do.
func (m *Model) drillNext(turning string) string {
	d, t := m.drill, m.Theme
	switch {
	case d.solved:
		next, ok := m.nextUnsolved()
		if !ok {
			return t.Good.Render(m.Say(words.AllSolved))
		}
		step, _ := m.course.Step(next)
		enter := words.EnterNext
		if m.typing.open {
			enter = words.EscEnterNext
		}
		return t.Faint.Render(m.Say(enter, fmt.Sprintf("%s  %s", next, m.titleOf(step))))
	case d.warned:
		return t.Warn.Render(t.G.Warn + " " + m.Say(words.WhyCosts))
	case d.checking:
		return turning + m.Say(words.Checking)
	case d.hinting:
		return turning + m.Say(words.Hinting)
	case d.conditions != nil:
		met := 0
		for _, c := range d.conditions {
			if c.Met && c.Err == nil {
				met++
			}
		}
		return t.Bad.Render(t.G.Bad+" "+m.Say(words.Holds, met, len(d.conditions))) + "  " + t.Faint.Render(m.Say(m.checkWord(words.EnterChecks)))
	}
	return t.Faint.Render(m.Say(m.checkWord(words.ByHand)))
}

// checkWord says how a check is had: where enter runs commands, it comes by
// itself.
func (m *Model) checkWord(w words.Word) words.Word {
	if m.typing.open {
		return words.ChecksItself
	}
	return w
}

// outlineColumn is how wide the names of steps are in the list.
func (m *Model) outlineColumn() int {
	column := 5
	if m.exercising() {
		for _, step := range m.course.Steps() {
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
