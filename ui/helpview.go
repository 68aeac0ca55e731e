package ui

import "strings"

// helpView lists all keys that work now, and says what the signs mean.
func (m *Model) helpView(r rect) []string {
	m.help.Width = r.w - 4
	overlay := m.overlay
	m.overlay = overlayNone // the keys of the course, not those of this page
	m.enableKeys()
	text := m.help.FullHelpView(m.FullHelp())
	m.overlay = overlay
	m.enableKeys()

	g := m.theme.g
	lines := append([]string{""}, strings.Split(text, "\n")...)
	lines = append(lines, "", m.say(wHelpSigns, g.ok, g.bad, g.warn, g.wait), m.say(wHelpMarks, g.added, g.removed, g.changed))
	return m.frame(r, true, m.say(wHelp), "", indent(lines))
}
