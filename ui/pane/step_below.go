package pane

import (
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/steps"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// below is the command, and how far the learner is on a way of their own.
func (v stepSheet) below(w, h int) []string {
	return append(v.commandLines(w, h), v.conditionLines(w, h)...)
}

// taskLines say what is to be brought about.
func (v stepSheet) taskLines(w int) []string {
	return wrap.Behind(v.Theme.Strong.Render(v.Say(words.Task))+"  ", v.Inline(v.Scene.Prose.Task), w)
}

// commandLines is what is to be done, or once it is shown the exact command and,
// where there is room, the other ways to say it.
func (v stepSheet) commandLines(w, h int) []string {
	lead := v.Theme.Faint.Render("$ ")
	if v.Scene.Phase == session.PhaseAfter {
		lead = v.Theme.Good.Render(v.Theme.G.Ok) + " "
	}
	if v.Scene.Opening() {
		return nil
	}
	task := v.taskLines(w)
	if v.Scene.Hidden() {
		return task
	}
	lines := v.ShellLines(lead, steps.Typed(v.Scene.Command), w)
	if h >= roomyLesson {
		if v.Scene.Phase == session.PhaseLook {
			lines = append(task, lines...)
		}
		lines = append(lines, v.sameLines(w)...)
	}
	return lines
}

// sameLines are the other ways to say the command.
func (v stepSheet) sameLines(w int) []string {
	var lines []string
	name := v.Say(words.SameAs)
	for i, same := range v.Scene.Command.Same {
		if i > 0 {
			name = wrap.Blank(screen.Width(name))
		}
		for _, line := range wrap.Behind("  "+name+"  ", same, w) {
			lines = append(lines, v.Theme.Faint.Render(line))
		}
	}
	return lines
}

// mostLines bounds what is said of one condition.
const mostLines = 4

// conditionLines are the conditions below the command: whether each is met, and
// what is there instead. Without room it is the first that is not met.
func (v stepSheet) conditionLines(w, h int) []string {
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
		want := v.Inline(c.Want.In(v.Lang))
		if !c.Met {
			want += t.Faint.Render("  " + steps.Look(c.Table))
		}
		one := wrap.Behind(sign+" ", want, w)
		switch {
		case c.Err != nil:
			one = append(one, wrap.Behind("  ", t.Warn.Render(say.Clean(v.Say(words.NotChecked, v.Trouble(c.Err)))), w)...)
		case !c.Met && c.Seen != "":
			one = append(one, wrap.Behind("  ", t.Note.Render(say.Clean(v.Say(words.ThereIs, c.Seen))), w)...)
		}
		if next == nil && !c.Met && c.Err == nil {
			for _, text := range s.Judged.Elsewhere {
				one = append(one, wrap.Behind("  ", t.Note.Render(say.Clean(v.Tell(text))), w)...)
			}
		}
		if lines = append(lines, one...); next == nil && (!c.Met || c.Err != nil) {
			next = one
		}
	}
	if h >= roomyLesson && len(lines) <= h/3 {
		return lines
	}
	if len(next) > mostLines {
		next = next[:mostLines]
		next[mostLines-1] = screen.Fit(next[mostLines-1]+" "+t.G.Ellipsis, w, t.G.Ellipsis)
	}
	return next
}

// next says what enter does, and at the end of a step before that what became of it.
func (v stepSheet) next(turning string) []string {
	if v.Scene.Phase == session.PhaseAfter {
		return append([]string{v.outcome(turning)}, v.onward()...)
	}
	return []string{v.enter()}
}

// enter says what enter does before the end of a step.
func (v stepSheet) enter() string {
	s, t := &v.Scene, v.Theme
	switch {
	case v.Typed && s.Spoilt():
		return t.Faint.Render(v.Say(words.EscRebuildOffer))
	case s.Spoilt():
		return t.Faint.Render(v.Say(words.RebuildOffer))
	case s.Opening() && !v.unread:
		return t.Faint.Render(v.Say(words.EnterBegins))
	case v.Typed && s.Hidden():
		return t.Faint.Render(t.G.More + " " + v.Say(words.TypeHidden))
	case v.Typed:
		return t.Faint.Render(t.G.More + " " + v.Say(words.TypeBelow))
	case v.unread:
		return v.readsOn()
	case s.Asks() && v.Why.Open: // its keys are those of the lesson
		return t.Strong.Render(v.Say(words.GuessBehind))
	case s.Asks():
		return t.Strong.Render(v.Say(words.GuessFirst, v.ChoiceKeys()))
	case s.Hidden():
		return t.Strong.Render(v.Say(words.DoIt))
	}
	return t.Faint.Render(v.Say(words.EnterApplies))
}

// outcome is how much of the promise was seen, and who did it.
func (v stepSheet) outcome(turning string) string {
	s, t := &v.Scene, v.Theme
	line := ""
	switch {
	case s.Keeping:
		line = turning + v.Say(words.CheckingPromise)
	case s.Report != nil:
		ok, all := s.Kept()
		if ok == all {
			line = t.Good.Render(t.G.Ok + " " + v.Say(words.AllKept, ok, all))
		} else {
			line = t.Bad.Render(t.G.Bad + " " + v.Say(words.SomeBroken, ok, all))
		}
	}
	if s.Elsewhere {
		who := words.DoneElsewhere
		if v.Typing.Worked == s.Gen {
			who = words.DoneByYou
		}
		line += "  " + t.Note.Render(v.Say(who))
	}
	return line
}

// onward says where enter leads from the end of a step, and where else one may go: each
// in a part of its own, for a step's title may be long.
func (v stepSheet) onward() []string {
	next, ok := v.Stage.Next()
	switch {
	case v.unread && !v.Typed:
		return []string{v.readsOn()}
	case !ok:
		return []string{v.Say(words.End), v.offer()}
	}
	prose, _ := session.ProseOf(v.Lang, next)
	enter := words.EnterNext
	if v.Typed {
		enter = words.EscEnterNext
	}
	offer := ""
	if chapter, _ := v.Course.Chapter(next); chapter.ID != v.Scene.Chapter {
		offer = v.offer()
	}
	return []string{offer, v.Theme.Faint.Render(v.Say(enter, next+" "+prose.Title))}
}

// offer says how the exercises of the chapter are had, where there are any.
func (v stepSheet) offer() string {
	if len(v.Offered()) == 0 || v.Typed {
		return ""
	}
	return v.Theme.Strong.Render(v.Say(words.OfferExercises))
}
