package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/lipgloss"
)

// scroll is how far a pane is moved.
type scroll struct{ top, lines, height int }

// extent tells the scroll what there is to show, and keeps it within.
func (s *scroll) extent(lines, height int) {
	s.lines, s.height = lines, height
	s.top = min(max(s.top, 0), s.end())
}

func (s *scroll) end() int      { return max(0, s.lines-s.height) }
func (s *scroll) atEnd() bool   { return s.top >= s.end() }
func (s *scroll) move(by int)   { s.top = min(max(s.top+by, 0), s.end()) }
func (s *scroll) show(line int) { s.top = min(max(s.top, line-s.height+1), s.end()) }

// hint tells that there is more to scroll to.
func (m *Model) scrollHint(s scroll) string {
	if s.end() == 0 {
		return ""
	}
	if s.atEnd() {
		return fmt.Sprintf("%d%%", 100)
	}
	return fmt.Sprintf("%d%% %s", 100*(s.top+s.height)/max(s.lines, 1), m.theme.g.more)
}

// frame puts a title line above a pane's body and makes the whole as large as
// r. The focus shows in a heavier line and a cursor, not only in colour.
func (m *Model) frame(r rect, focused bool, title, right string, body []string) []string {
	t := m.theme
	line, style, lead := t.g.rule, t.title, t.g.rule+" "
	if focused {
		line, style, lead = t.g.heavy, t.focus, t.g.cursor+" "
	}
	if right != "" {
		right = " " + right + " " + line
	}
	space := r.w - width(lead) - width(right) - 1
	title = strings.TrimRight(fit(title, min(width(title), space), t.g.ellipsis), " ")
	fill := strings.Repeat(line, max(0, space-width(title)))
	head := t.rule.Render(lead) + style.Render(title) + t.rule.Render(" "+fill+right)
	return append([]string{fit(head, r.w, "")}, block(body, r.w, r.h-1, t.g.ellipsis)...)
}

// paneNames name the panes in their titles.
var paneNames = [paneCount]word{paneLesson: wLesson, paneLive: wLive, paneWire: wWire, paneTopology: wTopology}

// tabs names the panes that take turns in the place of this one, itself in
// brackets, behind what the pane has to say.
func (m *Model) tabs(which pane, say string) string {
	if !slices.Contains(m.plan.shared, which) {
		return say
	}
	names := []string{say, ""}
	for _, tab := range m.plan.shared {
		name := m.say(paneNames[tab])
		if tab == which {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.TrimSpace(strings.Join(names, " "))
}

// headerView is the top line: where one is in the course, and how far.
func (m *Model) headerView(w int) string {
	s := &m.stage
	left := " " + m.theme.strong.Render("nstutor")
	if s.chapter != "" {
		left += m.theme.faint.Render("  "+s.chapter) + "  " + m.theme.strong.Render(s.chapterTitle)
	}
	done, all := m.tally()
	right := m.bar(done, all, min(20, w/8)) + " " + m.say(wDone, done, all) + " "
	return fit(ends(left, right, w, m.theme.g.ellipsis), w, m.theme.g.ellipsis)
}

// bar is the progress bar.
func (m *Model) bar(done, all, w int) string {
	full, empty := []rune(m.theme.g.full)[0], []rune(m.theme.g.empty)[0]
	bar := progress.New(progress.WithoutPercentage(), progress.WithWidth(w),
		progress.WithFillCharacters(full, empty), progress.WithColorProfile(lipgloss.ColorProfile()), progress.WithSolidFill("2"))
	bar.EmptyColor = "8"
	return bar.ViewAs(float64(done) / float64(max(all, 1)))
}

// tally counts the steps that are done, ever.
func (m *Model) tally() (done, all int) {
	for _, step := range m.course.Steps() {
		all++
		if m.memory[step.ID].done {
			done++
		}
	}
	return done, all
}

// footerView lists the keys that work now; those that are always of use stay
// at the right when there is no room for all.
func (m *Model) footerView(w int) string {
	always := m.help.ShortHelpView(m.alwaysHelp())
	room := w - width(always) - 3
	keys := m.ShortHelp()
	now := m.help.ShortHelpView(keys)
	for width(now) > room && len(keys) > 0 {
		keys = keys[:len(keys)-1]
		now = m.help.ShortHelpView(keys)
	}
	return fit(" "+fit(now, room, "")+" "+always+" ", w, "")
}

// smallView is all there is on a terminal that is too small.
func (m *Model) smallView(w, h int) []string {
	message := m.say(wTooSmall, minWidth, minHeight, w, h)
	lines := wrap(message, max(w-2, 1))
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	top := max(0, (h-len(lines))/2)
	return block(append(make([]string, top), lines...), w, h, "")
}
