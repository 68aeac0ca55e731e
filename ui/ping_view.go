package ui

import (
	"fmt"
	"strings"

	"nstutor/diag/probe"
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// pingWords is the newest thing ping would have printed.
func (m *Model) pingWords() string {
	l := &m.Network.Log
	t := m.Theme
	switch {
	case m.Network.Gone(l.Netns):
		return t.Bad.Render(m.cannotOpen(l.Netns))
	case !l.Settled:
		return t.Warn.Render(t.G.Wait + " " + m.Say(words.NoAnswerYet, l.To+session.PingOptions(l.Size, l.Df)))
	case l.Last.Outcome == probe.Replied:
		return t.Good.Render(t.G.Ok + " " + l.Last.Message)
	case l.Last.Outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent + " " + m.Say(words.NoAnswer, l.Last.Seq))
	}
	return t.Bad.Render(t.G.Bad + " " + l.Last.Message)
}

// pingStrip is the last echoes, one sign each.
func (m *Model) pingStrip(w int) string {
	var cells []string
	for _, e := range m.Network.Log.Echoes {
		cells = append(cells, m.echoSign(e))
	}
	if len(cells) > w {
		cells = cells[len(cells)-w:]
	}
	return strings.Join(cells, "")
}

func (m *Model) echoSign(e session.Echo) string {
	t := m.Theme
	switch {
	case e.Cut:
		return t.Faint.Render(t.G.Bar)
	case e.Pending:
		return t.Faint.Render(t.G.Pending)
	case e.Outcome == probe.Replied:
		return t.Good.Render(t.G.Ok)
	case e.Outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent)
	}
	return t.Bad.Render(t.G.Bad)
}

// pingLines are the two lines at the end of the live pane: ping's words, and
// how the last echoes went.
func (m *Model) pingLines(w int) []string {
	l := &m.Network.Log
	if l.To == "" {
		return nil
	}
	label := screen.Fit("ping", gutter, "")
	count := m.Say(words.Sent, l.Sent, l.Replied)
	head := fmt.Sprintf("%s > %s  %s  ", l.Netns, l.To+session.PingOptions(l.Size, l.Df), count)
	return []string{
		m.Theme.Faint.Render(label) + m.pingWords(),
		strings.Repeat(" ", gutter) + m.Theme.Faint.Render(head) + m.pingStrip(w-gutter-screen.Width(head)-1),
	}
}
