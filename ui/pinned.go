package ui

import (
	"strings"

	"nstutor/internal/say"
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
	lead := m.theme.faint.Render("$ ")
	if m.stage.phase == phaseAfter {
		lead = m.theme.good.Render(m.theme.g.ok) + " "
	}
	lines := m.shellLines(lead, m.stage.command.String(), w)
	if h >= roomyLesson {
		lines = append(lines, m.sameLines(w)...)
	}
	return lines
}

// sameLines are the other ways to say the command.
func (m *Model) sameLines(w int) []string {
	var lines []string
	name := m.say(wSameAs)
	for i, same := range m.stage.command.Same {
		if i > 0 {
			name = blank(width(name))
		}
		for _, line := range wrapBehind("  "+name+"  ", same, w) {
			lines = append(lines, m.theme.faint.Render(line))
		}
	}
	return lines
}

// shellLines breaks a command as a shell would take it: with a backslash.
func (m *Model) shellLines(lead, command string, w int) []string {
	lines := wrap("$ "+command, w-2)
	for i, line := range lines {
		text := m.theme.command.Render(strings.TrimPrefix(line, "$ "))
		if i == 0 {
			text = lead + text
		}
		if i < len(lines)-1 {
			text += m.theme.faint.Render(` \`)
		}
		lines[i] = text
	}
	return lines
}

// troubleLines are errors, a lab that is not as the step expects, and what the
// memory complains of: one line each.
func (m *Model) troubleLines(w int) []string {
	s, t := &m.stage, m.theme
	var lines []string
	add := func(text string) { lines = append(lines, fit(text, w, t.g.ellipsis)) }
	switch {
	case s.err != nil:
		add(t.bad.Render(t.g.bad + " " + oneLine(s.err.Error())))
	case s.banner != "":
		add(t.warn.Render(t.g.warn + " " + m.say(wNotAsExpected) + ": " + s.banner))
	case s.rebuilt:
		add(t.note.Render(t.g.warn + " " + m.say(wRebuilt)))
	}
	// The end of a complaint says why: it is not cut.
	complain := func(text string) {
		for _, line := range wrapLine(t.g.warn+" "+say.Clean(text), w) {
			add(t.warn.Render(line))
		}
	}
	if !m.warning.IsZero() {
		complain(m.warning.In(m.lang))
	}
	if m.open {
		complain(m.say(wOpenLab))
	}
	return lines
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// nextLine says what is going on, or what enter does.
func (m *Model) nextLine() string {
	s, t := &m.stage, m.theme
	turning := t.g.spinner[m.turn%len(t.g.spinner)] + " "
	switch {
	case m.working > 0:
		return turning + m.say(m.workWord)
	case m.drill != nil && (s.phase == phaseLook && s.err == nil || s.phase == phaseAfter):
		return m.drillNext(turning)
	case s.phase == phaseAfter:
		return m.outcomeLine(turning)
	case s.banner != "" || s.err != nil:
		return t.faint.Render(m.say(wRebuildOffer))
	case m.typing.open:
		return t.faint.Render(t.g.more + " " + m.say(wTypeBelow))
	case m.mustReadOn():
		return t.faint.Render(t.g.more + " " + m.say(wEnterReads))
	}
	return t.faint.Render(m.say(wEnterApplies))
}

// outcomeLine is the end of a step: how much of the promise was seen, and where
// enter leads.
func (m *Model) outcomeLine(turning string) string {
	s, t := &m.stage, m.theme
	line := ""
	switch {
	case s.keeping:
		line = turning + m.say(wCheckingPromise)
	case s.report != nil:
		ok, all := s.kept()
		if ok == all {
			line = t.good.Render(t.g.ok + " " + m.say(wAllKept, ok, all))
		} else {
			line = t.bad.Render(t.g.bad + " " + m.say(wSomeBroken, ok, all))
		}
	}
	if s.elsewhere {
		who := wDoneElsewhere
		if m.typing.worked == s.gen {
			who = wDoneByYou
		}
		line += "  " + t.note.Render(m.say(who))
	}
	next, ok := m.neighbourStep(+1)
	if !ok {
		return line + "  " + m.say(wEnd)
	}
	prose, _ := proseOf(m.lang, next)
	enter := wEnterNext
	if m.typing.open {
		enter = wEscEnterNext
	}
	return line + "  " + t.faint.Render(m.say(enter, next+" "+prose.Title))
}
