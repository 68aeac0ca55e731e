package ui

import (
	"cmp"
	"errors"

	"nstutor/diag/explain"
	"nstutor/diag/probe"
)

// whyView draws the answer in the lesson's place. What enter does stays below
// it, as it does below the lesson.
func (m *Model) whyView(r rect, focused bool) []string {
	pinned := m.pinned(r.w-2, 0)
	room := max(0, r.h-1-len(pinned))
	lines := m.whyLines(r.w - 2)
	view := &m.why.scroll
	view.extent(len(lines), room)
	body := block(window(lines, view.top, room), r.w-2, room, m.theme.g.ellipsis)
	return m.frame(r, focused, m.whyTitle(), m.scrollHint(*view), indent(append(body, pinned...)))
}

func (m *Model) whyTitle() string {
	q := m.why.about
	if q.to == "" {
		return m.say(wWhy)
	}
	return m.say(wWhy) + " " + m.theme.g.dot + " " + q.netns + " ping " + q.to + pingOptions(q.size, q.df)
}

// whyLines is the answer, w cells wide, or why there is none.
func (m *Model) whyLines(w int) []string {
	t := m.theme
	switch {
	case m.why.about.to == "":
		return wrap(t.faint.Render(m.say(wWhyNoPing)), w)
	case m.world.gone(m.why.about.netns):
		return wrap(t.bad.Render(m.cannotOpen(m.why.about.netns)), w)
	case m.why.err != nil:
		return wrapBehind(m.verdictSign(explain.Fail)+" ", t.bad.Render(m.whyNot()), w)
	case m.why.answer == nil:
		return wrap(t.faint.Render(t.g.wait+" "+m.say(wWhyLooking)), w)
	}
	column := 0
	for _, line := range m.why.lines {
		column = max(column, width(line.Netns))
	}
	var lines []string
	for _, line := range m.why.lines {
		lines = append(lines, m.reportLines(line, column, w)...)
		if line.Kind == explain.ReportVerdict {
			lines = append(lines, m.pingAgainst(w)...)
		}
	}
	return lines
}

// whyNot says in one sentence why there is no answer.
func (m *Model) whyNot() string {
	said := oneLine(m.why.err.Error())
	var name *probe.NameError
	if errors.As(m.why.err, &name) {
		return m.say(wWhyNoName, said)
	}
	return m.say(wWhyFailed, said)
}

// pingAgainst is what the ping says itself, and a warning when that is not
// what was predicted.
func (m *Model) pingAgainst(w int) []string {
	lines := wrapBehind("  ", m.pingWords(), w)
	if m.why.odds >= oddsToTell {
		t := m.theme
		lines = append(lines, wrapBehind(t.warn.Render(t.g.warn)+" ", t.warn.Render(m.say(wWhyDisagree)), w)...)
	}
	return lines
}

// reportLines draws one line of the report; the names of namespaces take
// column cells.
func (m *Model) reportLines(line explain.ReportLine, column, w int) []string {
	t := m.theme
	switch line.Kind {
	case explain.ReportBlank:
		return []string{""}
	case explain.ReportVerdict:
		return wrapBehind(m.verdictSign(m.whyVerdict())+" ", t.strong.Render(line.Text), w)
	case explain.ReportHeading:
		text := t.strong.Render(line.Text)
		if line.Leg == explain.LegRequest {
			text += t.faint.Render("  " + m.say(wWhySigns))
		}
		return wrap(text, w)
	case explain.ReportHop, explain.ReportBehind:
		observed := " "
		if line.Observed != explain.Unknown {
			observed = m.verdictSign(line.Observed)
		}
		lead := m.verdictSign(line.Predicted) + observed + " "
		if line.Netns != "" {
			lead += fit(line.Netns, column, "") + "  "
		}
		return wrapBehind(lead, line.Text, w)
	case explain.ReportFix:
		return m.shellLines(t.faint.Render("$ "), line.Text, w)
	case explain.ReportUnseen:
		return wrapBehind("? ", t.faint.Render(line.Text), w)
	}
	return wrapBehind("  ", line.Text, w)
}

// whyVerdict is the answer in a word.
func (m *Model) whyVerdict() string {
	return cmp.Or(map[string]string{explain.Delivered: explain.OK, explain.Broken: explain.Fail}[m.why.answer.Verdict], explain.Unknown)
}

// verdictSign is a word of the answer as a sign, in its colour.
func (m *Model) verdictSign(word string) string {
	t := m.theme
	switch word {
	case explain.OK:
		return t.good.Render(t.g.ok)
	case explain.Fail:
		return t.bad.Render(t.g.bad)
	}
	return t.warn.Render("?")
}
