package ui

import (
	"fmt"
	"strings"

	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// lessonView draws the lesson: what scrolls, and below it the command with
// what the next key does, which are always to be seen.
func (m *Model) lessonView(r rect, focused bool) []string {
	pinned := m.pinned(r.w-2, r.h)
	room := max(0, r.h-1-len(pinned))
	lines := m.lessonLines(r.w-2, r.h)
	m.scroll[areaLesson].Extent(len(lines), room)
	body := screen.Block(screen.Window(lines, m.scroll[areaLesson].Top, room), r.w-2, room, m.Theme.G.Ellipsis)
	return m.Frame(r.w, r.h, focused, m.lessonTitle(), m.ScrollHint(m.scroll[areaLesson]), screen.Indent(append(body, pinned...)))
}

func (m *Model) lessonTitle() string {
	s := &m.Scene
	if s.Step.ID == "" {
		return m.Say(words.Lesson)
	}
	return s.Step.ID + "  " + s.Prose.Title
}

// lessonLines is the text that scrolls, w cells wide, in a pane of h lines.
func (m *Model) lessonLines(w, h int) []string {
	s := &m.Scene
	m.predictEnd = 0
	switch {
	case s.Step.ID == "":
		return nil
	case s.ProseErr != nil:
		return screen.Wrap(m.Theme.Bad.Render(m.Theme.G.Bad+" "+s.ProseErr.Error()), w)
	}
	if d, ok := m.Stage.(*session.Drill); ok {
		return m.drillLines(d, w)
	}
	var lines []string
	if s.Phase == session.PhaseAfter {
		lines = m.afterLines(w)
	} else {
		lines = m.lookLines(w, h)
	}
	if same := m.sameLines(w); h < roomyLesson && len(same) > 0 {
		lines = append(append(lines, ""), same...)
	}
	return lines
}

// lookLines is what there is to read before the action.
func (m *Model) lookLines(w, h int) []string {
	s := &m.Scene
	var lines []string
	if s.Intro != "" && h >= roomyLesson {
		lines = append(m.Prose(s.Intro, w), "", m.Theme.Rule.Render(strings.Repeat(m.Theme.G.Rule, w)), "")
	}
	lines = append(lines, m.Prose(s.Prose.Look, w)...)
	lines = append(lines, m.symptomLines(w)...)
	lines = append(lines, m.predictLines(w)...)
	m.predictEnd = len(lines)
	return append(lines, m.hintLines(w)...)
}

// symptomLines say what the ping of this step is promised to say before the
// action, and whether the live one says it already.
func (m *Model) symptomLines(w int) []string {
	s := &m.Scene
	var lines []string
	for _, ping := range s.Step.Before.Pings {
		sign := m.Theme.G.Wait
		outcome, settled := m.Network.Log.Outcome()
		if settled && ping.From == m.Network.Log.Netns && ping.To == m.Network.Log.To {
			sign = m.Theme.Verdict(outcome == ping.Want)
		}
		lines = append(lines, screen.WrapBehind(sign+" ", m.Say(words.Now, ping.From, ping.To, ping.Want), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// predictLines is the question with its answers.
func (m *Model) predictLines(w int) []string {
	p := m.Scene.Prose.Predict
	if len(p.Choices) == 0 {
		return nil
	}
	lines := append([]string{""}, screen.WrapBehind(m.Theme.Strong.Render("?")+" ", m.Inline(p.Question), w)...)
	for i, choice := range p.Choices {
		lead := fmt.Sprintf("  %d  ", i+1)
		if m.Scene.Guessed && m.Scene.Choice == i {
			lead = m.Theme.Strong.Render(fmt.Sprintf("%s %d  ", m.Theme.G.Cursor, i+1))
		}
		lines = append(lines, screen.WrapBehind(lead, m.Inline(choice), w)...)
	}
	return lines
}

// hintLines are the hints that were asked for.
func (m *Model) hintLines(w int) []string {
	s := &m.Scene
	var lines []string
	hints := s.HintTexts(m.Lang)
	for i, hint := range hints[:min(s.Hints, len(hints))] {
		lead := m.Theme.Note.Render(m.Say(words.Hint, i+1, len(hints)))
		lines = append(lines, screen.WrapBehind(lead+"  ", m.Inline(hint), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// afterLines: what became of the prediction, what happened, what the command
// printed, and what was promised beside what was seen.
func (m *Model) afterLines(w int) []string {
	s := &m.Scene
	var lines []string
	if p := s.Prose.Predict; s.Guessed && s.Choice < len(p.Choices) {
		lines = append(lines, m.verdictLines(w)...)
	}
	lines = append(lines, m.Prose(s.Prose.After, w)...)
	if len(s.Output) > 0 {
		lines = append(lines, "")
	}
	for _, line := range s.Output {
		lines = append(lines, screen.Wrap(m.Theme.Note.Render(line), w)...)
	}
	if s.Report == nil {
		return lines
	}
	lines = append(lines, "")
	for _, seen := range s.Report.Lines {
		lines = append(lines, screen.WrapBehind(m.Theme.Verdict(seen.OK)+" ", seen.Promised, w)...)
		switch {
		case seen.Err != nil:
			lines = append(lines, screen.WrapBehind("  ", m.Theme.Bad.Render(seen.Err.Error()), w)...)
		case !seen.OK:
			lines = append(lines, screen.WrapBehind("  "+m.Say(words.Seen)+": ", seen.Seen, w)...)
		}
	}
	return lines
}

func (m *Model) verdictLines(w int) []string {
	s := &m.Scene
	p := s.Prose.Predict
	said, right := m.Inline(p.Choices[s.Choice]), m.Inline(p.Choices[p.Right])
	if s.Choice == p.Right {
		return append(screen.WrapBehind(m.Theme.Verdict(true)+" ", m.Say(words.Right, right), w), "")
	}
	lines := screen.WrapBehind(m.Theme.Verdict(false)+" ", m.Say(words.YouSaid, said), w)
	return append(append(lines, screen.WrapBehind("  ", m.Say(words.Wrong, right), w)...), "")
}
