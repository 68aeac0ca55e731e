package ui

import (
	"strings"

	"nstutor/internal/say"

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
	if t.scroll.extent(len(lines), top); !t.held {
		t.scroll.top = t.scroll.end()
	}
	body := append(window(lines, t.scroll.top, top), foot...)
	if extra := len(body) - room; extra > 0 {
		body = body[extra:]
	}
	return m.frame(r, true, m.typingTitle(), m.typingNews(r.w), indent(body))
}

func (m *Model) typingTitle() string {
	return m.say(wTyping) + " " + m.theme.g.dot + " " + m.typingNetns()
}

// typingNews is at the right of the title: what runs; else how far one has
// scrolled; else, where the tables are not to be seen, what the ping says.
func (m *Model) typingNews(w int) string {
	t := &m.typing
	switch {
	case t.run != nil:
		turning := m.theme.g.spinner[m.turn%len(m.theme.g.spinner)]
		return turning + " " + m.say(wTypedRuns, int(m.now().Sub(t.run.began).Seconds()))
	case t.held:
		return m.scrollHint(t.scroll)
	case !m.plan.wide && m.world.log.to != "":
		return ansi.Truncate(ansi.Strip(m.pingWords()), w-width(m.typingTitle())-8, m.theme.g.ellipsis)
	}
	return ""
}

// tapeView is all that is kept, w cells wide.
func (m *Model) tapeView(w int) []string {
	t, tape := m.theme, &m.typing.tape
	var lines []string
	switch {
	case tape.cut:
		lines = wrap(t.faint.Render(t.g.ellipsis+" "+m.say(wTypedCut, tapeLines, tapeBytes>>10)), w)
	case len(tape.lines) == 0 && m.typing.run == nil:
		lines = wrap(t.faint.Render(m.say(wTypingIntro)), w)
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
	t := m.theme
	switch line.kind {
	case tapePrompt:
		return hardwrap(m.prompt(line.netns)+t.command.Render(line.text), w)
	case tapeNote:
		return wrap(t.note.Render(line.text), w)
	case tapeTrouble:
		return wrapBehind(t.bad.Render(t.g.bad)+" ", t.bad.Render(line.text), w)
	}
	return hardwrap(line.text, w)
}

// hardwrap breaks a line at w cells, wherever that is.
func hardwrap(line string, w int) []string {
	return strings.Split(ansi.Hardwrap(line, max(w, 2), true), "\n")
}

// prompt says which namespace a command goes to.
func (m *Model) prompt(netns string) string {
	t := m.theme
	netns, gone := say.Clean(netns), m.world.gone(netns)
	name := t.strong.Render(netns)
	if gone {
		name = t.bad.Render(netns + " " + t.g.bad)
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
	lines := hardwrap(before+m.cursor(under)+after, w)
	if len(lines) <= room {
		return lines
	}
	row := len(hardwrap(before, w)) - 1
	return window(lines, row-room/2, room)
}

// cursor draws the character under the cursor. Where there are no colours the
// cursor stands in front of it.
func (m *Model) cursor(under string) string {
	if lipgloss.NewStyle().Reverse(true).Render("x") != "x" {
		return m.theme.selected.Render(under)
	}
	return m.theme.g.caret + strings.TrimSuffix(under, " ")
}

// offerLines are the words that the line could go on with.
func (m *Model) offerLines(w int) []string {
	offers := m.typing.offers
	if len(offers) == 0 {
		return nil
	}
	const most = 3 // lines
	lines := wrap(m.theme.faint.Render(strings.Join(offers, "  ")), w)
	if len(lines) > most {
		lines = append(lines[:most-1], m.theme.faint.Render(m.theme.g.ellipsis+" "+m.say(wMoreOffers, len(offers))))
	}
	return lines
}
