package ui

import (
	"fmt"
	"strings"
)

// lessonView draws the lesson: what scrolls, and below it the command with
// what the next key does, which are always to be seen.
func (m *Model) lessonView(r rect, focused bool) []string {
	pinned := m.pinned(r.w-2, r.h)
	room := max(0, r.h-1-len(pinned))
	lines := m.lessonLines(r.w-2, r.h)
	m.scroll[paneLesson].extent(len(lines), room)
	body := block(window(lines, m.scroll[paneLesson].top, room), r.w-2, room, m.theme.g.ellipsis)
	return m.frame(r, focused, m.lessonTitle(), m.scrollHint(m.scroll[paneLesson]), indent(append(body, pinned...)))
}

func (m *Model) lessonTitle() string {
	s := &m.stage
	if s.step.ID == "" {
		return m.say(wLesson)
	}
	return s.step.ID + "  " + s.prose.Title
}

// lessonLines is the text that scrolls, w cells wide, in a pane of h lines.
func (m *Model) lessonLines(w, h int) []string {
	s := &m.stage
	s.predictEnd = 0
	switch {
	case s.step.ID == "":
		return nil
	case s.proseErr != nil:
		return wrap(m.theme.bad.Render(m.theme.g.bad+" "+s.proseErr.Error()), w)
	}
	if m.drill != nil {
		return m.drillLines(w)
	}
	var lines []string
	if s.phase == phaseAfter {
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
	s := &m.stage
	var lines []string
	if s.intro != "" && h >= roomyLesson {
		lines = append(m.prose(s.intro, w), "", m.theme.rule.Render(strings.Repeat(m.theme.g.rule, w)), "")
	}
	lines = append(lines, m.prose(s.prose.Look, w)...)
	lines = append(lines, m.symptomLines(w)...)
	lines = append(lines, m.predictLines(w)...)
	s.predictEnd = len(lines)
	return append(lines, m.hintLines(w)...)
}

// prose is Markdown as lines; drawn once for each text and width.
func (m *Model) prose(text string, w int) []string {
	key := fmt.Sprintf("%d %s", w, text)
	if m.drawn == nil || len(m.drawn) > 32 {
		m.drawn = map[string][]string{}
	}
	if _, ok := m.drawn[key]; !ok {
		m.drawn[key] = markdown(text, w)
	}
	return append([]string(nil), m.drawn[key]...)
}

// symptomLines say what the ping of this step is promised to say before the
// action, and whether the live one says it already.
func (m *Model) symptomLines(w int) []string {
	s := &m.stage
	var lines []string
	for _, ping := range s.step.Before.Pings {
		sign := m.theme.g.wait
		outcome, settled := m.world.log.outcome()
		if settled && ping.From == m.world.log.netns && ping.To == m.world.log.to {
			sign = m.theme.verdict(outcome == ping.Want)
		}
		lines = append(lines, wrapBehind(sign+" ", m.say(wNow, ping.From, ping.To, ping.Want), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// predictLines is the question with its answers.
func (m *Model) predictLines(w int) []string {
	p := m.stage.prose.Predict
	if len(p.Choices) == 0 {
		return nil
	}
	lines := append([]string{""}, wrapBehind(m.theme.strong.Render("?")+" ", m.inline(p.Question), w)...)
	for i, choice := range p.Choices {
		lead := fmt.Sprintf("  %d  ", i+1)
		if m.stage.guessed && m.stage.choice == i {
			lead = m.theme.strong.Render(fmt.Sprintf("%s %d  ", m.theme.g.cursor, i+1))
		}
		lines = append(lines, wrapBehind(lead, m.inline(choice), w)...)
	}
	return lines
}

// inline is one line of Markdown.
func (m *Model) inline(text string) string { return strings.Join(m.prose(text, 4096), " ") }

// hintLines are the hints that were asked for.
func (m *Model) hintLines(w int) []string {
	s := &m.stage
	var lines []string
	hints := s.hintTexts(m.lang)
	for i, hint := range hints[:min(s.hints, len(hints))] {
		lead := m.theme.note.Render(m.say(wHint, i+1, len(hints)))
		lines = append(lines, wrapBehind(lead+"  ", m.inline(hint), w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{""}, lines...)
}

// afterLines: what became of the prediction, what happened, what the command
// printed, and what was promised beside what was seen.
func (m *Model) afterLines(w int) []string {
	s := &m.stage
	var lines []string
	if p := s.prose.Predict; s.guessed && s.choice < len(p.Choices) {
		lines = append(lines, m.verdictLines(w)...)
	}
	lines = append(lines, m.prose(s.prose.After, w)...)
	if len(s.output) > 0 {
		lines = append(lines, "")
	}
	for _, line := range s.output {
		lines = append(lines, wrap(m.theme.note.Render(line), w)...)
	}
	if s.report == nil {
		return lines
	}
	lines = append(lines, "")
	for _, seen := range s.report.Lines {
		lines = append(lines, wrapBehind(m.theme.verdict(seen.OK)+" ", seen.Promised, w)...)
		switch {
		case seen.Err != nil:
			lines = append(lines, wrapBehind("  ", m.theme.bad.Render(seen.Err.Error()), w)...)
		case !seen.OK:
			lines = append(lines, wrapBehind("  "+m.say(wSeen)+": ", seen.Seen, w)...)
		}
	}
	return lines
}

func (m *Model) verdictLines(w int) []string {
	s := &m.stage
	p := s.prose.Predict
	said, right := m.inline(p.Choices[s.choice]), m.inline(p.Choices[p.Right])
	if s.choice == p.Right {
		return append(wrapBehind(m.theme.verdict(true)+" ", m.say(wRight, right), w), "")
	}
	lines := wrapBehind(m.theme.verdict(false)+" ", m.say(wYouSaid, said), w)
	return append(append(lines, wrapBehind("  ", m.say(wWrong, right), w)...), "")
}
