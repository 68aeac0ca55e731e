package ui

import (
	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// roomyLesson is the height of a lesson pane that has room for the other ways
// to say the command.
const roomyLesson = 16

// pinned is the lower end of the lesson: trouble, the command, and what comes
// next.
func (m *Model) pinned(w, h int) []string {
	s := &m.stage
	var lines []string
	if s.step.ID == "" {
		return append(m.troubleLines(w), m.nextLine())
	}
	lines = append(lines, "")
	if m.drill != nil {
		lines = append(append(lines, m.drillPinned(w)...), m.troubleLines(w)...)
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
	if m.stage.phase == phaseAfter {
		lead = m.Theme.Good.Render(m.Theme.G.Ok) + " "
	}
	lines := m.ShellLines(lead, m.stage.command.String(), w)
	if h >= roomyLesson {
		lines = append(lines, m.sameLines(w)...)
	}
	return lines
}

// sameLines are the other ways to say the command.
func (m *Model) sameLines(w int) []string {
	var lines []string
	name := m.Say(words.SameAs)
	for i, same := range m.stage.command.Same {
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
	s, t := &m.stage, m.Theme
	var lines []string
	add := func(text string) { lines = append(lines, screen.Fit(text, w, t.G.Ellipsis)) }
	switch {
	case s.err != nil:
		add(t.Bad.Render(t.G.Bad + " " + screen.OneLine(s.err.Error())))
	case s.banner != "":
		add(t.Warn.Render(t.G.Warn + " " + m.Say(words.NotAsExpected) + ": " + s.banner))
	case s.rebuilt:
		add(t.Note.Render(t.G.Warn + " " + m.Say(words.Rebuilt)))
	}
	// The end of a complaint says why: it is not cut.
	complain := func(text string) {
		for _, line := range screen.WrapLine(t.G.Warn+" "+say.Clean(text), w) {
			add(t.Warn.Render(line))
		}
	}
	if m.warning != "" {
		complain(m.warning)
	}
	if m.open {
		complain(m.Say(words.OpenLab))
	}
	return lines
}

// nextLine says what is going on, or what enter does.
func (m *Model) nextLine() string {
	s, t := &m.stage, m.Theme
	turning := t.G.Spinner[m.turn%len(t.G.Spinner)] + " "
	switch {
	case m.working > 0:
		return turning + m.Say(m.workWord)
	case m.drill != nil && (s.phase == phaseLook && s.err == nil || s.phase == phaseAfter):
		return m.drillNext(turning)
	case s.phase == phaseAfter:
		return m.outcomeLine(turning)
	case s.banner != "" || s.err != nil:
		return t.Faint.Render(m.Say(words.RebuildOffer))
	case m.typing.open:
		return t.Faint.Render(t.G.More + " " + m.Say(words.TypeBelow))
	case m.mustReadOn():
		return t.Faint.Render(t.G.More + " " + m.Say(words.EnterReads))
	}
	return t.Faint.Render(m.Say(words.EnterApplies))
}

// outcomeLine is the end of a step: how much of the promise was seen, and where
// enter leads.
func (m *Model) outcomeLine(turning string) string {
	s, t := &m.stage, m.Theme
	line := ""
	switch {
	case s.keeping:
		line = turning + m.Say(words.CheckingPromise)
	case s.report != nil:
		ok, all := s.kept()
		if ok == all {
			line = t.Good.Render(t.G.Ok + " " + m.Say(words.AllKept, ok, all))
		} else {
			line = t.Bad.Render(t.G.Bad + " " + m.Say(words.SomeBroken, ok, all))
		}
	}
	if s.elsewhere {
		who := words.DoneElsewhere
		if m.typing.worked == s.gen {
			who = words.DoneByYou
		}
		line += "  " + t.Note.Render(m.Say(who))
	}
	next, ok := m.neighbourStep(+1)
	if !ok {
		return line + "  " + m.Say(words.End)
	}
	prose, _ := proseOf(m.Lang, next)
	enter := words.EnterNext
	if m.typing.open {
		enter = words.EscEnterNext
	}
	return line + "  " + t.Faint.Render(m.Say(enter, next+" "+prose.Title))
}
