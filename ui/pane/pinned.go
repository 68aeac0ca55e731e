package pane

import (
	"errors"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// roomyLesson is the height of a lesson pane that has room for the other ways
// to say the command.
const roomyLesson = 16

// pinned is the lower end of the lesson: trouble, the command, and what comes
// next.
func (v *Lesson) pinned(w, h int) []string {
	s := &v.Scene
	var lines []string
	if s.Step.ID == "" {
		return append(v.troubleLines(w), v.nextLine())
	}
	lines = append(lines, "")
	if d, ok := v.Stage.(*session.Drill); ok {
		lines = append(append(lines, v.drillPinned(d, w)...), v.troubleLines(w)...)
		return append(lines, v.nextLine())
	}
	lines = append(lines, v.commandLines(w, h)...)
	lines = append(lines, v.conditionLines(w, h)...)
	lines = append(lines, v.troubleLines(w)...)
	return append(lines, v.nextLine())
}

// commandLines is the exact command and, where there is room, the other ways to
// say it.
func (v *Lesson) commandLines(w, h int) []string {
	lead := v.Theme.Faint.Render("$ ")
	if v.Scene.Phase == session.PhaseAfter {
		lead = v.Theme.Good.Render(v.Theme.G.Ok) + " "
	}
	lines := v.ShellLines(lead, v.Scene.Command.String(), w)
	if h >= roomyLesson {
		lines = append(lines, v.sameLines(w)...)
	}
	return lines
}

// sameLines are the other ways to say the command.
func (v *Lesson) sameLines(w int) []string {
	var lines []string
	name := v.Say(words.SameAs)
	for i, same := range v.Scene.Command.Same {
		if i > 0 {
			name = screen.Blank(screen.Width(name))
		}
		for _, line := range screen.WrapBehind("  "+name+"  ", same, w) {
			lines = append(lines, v.Theme.Faint.Render(line))
		}
	}
	return lines
}

// troubleLines are errors, a lab that is not as the step expects, and what the
// memory complains of: one line each.
func (v *Lesson) troubleLines(w int) []string {
	s, t := &v.Scene, v.Theme
	var lines []string
	add := func(text string) { lines = append(lines, screen.Fit(text, w, t.G.Ellipsis)) }
	switch {
	case s.Err != nil:
		add(t.Bad.Render(t.G.Bad + " " + v.errorText(s.Err)))
	case s.Banner != "":
		add(t.Warn.Render(t.G.Warn + " " + v.Say(words.NotAsExpected) + ": " + s.Banner))
	case s.Rebuilt:
		add(t.Note.Render(t.G.Warn + " " + v.Say(words.Rebuilt)))
	}
	// The end of a complaint says why: it is not cut.
	complain := func(text string) {
		for _, line := range screen.WrapLine(t.G.Warn+" "+say.Clean(text), w) {
			add(t.Warn.Render(line))
		}
	}
	if v.Warning != "" {
		complain(v.Warning)
	}
	if v.OpenLab {
		complain(v.Say(words.OpenLab))
	}
	return lines
}

// nextLine says what is going on, or what enter does.
func (v *Lesson) nextLine() string {
	s, t := &v.Scene, v.Theme
	d, drilling := v.Stage.(*session.Drill)
	turning := t.G.Spinner[v.Turn%len(t.G.Spinner)] + " "
	switch {
	case v.Working > 0:
		return turning + v.Say(jobWords[v.Job])
	case drilling && (s.Phase == session.PhaseLook && s.Err == nil || s.Phase == session.PhaseAfter):
		return v.drillNext(d, turning)
	case s.Phase == session.PhaseAfter:
		return v.outcomeLine(turning)
	case s.Banner != "" || s.Err != nil:
		return t.Faint.Render(v.Say(words.RebuildOffer))
	case v.Typed:
		return t.Faint.Render(t.G.More + " " + v.Say(words.TypeBelow))
	case v.MustReadOn():
		return t.Faint.Render(t.G.More + " " + v.Say(words.EnterReads))
	}
	return t.Faint.Render(v.Say(words.EnterApplies))
}

// outcomeLine is the end of a step: how much of the promise was seen, and where
// enter leads.
func (v *Lesson) outcomeLine(turning string) string {
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
	next, ok := v.Stage.Next()
	if !ok {
		return line + "  " + v.Say(words.End)
	}
	prose, _ := session.ProseOf(v.Lang, next)
	enter := words.EnterNext
	if v.Typed {
		enter = words.EscEnterNext
	}
	return line + "  " + t.Faint.Render(v.Say(enter, next+" "+prose.Title))
}

// jobWords say what the learner waits for.
var jobWords = map[session.Job]words.Word{session.JobEnter: words.WorkEnter, session.JobApply: words.WorkApply, session.JobUndo: words.WorkUndo}

// errorText is an error in one line.
func (v *Lesson) errorText(err error) string {
	var shell *session.NoShell
	if errors.As(err, &shell) {
		return v.Say(words.ShellFailed, screen.OneLine(shell.Err.Error()))
	}
	return screen.OneLine(err.Error())
}
