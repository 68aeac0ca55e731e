package ui

import (
	"cmp"
	"errors"

	"nstutor/diag/explain"
	"nstutor/diag/probe"
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// whyView draws the answer in the lesson's place. What enter does stays below
// it, as it does below the lesson.
func (m *Model) whyView(r rect, focused bool) []string {
	pinned := m.pinned(r.w-2, 0)
	room := max(0, r.h-1-len(pinned))
	lines := m.whyLines(r.w - 2)
	view := &m.whyScroll
	view.Extent(len(lines), room)
	body := screen.Block(screen.Window(lines, view.Top, room), r.w-2, room, m.Theme.G.Ellipsis)
	return m.Frame(r.w, r.h, focused, m.whyTitle(), m.ScrollHint(*view), screen.Indent(append(body, pinned...)))
}

func (m *Model) whyTitle() string {
	q := m.Why.About
	if q.To == "" {
		return m.Say(words.Why)
	}
	return m.Say(words.Why) + " " + m.Theme.G.Dot + " " + q.Netns + " ping " + q.To + session.PingOptions(q.Size, q.Df)
}

// whyLines is the answer, w cells wide, or why there is none.
func (m *Model) whyLines(w int) []string {
	t := m.Theme
	switch {
	case m.Why.About.To == "":
		return screen.Wrap(t.Faint.Render(m.Say(words.WhyNoPing)), w)
	case m.Network.Gone(m.Why.About.Netns):
		return screen.Wrap(t.Bad.Render(m.cannotOpen(m.Why.About.Netns)), w)
	case m.Why.Err != nil:
		return screen.WrapBehind(m.verdictSign(explain.Fail)+" ", t.Bad.Render(m.whyNot()), w)
	case m.Why.Answer == nil:
		return screen.Wrap(t.Faint.Render(t.G.Wait+" "+m.Say(words.WhyLooking)), w)
	}
	column := 0
	for _, line := range m.Why.Lines {
		column = max(column, screen.Width(line.Netns))
	}
	var lines []string
	for _, line := range m.Why.Lines {
		lines = append(lines, m.reportLines(line, column, w)...)
		if line.Kind == explain.ReportVerdict {
			lines = append(lines, m.pingAgainst(w)...)
		}
	}
	return lines
}

// whyNot says in one sentence why there is no answer.
func (m *Model) whyNot() string {
	said := screen.OneLine(m.Why.Err.Error())
	var name *probe.NameError
	if errors.As(m.Why.Err, &name) {
		return m.Say(words.WhyNoName, said)
	}
	return m.Say(words.WhyFailed, said)
}

// pingAgainst is what the ping says itself, and a warning when that is not
// what was predicted.
func (m *Model) pingAgainst(w int) []string {
	lines := screen.WrapBehind("  ", m.pingWords(), w)
	if m.Why.Odds >= session.OddsToTell {
		t := m.Theme
		lines = append(lines, screen.WrapBehind(t.Warn.Render(t.G.Warn)+" ", t.Warn.Render(m.Say(words.WhyDisagree)), w)...)
	}
	return lines
}

// reportLines draws one line of the report; the names of namespaces take
// column cells.
func (m *Model) reportLines(line explain.ReportLine, column, w int) []string {
	t := m.Theme
	switch line.Kind {
	case explain.ReportBlank:
		return []string{""}
	case explain.ReportVerdict:
		return screen.WrapBehind(m.verdictSign(m.whyVerdict())+" ", t.Strong.Render(line.Text), w)
	case explain.ReportHeading:
		text := t.Strong.Render(line.Text)
		if line.Leg == explain.LegRequest {
			text += t.Faint.Render("  " + m.Say(words.WhySigns))
		}
		return screen.Wrap(text, w)
	case explain.ReportHop, explain.ReportBehind:
		observed := " "
		if line.Observed != explain.Unknown {
			observed = m.verdictSign(line.Observed)
		}
		lead := m.verdictSign(line.Predicted) + observed + " "
		if line.Netns != "" {
			lead += screen.Fit(line.Netns, column, "") + "  "
		}
		return screen.WrapBehind(lead, line.Text, w)
	case explain.ReportFix:
		return m.ShellLines(t.Faint.Render("$ "), line.Text, w)
	case explain.ReportUnseen:
		return screen.WrapBehind("? ", t.Faint.Render(line.Text), w)
	}
	return screen.WrapBehind("  ", line.Text, w)
}

// whyVerdict is the answer in a word.
func (m *Model) whyVerdict() string {
	return cmp.Or(map[string]string{explain.Delivered: explain.OK, explain.Broken: explain.Fail}[m.Why.Answer.Verdict], explain.Unknown)
}

// verdictSign is a word of the answer as a sign, in its colour.
func (m *Model) verdictSign(word string) string {
	t := m.Theme
	switch word {
	case explain.OK:
		return t.Good.Render(t.G.Ok)
	case explain.Fail:
		return t.Bad.Render(t.G.Bad)
	}
	return t.Warn.Render("?")
}
