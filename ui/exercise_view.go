package ui

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/internal/progress"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// levelSigns are as many full dots as the level, out of four: ●●○○.
func (m *Model) levelSigns(level int) string {
	full, empty := "●", "○"
	if m.theme.ascii {
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
	return m.levelSigns(level) + "  " + m.tell(exercise.LevelTitle(level)), true
}

// drillLines is the text of an exercise that scrolls, w cells wide.
func (m *Model) drillLines(w int) []string {
	d, e := m.drill, m.drill.task.Exercise
	head := m.levelSigns(e.Level) + "  " + m.tell(progress.Group(e.Group)) + " " + m.theme.g.dot + " " + m.say(wSeed, d.task.Seed)
	if d.solved {
		return append(m.solvedLines(w), "", m.theme.faint.Render(head))
	}
	lines := append([]string{m.theme.faint.Render(head), ""}, m.prose(d.prose.Symptom, w)...)
	if conditions := m.drillConditions(w); len(conditions) > 0 {
		if d.reveal {
			d.reveal = false
			m.scroll[paneLesson].top = len(lines) + m.firstUnmet(conditions)
		}
		lines = append(append(lines, ""), conditions...)
	}
	return append(lines, m.drillHints(w)...)
}

// firstUnmet is the line of the first condition that does not hold, or the
// heading above all where it is in sight from there.
func (m *Model) firstUnmet(lines []string) int {
	const inSight = 4
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, m.theme.verdict(false)) })
	if i < inSight {
		return 0
	}
	return i
}

// drillConditions are the goals and below them what must stay, as they were
// last checked. The challenge shows its own before.
func (m *Model) drillConditions(w int) []string {
	d, t := m.drill, m.theme
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
			lines = append(lines, t.strong.Render(m.say(wGoals)))
		case len(d.task.Case.Goals):
			lines = append(lines, t.strong.Render(m.say(wGuards)))
		}
		lines = append(lines, m.drillCondition(c, pending, w)...)
	}
	return lines
}

// drillCondition is what has to be so, and what is there where it is not.
func (m *Model) drillCondition(c steps.Condition, pending bool, w int) []string {
	t := m.theme
	want := m.inline(m.tell(c.Want))
	switch {
	case pending:
		return wrapBehind(t.g.pending+" ", want, w)
	case c.Err != nil:
		lines := wrapBehind(t.warn.Render("?")+" ", want, w)
		return append(lines, wrapBehind("  ", t.warn.Render(m.say(wNotChecked, oneLine(c.Err.Error()))), w)...)
	case c.Met:
		return wrapBehind(t.verdict(true)+" ", want, w)
	}
	lines := wrapBehind(t.verdict(false)+" ", want, w)
	if c.Seen != "" {
		lines = append(lines, wrapBehind("  ", m.say(wThereIs, t.note.Render(oneLine(c.Seen))), w)...)
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
		lead := m.theme.note.Render(m.say(wHint, i+1, hintsPerFault))
		lines = append(lines, wrapBehind(lead+"  ", m.inline(m.tell(hint)), w)...)
	}
	return lines
}

// solvedLines: how it went, what it was, and where it comes from.
func (m *Model) solvedLines(w int) []string {
	d, t := m.drill, m.theme
	lines := wrapBehind(t.verdict(true)+" ", t.strong.Render(m.say(wSolved)), w)
	switch best := d.before.Best; {
	case !d.knew || best == nil:
	case d.score.Better(*best):
		lines = append(lines, wrapBehind("  ", m.say(wBetter, m.tell(best.Say())), w)...)
	default:
		lines = append(lines, wrapBehind("  ", m.say(wBest, m.tell(best.Say())), w)...)
	}
	lines = append(append(lines, ""), m.prose(d.prose.Solved, w)...)
	if sources := d.task.Exercise.Source; len(sources) > 0 {
		lines = append(lines, "", t.strong.Render(m.say(wSources)))
		for _, link := range sources {
			lines = append(lines, wrapBehind("  ", link, w)...)
		}
	}
	lines = append(lines, "")
	return append(lines, m.drillConditions(w)...)
}

// drillPinned is the clock and what was used so far.
func (m *Model) drillPinned(w int) []string {
	return wrap(m.tell(m.scoreNow().Say()), w)
}

// drillNext says what is going on, or what the keys do.
func (m *Model) drillNext(turning string) string {
	d, t := m.drill, m.theme
	switch {
	case d.solved:
		next, ok := m.nextUnsolved()
		if !ok {
			return t.good.Render(m.say(wAllSolved))
		}
		step, _ := m.course.Step(next)
		enter := wEnterNext
		if m.typing.open {
			enter = wEscEnterNext
		}
		return t.faint.Render(m.say(enter, fmt.Sprintf("%s  %s", next, m.titleOf(step))))
	case d.warned:
		return t.warn.Render(t.g.warn + " " + m.say(wWhyCosts))
	case d.checking:
		return turning + m.say(wChecking)
	case d.hinting:
		return turning + m.say(wHinting)
	case d.conditions != nil:
		met := 0
		for _, c := range d.conditions {
			if c.Met && c.Err == nil {
				met++
			}
		}
		return t.bad.Render(t.g.bad+" "+m.say(wHolds, met, len(d.conditions))) + "  " + t.faint.Render(m.say(m.checkWord(wEnterChecks)))
	}
	return t.faint.Render(m.say(m.checkWord(wByHand)))
}

// checkWord says how a check is had: where enter runs commands, it comes by
// itself.
func (m *Model) checkWord(w word) word {
	if m.typing.open {
		return wChecksItself
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
func (m *Model) outlineTitle() word {
	if m.exercising() {
		return wExercises
	}
	return wOutline
}
