package ui

import (
	"slices"
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/lipgloss"
)

// areaNames name the panes in their titles.
var areaNames = [areaCount]say.Form{areaLesson: words.Lesson, areaLive: words.Live, areaWire: words.Wire, areaTopology: words.Topology}

// tabs names the panes that take turns in the place of this one, itself in
// brackets.
func (m *Model) tabs(which area) string {
	if !slices.Contains(m.plan.shared, which) {
		return ""
	}
	var names []string
	for _, tab := range m.plan.shared {
		name := m.Say(areaNames[tab])
		if tab == which {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// headerView is the top line: where one is in the course, and how far.
func (m *Model) headerView(w int) string {
	s := &m.Scene
	left := " " + m.Theme.Strong.Render("nstutor")
	chapter := s.Chapter
	if s.Level > 0 {
		chapter = m.Panes.Lesson.LevelSigns(s.Level)
	}
	if chapter != "" {
		left += m.Theme.Faint.Render("  "+chapter) + "  " + m.Theme.Strong.Render(s.ChapterTitle)
	}
	done, all := m.Tally()
	right := m.bar(done, all, min(20, w/8)) + " " + m.Say(words.Done, done, all) + " "
	return screen.Fit(screen.Ends(left, right, w, m.Theme.G.Ellipsis), w, m.Theme.G.Ellipsis)
}

// bar is the progress bar.
func (m *Model) bar(done, all, w int) string {
	full, empty := []rune(m.Theme.G.Full)[0], []rune(m.Theme.G.Empty)[0]
	bar := progress.New(progress.WithoutPercentage(), progress.WithWidth(w),
		progress.WithFillCharacters(full, empty), progress.WithColorProfile(lipgloss.ColorProfile()), progress.WithSolidFill("2"))
	bar.EmptyColor = "8"
	return bar.ViewAs(float64(done) / float64(max(all, 1)))
}

// footerView lists the keys that work now; those that are always of use stay
// at the right when there is no room for all.
func (m *Model) footerView(w int) string {
	always := m.help.ShortHelpView(m.alwaysHelp())
	room := w - screen.Width(always) - 3
	keys := m.ShortHelp()
	now := m.help.ShortHelpView(keys)
	for screen.Width(now) > room && len(keys) > 0 {
		keys = keys[:len(keys)-1]
		now = m.help.ShortHelpView(keys)
	}
	return screen.Fit(" "+screen.Fit(now, room, "")+" "+always+" ", w, "")
}

// smallView is all there is on a terminal that is too small.
func (m *Model) smallView(w, h int) []string {
	message := m.Say(words.TooSmall, minWidth, minHeight, w, h)
	lines := wrap.Text(message, max(w-2, 1))
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	top := max(0, (h-len(lines))/2)
	return screen.Block(append(make([]string, top), lines...), w, h, "")
}
