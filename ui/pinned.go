package ui

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
func (m *Model) pinned(w, h int) []string {
	s := &m.Scene
	var lines []string
	if s.Step.ID == "" {
		return append(m.troubleLines(w), m.nextLine())
	}
	lines = append(lines, "")
	if d, ok := m.Stage.(*session.Drill); ok {
		lines = append(append(lines, m.drillPinned(d, w)...), m.troubleLines(w)...)
		return append(lines, m.nextLine())
	}
	lines = append(lines, m.commandLines(w, h)...)
	lines = append(lines, m.conditionLines(w, h)...)
	lines = append(lines, m.troubleLines(w)...)
	return append(lines, m.nextLine())
}

// commandLines is the exact command and, where there is room, the other ways to
// say it.
func (m *Model) commandLines(w, h int) []string {
	lead := m.Theme.Faint.Render("$ ")
	if m.Scene.Phase == session.PhaseAfter {
		lead = m.Theme.Good.Render(m.Theme.G.Ok) + " "
	}
	lines := m.ShellLines(lead, m.Scene.Command.String(), w)
	if h >= roomyLesson {
		lines = append(lines, m.sameLines(w)...)
	}
	return lines
}

// sameLines are the other ways to say the command.
func (m *Model) sameLines(w int) []string {
	var lines []string
	name := m.Say(words.SameAs)
	for i, same := range m.Scene.Command.Same {
		if i > 0 {
			name = screen.Blank(screen.Width(name))
		}
		for _, line := range screen.WrapBehind("  "+name+"  ", same, w) {
			lines = append(lines, m.Theme.Faint.Render(line))
		}
	}
	return lines
}

// troubleLines are errors, a lab that is not as the step expects, and what the
// memory complains of: one line each.
func (m *Model) troubleLines(w int) []string {
	s, t := &m.Scene, m.Theme
	var lines []string
	add := func(text string) { lines = append(lines, screen.Fit(text, w, t.G.Ellipsis)) }
	switch {
	case s.Err != nil:
		add(t.Bad.Render(t.G.Bad + " " + m.errorText(s.Err)))
	case s.Banner != "":
		add(t.Warn.Render(t.G.Warn + " " + m.Say(words.NotAsExpected) + ": " + s.Banner))
	case s.Rebuilt:
		add(t.Note.Render(t.G.Warn + " " + m.Say(words.Rebuilt)))
	}
	// The end of a complaint says why: it is not cut.
	complain := func(text string) {
		for _, line := range screen.WrapLine(t.G.Warn+" "+say.Clean(text), w) {
			add(t.Warn.Render(line))
		}
	}
	if m.Warning != "" {
		complain(m.Warning)
	}
	if m.open {
		complain(m.Say(words.OpenLab))
	}
	return lines
}

// nextLine says what is going on, or what enter does.
func (m *Model) nextLine() string {
	s, t := &m.Scene, m.Theme
	d, drilling := m.Stage.(*session.Drill)
	turning := t.G.Spinner[m.turn%len(t.G.Spinner)] + " "
	switch {
	case m.Working > 0:
		return turning + m.Say(jobWords[m.Job])
	case drilling && (s.Phase == session.PhaseLook && s.Err == nil || s.Phase == session.PhaseAfter):
		return m.drillNext(d, turning)
	case s.Phase == session.PhaseAfter:
		return m.outcomeLine(turning)
	case s.Banner != "" || s.Err != nil:
		return t.Faint.Render(m.Say(words.RebuildOffer))
	case m.console.open:
		return t.Faint.Render(t.G.More + " " + m.Say(words.TypeBelow))
	case m.mustReadOn():
		return t.Faint.Render(t.G.More + " " + m.Say(words.EnterReads))
	}
	return t.Faint.Render(m.Say(words.EnterApplies))
}

// outcomeLine is the end of a step: how much of the promise was seen, and where
// enter leads.
func (m *Model) outcomeLine(turning string) string {
	s, t := &m.Scene, m.Theme
	line := ""
	switch {
	case s.Keeping:
		line = turning + m.Say(words.CheckingPromise)
	case s.Report != nil:
		ok, all := s.Kept()
		if ok == all {
			line = t.Good.Render(t.G.Ok + " " + m.Say(words.AllKept, ok, all))
		} else {
			line = t.Bad.Render(t.G.Bad + " " + m.Say(words.SomeBroken, ok, all))
		}
	}
	if s.Elsewhere {
		who := words.DoneElsewhere
		if m.Typing.Worked == s.Gen {
			who = words.DoneByYou
		}
		line += "  " + t.Note.Render(m.Say(who))
	}
	next, ok := m.Stage.Next()
	if !ok {
		return line + "  " + m.Say(words.End)
	}
	prose, _ := session.ProseOf(m.Lang, next)
	enter := words.EnterNext
	if m.console.open {
		enter = words.EscEnterNext
	}
	return line + "  " + t.Faint.Render(m.Say(enter, next+" "+prose.Title))
}

// jobWords say what the learner waits for.
var jobWords = map[session.Job]words.Word{session.JobEnter: words.WorkEnter, session.JobApply: words.WorkApply, session.JobUndo: words.WorkUndo}

// errorText is an error in one line.
func (m *Model) errorText(err error) string {
	var shell *session.NoShell
	if errors.As(err, &shell) {
		return m.Say(words.ShellFailed, screen.OneLine(shell.Err.Error()))
	}
	return screen.OneLine(err.Error())
}
