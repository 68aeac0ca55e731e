package pane

import (
	"fmt"
	"slices"

	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// drillSheet shows an exercise, and not its solution.
type drillSheet struct {
	*Lesson
	d *session.Drill
}

// text is the text of an exercise that scrolls, w cells wide.
func (v drillSheet) text(w, _ int) []string {
	e := v.d.Task.Exercise
	head := v.LevelSigns(e.Level) + "  " + v.Tell(progress.Group(e.Group)) + " " + v.Theme.G.Dot + " " + v.Say(words.Seed, v.d.Task.Seed)
	if e.Level == exercise.Given {
		head = v.Tell(exercise.LevelTitle(e.Level))
	}
	if v.d.Solved {
		return append(v.solved(w), "", v.Theme.Faint.Render(head))
	}
	lines := append([]string{v.Theme.Faint.Render(head), ""}, v.Prose(v.d.Prose.Symptom, w)...)
	if conditions, unmet := v.conditions(w); len(conditions) > 0 {
		if v.reveal {
			v.reveal = false
			v.Scroll.Top = len(lines) + inSight(unmet)
		}
		lines = append(append(lines, ""), conditions...)
	}
	return append(lines, v.hints(w)...)
}

// inSight is the line from which on line i is shown: the heading above all
// where it is in sight from there.
func inSight(i int) int {
	const near = 4
	if i < near {
		return 0
	}
	return i
}

// conditions are the goals and below them what must stay, as they were last
// checked, and the line where the first that does not hold begins. The challenge
// shows its own before.
func (v drillSheet) conditions(w int) (lines []string, unmet int) {
	t := v.Theme
	conditions, asked := v.d.Conditions, v.d.Task.Case()
	pending := conditions == nil
	if pending {
		if v.d.Task.Exercise.Level != exercise.Challenge {
			return nil, 0
		}
		for _, c := range slices.Concat(asked.Goals, asked.Guards) {
			conditions = append(conditions, steps.Condition{Want: c.Text, Table: c.Table})
		}
	}
	unmet = -1
	for i, c := range conditions {
		switch i {
		case 0:
			lines = append(lines, t.Strong.Render(v.Say(words.Goals)))
		case len(asked.Goals):
			lines = append(lines, t.Strong.Render(v.Say(words.Guards)))
		}
		if unmet < 0 && !pending && !c.Met && c.Err == nil {
			unmet = len(lines)
		}
		lines = append(lines, v.condition(c, pending, w)...)
	}
	return lines, max(unmet, 0)
}

// condition is what has to be so, and what is there where it is not.
func (v drillSheet) condition(c steps.Condition, pending bool, w int) []string {
	t := v.Theme
	want := v.Inline(v.Tell(c.Want))
	switch {
	case pending:
		return wrap.Behind(t.G.Pending+" ", want, w)
	case c.Err != nil:
		lines := wrap.Behind(t.Warn.Render("?")+" ", want, w)
		return append(lines, wrap.Behind("  ", t.Warn.Render(v.Say(words.NotChecked, v.Trouble(c.Err))), w)...)
	case c.Met:
		return wrap.Behind(t.Verdict(true)+" ", want, w)
	}
	lines := wrap.Behind(t.Verdict(false)+" ", want, w)
	if c.Seen != "" {
		lines = append(lines, wrap.Behind("  ", v.Say(words.ThereIs, t.Note.Render(screen.OneLine(c.Seen))), w)...)
	}
	return lines
}

// hints are the hints about the fault that there is.
func (v drillSheet) hints(w int) []string {
	if len(v.d.Hints) == 0 {
		return nil
	}
	lines := []string{""}
	for i, hint := range v.d.Hints {
		lead := v.Theme.Note.Render(v.Say(words.Hint, i+1, session.HintsPerFault))
		lines = append(lines, wrap.Behind(lead+"  ", v.Inline(v.Tell(hint)), w)...)
	}
	return lines
}

// solvedLines: how it went, what it was, and where it comes from.
func (v drillSheet) solved(w int) []string {
	t := v.Theme
	lines := wrap.Behind(t.Verdict(true)+" ", t.Strong.Render(v.Say(words.Solved)), w)
	switch best := v.d.Before.Best; {
	case !v.d.Knew || best == nil:
	case v.d.Score.Better(*best):
		lines = append(lines, wrap.Behind("  ", v.Say(words.Better, v.Tell(best.Say())), w)...)
	default:
		lines = append(lines, wrap.Behind("  ", v.Say(words.Best, v.Tell(best.Say())), w)...)
	}
	lines = append(append(lines, ""), v.Prose(v.d.Prose.Solved, w)...)
	if sources := v.d.Task.Exercise.Source; len(sources) > 0 {
		lines = append(lines, "", t.Strong.Render(v.Say(words.Sources)))
		for _, link := range sources {
			lines = append(lines, wrap.Behind("  ", link, w)...)
		}
	}
	conditions, _ := v.conditions(w)
	return append(append(lines, ""), conditions...)
}

// below is the clock and what was used so far.
func (v drillSheet) below(w, _ int) []string {
	return wrap.Text(v.Tell(v.d.Result().Say()), w)
}

// next says what is going on, or what the keys do.
func (v drillSheet) next(turning string) []string { return []string{v.now(turning)} }

func (v drillSheet) now(turning string) string {
	t := v.Theme
	switch c := &v.Scene; {
	case c.Phase != session.PhaseAfter && (c.Phase != session.PhaseLook || c.Err != nil):
		return stepSheet{v.Lesson}.enter()
	case v.unread && !v.Typed && !v.d.Warned && !v.d.Asking && !v.d.Checking && !v.d.Hinting:
		return v.readsOn()
	case v.d.Solved:
		next, ok := v.d.Next()
		if !ok {
			return t.Good.Render(v.Say(words.AllSolved))
		}
		step, _ := v.Course.Step(next)
		enter := words.EnterNext
		if v.Typed {
			enter = words.EscEnterNext
		}
		return t.Faint.Render(v.Say(enter, fmt.Sprintf("%s  %s", next, v.titleOf(step))))
	case v.d.Asking:
		return t.Warn.Render(t.G.Warn + " " + v.Say(words.AnewCosts))
	case v.d.Warned:
		return t.Warn.Render(t.G.Warn + " " + v.Say(words.WhyCosts))
	case v.d.Checking:
		return turning + v.Say(words.Checking)
	case v.d.Hinting:
		return turning + v.Say(words.Hinting)
	case v.d.Conditions != nil:
		met := 0
		for _, c := range v.d.Conditions {
			if c.Met && c.Err == nil {
				met++
			}
		}
		return t.Bad.Render(t.G.Bad+" "+v.Say(words.Holds, met, len(v.d.Conditions))) + "  " + t.Faint.Render(v.Say(v.checkWord(words.EnterChecks)))
	}
	return t.Faint.Render(v.Say(v.checkWord(words.ByHand)))
}

// checkWord says how a check is had: where enter runs commands, it comes by
// itself.
func (v drillSheet) checkWord(w say.Form) say.Form {
	if v.Typed {
		return words.ChecksItself
	}
	return w
}
