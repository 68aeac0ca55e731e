package ui

import (
	"strings"

	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// helpView lists all keys that work now, and says what the signs mean.
func (m *Model) helpView(r rect) []string {
	m.help.Width = r.w - 4
	overlay := m.overlay
	m.overlay = overlayNone // the keys of the course, not those of this page
	m.enableKeys()
	text := m.help.FullHelpView(m.FullHelp())
	m.overlay = overlay
	m.enableKeys()

	g := m.Theme.G
	lines := append([]string{""}, strings.Split(text, "\n")...)
	lines = append(lines, "", m.Say(words.HelpSigns, g.Ok, g.Bad, g.Warn, g.Wait), m.Say(words.HelpMarks, g.Added, g.Removed, g.Changed))
	return m.Frame(r.w, r.h, true, m.Say(words.Help), "", screen.Indent(lines))
}
