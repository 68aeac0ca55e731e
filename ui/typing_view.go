package ui

import (
	"strings"

	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// typingView draws what a terminal would show: commands, their output, and
// below them the line that is being typed.
func (m *Model) typingView(r rect) []string {
	t := &m.typing
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
	return m.Say(words.Typing) + " " + m.Theme.G.Dot + " " + m.typingNetns()
}

// typingNews is at the right of the title: what runs; else how far one has
// scrolled; else, where the tables are not to be seen, what the ping says.
func (m *Model) typingNews(w int) string {
	t := &m.typing
	switch {
	case t.run != nil:
		turning := m.Theme.G.Spinner[m.turn%len(m.Theme.G.Spinner)]
		return turning + " " + m.Say(words.TypedRuns, int(m.now().Sub(t.run.began).Seconds()))
	case t.held:
		return m.ScrollHint(t.scroll)
	case !m.plan.wide && m.world.log.to != "":
		return ansi.Truncate(ansi.Strip(m.pingWords()), w-screen.Width(m.typingTitle())-8, m.Theme.G.Ellipsis)
	}
	return ""
}

// tapeView is all that is kept, w cells wide.
func (m *Model) tapeView(w int) []string {
	t, tape := m.Theme, &m.typing.tape
	var lines []string
	switch {
	case tape.cut:
		lines = screen.Wrap(t.Faint.Render(t.G.Ellipsis+" "+m.Say(words.TypedCut, tapeLines, tapeBytes>>10)), w)
	case len(tape.lines) == 0 && m.typing.run == nil:
		lines = screen.Wrap(t.Faint.Render(m.Say(words.TypingIntro)), w)
	}
	for i := range tape.lines {
		line := &tape.lines[i]
		if line.drawn == nil || line.cells != w {
			line.drawn, line.cells = m.tapeLine(*line, w), w
		}
		lines = append(lines, line.drawn...)
	}
	if tape.open != "" {
		lines = append(lines, m.tapeLine(tapeLine{text: tape.open}, w)...)
	}
	return lines
}

// tapeLine draws one line, broken as a terminal breaks it.
func (m *Model) tapeLine(line tapeLine, w int) []string {
	t := m.Theme
	switch line.kind {
	case tapePrompt:
		return screen.Hardwrap(m.prompt(line.netns)+t.Command.Render(line.text), w)
	case tapeNote:
		return screen.Wrap(t.Note.Render(line.text), w)
	case tapeTrouble:
		return screen.WrapBehind(t.Bad.Render(t.G.Bad)+" ", t.Bad.Render(line.text), w)
	}
	return screen.Hardwrap(line.text, w)
}

// prompt says which namespace a command goes to.
func (m *Model) prompt(netns string) string {
	t := m.Theme
	netns, gone := say.Clean(netns), m.world.gone(netns)
	name := t.Strong.Render(netns)
	if gone {
		name = t.Bad.Render(netns + " " + t.G.Bad)
	}
	return name + " # "
}

// promptLines is the line that is being typed, with its cursor; of a very long
// one the part around the cursor.
func (m *Model) promptLines(w, room int) []string {
	input := &m.typing.input
	value := []rune(input.Value())
	at := min(input.Position(), len(value))
	before := m.prompt(m.typingNetns()) + string(value[:at])
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
	offers := m.typing.offers
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
