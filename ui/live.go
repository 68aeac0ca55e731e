package ui

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/lipgloss"
)

// gutter is the width of the column of section names, and gutterWidth the pane
// width from which the sections are named there instead of by lines of their
// own: a connected route of the course needs 66 cells beside it.
const (
	gutter      = 7
	gutterWidth = 76
)

// liveView draws the live pane: the tables, and the ping below them.
func (m *Model) liveView(r rect, focused bool) []string {
	body := r.h - 1
	ping := m.pingLines(r.w - 2)
	room := max(body-len(ping), 0)
	lines := m.liveLines(r.w-2, room, focused)
	lines = append(screen.Block(lines, r.w-2, room, m.Theme.G.Ellipsis), ping...)
	return m.Frame(r.w, r.h, focused, m.liveTitle(), m.tabs(areaLive, m.liveCount()), screen.Indent(lines))
}

func (m *Model) liveTitle() string {
	return m.Say(words.Live) + " " + m.Theme.G.Dot + " " + say.Clean(m.Network.Watch)
}

// liveCount tells which of the namespaces is watched.
func (m *Model) liveCount() string {
	at := slices.Index(m.Network.Names, m.Network.Watch)
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", at+1, len(m.Network.Names))
}

// liveLines are the tables in w by h cells. With the focus they scroll;
// without, the rows that matter least make room.
func (m *Model) liveLines(w, h int, focused bool) []string {
	if m.Network.Trouble != nil {
		return screen.Wrap(m.Theme.Bad.Render(m.Theme.G.Bad+" "+m.Network.Trouble.Error()), w)
	}
	rows := m.liveRows()
	if rows == nil {
		return m.absent()
	}
	headings := w < gutterWidth
	if !focused {
		rows = m.dropRows(rows, h, headings)
	}
	lines := m.drawRows(rows, w, headings)
	if !focused {
		return lines
	}
	m.scroll[areaLive].Extent(len(lines), h)
	return screen.Window(lines, m.scroll[areaLive].Top, h)
}

// absent stands for the tables of a namespace that is not there.
func (m *Model) absent() []string {
	if m.Network.Watch == "" || !m.Network.Gone(m.Network.Watch) {
		return nil
	}
	return []string{m.Theme.Bad.Render(say.Clean(m.cannotOpen(m.Network.Watch)))}
}

// cannotOpen is what ip says of a namespace that is not there.
func (m *Model) cannotOpen(name string) string {
	return fmt.Sprintf("%s Cannot open network namespace %q: No such file or directory", m.Theme.G.Bad, name)
}

// dropRows leaves out the least important rows, the later ones first, until the
// others fit, and says how many there are more.
func (m *Model) dropRows(rows []row, h int, headings bool) []row {
	lines := func(kept []row) int {
		if headings {
			return len(kept) + sections(kept)
		}
		return len(kept)
	}
	if lines(rows) <= h {
		return rows
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(rows[a].rank - rows[b].rank) })
	for n := min(len(rows)-1, h); ; n-- {
		best := slices.Sorted(slices.Values(order[:n]))
		kept := make([]row, n, n+1)
		for i, at := range best {
			kept[i] = rows[at]
		}
		if n <= 1 || lines(kept) < h {
			more := m.Theme.G.Ellipsis + " " + m.Say(words.MoreRows, len(rows)-n)
			return append(kept, row{section: rows[best[n-1]].section, text: more, style: m.Theme.Faint})
		}
	}
}

func sections(rows []row) int {
	n, last := 0, words.Word(-1)
	for _, r := range rows {
		if r.section != last {
			n, last = n+1, r.section
		}
	}
	return n
}

// drawRows names each section once, beside its first row or above it.
func (m *Model) drawRows(rows []row, w int, headings bool) []string {
	var lines []string
	last := words.Word(-1)
	for _, r := range rows {
		label := strings.Repeat(" ", gutter)
		if r.section != last {
			name := m.Say(r.section)
			if headings {
				lines = append(lines, m.Theme.Faint.Render(name))
			}
			label = m.Theme.Faint.Render(screen.Fit(name, gutter, ""))
			last = r.section
		}
		if headings {
			label = ""
		}
		lines = append(lines, label+m.drawRow(r, w-screen.Width(label)))
	}
	return lines
}

// drawRow is a row with its mark in front and its sign before the text.
func (m *Model) drawRow(r row, w int) string {
	mark, style := m.Theme.Mark(r.kind)
	text := say.Clean(r.text)
	if r.sign != "" {
		text = r.sign + " " + text
	}
	if r.kind == 0 {
		style = r.style
	}
	for _, column := range r.more {
		if screen.Width(text)+1+screen.Width(column) > w-2 {
			break
		}
		text += " " + say.Clean(column)
	}
	text = strings.TrimRight(screen.Fit(text, w-2, m.Theme.G.Ellipsis), " ")
	return lipgloss.NewStyle().Inherit(style).Strikethrough(false).Render(mark) + " " + style.Render(text)
}
