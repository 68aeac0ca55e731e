package pane

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/wrap"
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

// Live is the tables of the kernel, as they are.
type Live struct{ base }

// View draws the live pane: the tables, and the ping below them.
func (v *Live) View(focused bool) []string {
	body := v.h - 1
	ping := v.pingLines(v.w - 2)
	room := max(body-len(ping), 0)
	lines := v.Lines(v.w-2, room, focused)
	lines = append(screen.Block(lines, v.w-2, room, v.Theme.G.Ellipsis), ping...)
	return v.frame(focused, v.liveTitle(), v.behind(v.liveCount()), lines)
}

func (v *Live) liveTitle() string {
	return v.Say(words.Live) + " " + v.Theme.G.Dot + " " + say.Clean(v.Network.Watch)
}

// liveCount tells which of the namespaces is watched.
func (v *Live) liveCount() string {
	at := slices.Index(v.Network.Names, v.Network.Watch)
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", at+1, len(v.Network.Names))
}

// Lines are the tables in w by h cells. With the focus they scroll;
// without, the rows that matter least make room.
func (v *Live) Lines(w, h int, focused bool) []string {
	if v.Network.Trouble != nil {
		return wrap.Text(v.Theme.Bad.Render(v.Theme.G.Bad+" "+v.Tell(say.Quote(v.Network.Trouble))), w)
	}
	rows := v.liveRows(w)
	if rows == nil {
		return v.absent()
	}
	headings := w < gutterWidth
	if !focused {
		rows = v.dropRows(rows, h, headings)
	}
	lines := v.drawRows(rows, w, headings)
	if !focused {
		return lines
	}
	v.Scroll.Extent(len(lines), h)
	return screen.Window(lines, v.Scroll.Top, h)
}

// absent stands for the tables of a namespace that is not there.
func (v *Live) absent() []string {
	if v.Network.Watch == "" || !v.Network.Gone(v.Network.Watch) {
		return nil
	}
	return []string{v.Theme.Bad.Render(say.Clean(v.cannotOpen(v.Network.Watch)))}
}

// dropRows leaves out the least important rows, the later ones first, until the
// others fit, and says how many there are more.
func (v *Live) dropRows(rows []row, h int, headings bool) []row {
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
			more := v.Theme.G.Ellipsis + " " + v.Say(words.MoreRows, len(rows)-n)
			return append(kept, row{section: rows[best[n-1]].section, text: more, style: v.Theme.Faint})
		}
	}
}

func sections(rows []row) int {
	n, last := 0, say.Form{}
	for _, r := range rows {
		if r.section != last {
			n, last = n+1, r.section
		}
	}
	return n
}

// drawRows names each section once, beside its first row or above it.
func (v *Live) drawRows(rows []row, w int, headings bool) []string {
	var lines []string
	last := say.Form{}
	for _, r := range rows {
		label := strings.Repeat(" ", gutter)
		if r.section != last {
			name := v.Say(r.section)
			if headings {
				lines = append(lines, v.Theme.Faint.Render(name))
			}
			label = v.Theme.Faint.Render(screen.Fit(name, gutter, ""))
			last = r.section
		}
		if headings {
			label = ""
		}
		lines = append(lines, label+v.drawRow(r, w-screen.Width(label)))
	}
	return lines
}

// drawRow is a row with its mark in front and its sign before the text.
func (v *Live) drawRow(r row, w int) string {
	mark, style := v.Theme.Mark(r.kind)
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
	fit := screen.Fit
	if r.ends {
		fit = screen.FitEnds
	}
	text = strings.TrimRight(fit(text, w-2, v.Theme.G.Ellipsis), " ")
	return lipgloss.NewStyle().Inherit(style).Strikethrough(false).Render(mark) + " " + style.Render(text)
}
