package pane

import (
	"fmt"
	"math"
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
	headings, inner, spare := w < gutterWidth, w, math.MaxInt
	if !headings {
		inner -= gutter
	}
	if !focused {
		rows = v.fitRows(rows, inner, h, headings)
		spare = h - v.rowLines(rows, headings, 0)
	}
	lines := v.drawRows(rows, w, headings, spare)
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

// fitRows leaves rows out until the others fit: rules in full, as long as only rows that
// matter less make room for that.
func (v *Live) fitRows(rows []row, w, h int, headings bool) []row {
	count := func(rows []row) (n int) {
		for _, r := range rows {
			if r.rank <= rankRule {
				n++
			}
		}
		return n
	}
	kept := v.dropRows(rows, h, headings, w)
	if count(kept) < count(rows) {
		return v.dropRows(rows, h, headings, 0)
	}
	return kept
}

// dropRows leaves out the least important rows, the later ones first, until the
// others fit, and says how many there are more. Rules are w cells wide; 0: cut to a line.
func (v *Live) dropRows(rows []row, h int, headings bool, w int) []row {
	if v.rowLines(rows, headings, w) <= h {
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
		if n <= 1 || v.rowLines(kept, headings, w) < h {
			more := v.Theme.G.Ellipsis + " " + v.Say(words.MoreRows, len(rows)-n)
			return append(kept, row{section: rows[best[n-1]].section, text: more, style: v.Theme.Faint, rank: rankLoopback})
		}
	}
}

// rowLines is how many lines the rows take, if none takes more than one but the rules,
// which are w cells wide unless that is 0.
func (v *Live) rowLines(rows []row, headings bool, w int) int {
	n := len(rows)
	if headings {
		n += sections(rows)
	}
	for _, r := range rows {
		if w > 0 && r.isRule() {
			n += len(broken(v.rowText(r, w), w)) - 1
		}
	}
	return n
}

// isRule says whether it is what a rule says, or what came of it: a connection, a trace.
func (r row) isRule() bool {
	return r.section == words.Rules || r.section == words.Flows || r.section == words.Traces
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

// drawRows names each section once, beside its first row or above it. A row that is too
// long goes on below while there are lines to spare: first the rules, then what is
// decisive.
func (v *Live) drawRows(rows []row, w int, headings bool, spare int) []string {
	inner := w
	if !headings {
		inner -= gutter
	}
	var lines []string
	last := say.Form{}
	whole := v.wholeRows(rows, inner, spare)
	for i, r := range rows {
		label := strings.Repeat(" ", gutter)
		if r.section != last {
			name := v.Say(r.section)
			if headings {
				lines = append(lines, v.Theme.Faint.Render(name))
			}
			label = v.Theme.Faint.Render(screen.Fit(name, gutter, ""))
			last = r.section
		}
		for j, line := range v.drawRow(r, inner, whole[i]) {
			switch {
			case headings:
			case j == 0:
				line = label + line
			default:
				line = wrap.Blank(gutter) + line
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// wholeRows says which rows are drawn whole, though it takes some of the spare lines.
func (v *Live) wholeRows(rows []row, w, spare int) map[int]bool {
	whole := map[int]bool{}
	for _, turn := range []func(row) bool{row.isRule, func(r row) bool { return r.rank == rankDecisive }, func(row) bool { return true }} {
		for i, r := range rows {
			if more := len(broken(v.rowText(r, w), w)) - 1; !whole[i] && turn(r) && more <= spare {
				whole[i], spare = true, spare-more
			}
		}
	}
	return whole
}

// broken is the text of a row of w cells, in as many lines as it takes behind the marks.
func broken(text string, w int) []string { return wrap.Rule{Width: w - 2, Hang: 2}.Line(text) }

// rowText is what a row of w cells says: its sign, its text, and what fits of the rest.
func (v *Live) rowText(r row, w int) string {
	text := say.Clean(r.text)
	if r.sign != "" {
		text = r.sign + " " + text
	}
	for _, column := range r.more {
		if screen.Width(text)+1+screen.Width(column) > w-2 {
			break
		}
		text += " " + say.Clean(column)
	}
	return strings.TrimRight(text, " ")
}

// drawRow is a row with its mark in front, cut to one line unless it may be drawn whole.
func (v *Live) drawRow(r row, w int, whole bool) []string {
	mark, style := v.Theme.Mark(r.kind)
	if r.kind == 0 {
		style = r.style
	}
	lines := broken(v.rowText(r, w), w)
	if !whole {
		fit := screen.Fit
		if r.ends {
			fit = screen.FitEnds
		}
		lines = []string{fit(v.rowText(r, w), w-2, v.Theme.G.Ellipsis)}
	}
	for i, line := range lines {
		lead := "  "
		if i == 0 {
			lead = lipgloss.NewStyle().Inherit(style).Strikethrough(false).Render(mark) + " "
		}
		lines[i] = lead + style.Render(strings.TrimRight(line, " "))
	}
	return lines
}
