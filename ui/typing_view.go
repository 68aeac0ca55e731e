package ui

import (
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// typingView draws what a terminal would show: commands, their output, and
// below them the line that is being typed.
func (m *Model) typingView(r rect) []string {
	t := &m.console
	w, room := r.w-2, r.h-1
	foot := append(m.offerLines(w), m.promptLines(w, room)...)
	lines := m.tapeView(w)
	top := max(0, room-len(foot))
	if t.scroll.Extent(len(lines), top); !t.held {
		t.scroll.Top = t.scroll.End()
	}
	body := append(screen.Window(lines, t.scroll.Top, top), foot...)
	if extra := len(body) - room; extra > 0 {
		body = body[extra:]
	}
	return m.Frame(r.w, r.h, true, m.typingTitle(), m.typingNews(r.w), screen.Indent(body))
}

func (m *Model) typingTitle() string {
	return m.Say(words.Typing) + " " + m.Theme.G.Dot + " " + m.TypingNetns()
}

// typingNews is at the right of the title: what runs; else how far one has
// scrolled; else, where the tables are not to be seen, what the ping says.
func (m *Model) typingNews(w int) string {
	t := &m.console
	switch {
	case m.Typing.Run != nil:
		turning := m.Theme.G.Spinner[m.turn%len(m.Theme.G.Spinner)]
		return turning + " " + m.Say(words.TypedRuns, int(m.Now().Sub(m.Typing.Run.Began).Seconds()))
	case t.held:
		return m.ScrollHint(t.scroll)
	case !m.plan.wide && m.Network.Log.To != "":
		return ansi.Truncate(ansi.Strip(m.pingWords()), w-screen.Width(m.typingTitle())-8, m.Theme.G.Ellipsis)
	}
	return ""
}

// tapeView is all that is kept, w cells wide.
func (m *Model) tapeView(w int) []string {
	t, tape := m.Theme, &m.Typing.Tape
	var lines []string
	switch {
	case tape.Cut:
		lines = screen.Wrap(t.Faint.Render(t.G.Ellipsis+" "+m.Say(words.TypedCut, session.TapeLines, session.TapeBytes>>10)), w)
	case len(tape.Lines) == 0 && m.Typing.Run == nil:
		lines = screen.Wrap(t.Faint.Render(m.Say(words.TypingIntro)), w)
	}
	for i := range tape.Lines {
		line := &tape.Lines[i]
		if line.Drawn == nil || line.Cells != w {
			line.Drawn, line.Cells = m.tapeLine(*line, w), w
		}
		lines = append(lines, line.Drawn...)
	}
	if tape.Open != "" {
		lines = append(lines, m.tapeLine(session.Line{Text: tape.Open}, w)...)
	}
	return lines
}

// Line draws one line, broken as a terminal breaks it.
func (m *Model) tapeLine(line session.Line, w int) []string {
	t := m.Theme
	switch line.Kind {
	case session.LinePrompt:
		return screen.Hardwrap(m.prompt(line.Netns)+t.Command.Render(line.Text), w)
	case session.LineEnd:
		return m.endLines(line.Last, w)
	}
	return screen.Hardwrap(line.Text, w)
}

// endLines say how a command ended, where that is not as it should be.
func (m *Model) endLines(e session.LastWords, w int) []string {
	t := m.Theme
	note := func(text string) []string { return screen.Wrap(t.Note.Render(text), w) }
	trouble := func(text string) []string {
		return screen.WrapBehind(t.Bad.Render(t.G.Bad)+" ", t.Bad.Render(text), w)
	}
	switch {
	case e.Why == session.EndedByTime:
		return trouble(m.Say(words.TypedTime, int(e.Limit.Seconds())))
	case e.Why == session.EndedByKey:
		return note("^C  " + m.Say(words.TypedStopped))
	case e.Why == session.EndedByClose:
		return note(m.Say(words.TypedClosed))
	case e.Exit >= 0:
		return trouble(m.Say(words.TypedExit, e.Exit))
	case e.Err != nil:
		return trouble(screen.OneLine(e.Err.Error()))
	}
	return note(m.Say(words.TypedOwnShell, e.Word))
}

// prompt says which namespace a command goes to.
func (m *Model) prompt(netns string) string {
	t := m.Theme
	netns, gone := say.Clean(netns), m.Network.Gone(netns)
	name := t.Strong.Render(netns)
	if gone {
		name = t.Bad.Render(netns + " " + t.G.Bad)
	}
	return name + " # "
}

// promptLines is the line that is being typed, with its cursor; of a very long
// one the part around the cursor.
func (m *Model) promptLines(w, room int) []string {
	input := &m.console.input
	value := []rune(input.Value())
	at := min(input.Position(), len(value))
	before := m.prompt(m.TypingNetns()) + string(value[:at])
	under, after := " ", ""
	if at < len(value) {
		under, after = string(value[at]), string(value[at+1:])
	}
	lines := screen.Hardwrap(before+m.cursor(under)+after, w)
	if len(lines) <= room {
		return lines
	}
	row := len(screen.Hardwrap(before, w)) - 1
	return screen.Window(lines, row-room/2, room)
}

// cursor draws the character under the cursor. Where there are no colours the
// cursor stands in front of it.
func (m *Model) cursor(under string) string {
	if lipgloss.NewStyle().Reverse(true).Render("x") != "x" {
		return m.Theme.Selected.Render(under)
	}
	return m.Theme.G.Caret + strings.TrimSuffix(under, " ")
}

// offerLines are the words that the line could go on with.
func (m *Model) offerLines(w int) []string {
	offers := m.console.offers
	if len(offers) == 0 {
		return nil
	}
	const most = 3 // lines
	lines := screen.Wrap(m.Theme.Faint.Render(strings.Join(offers, "  ")), w)
	if len(lines) > most {
		lines = append(lines[:most-1], m.Theme.Faint.Render(m.Theme.G.Ellipsis+" "+m.Say(words.MoreOffers, len(offers))))
	}
	return lines
}
