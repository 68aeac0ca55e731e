package ui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/ui/pane"
	"nstutor/ui/words"
)

// openPage shows a text over the panes.
func (m *Model) openPage(kind pane.PageKind) {
	m.overlay = overlayPage
	m.Panes.Page.Begin(kind)
}

// helpLines list all keys that work now, and say what the signs mean.
func (m *Model) helpLines(w int) []string {
	m.help.Width = w
	overlay := m.overlay
	m.overlay = overlayNone // the keys of the course, not those of this page
	m.enableKeys()
	text := m.help.FullHelpView(m.FullHelp())
	m.overlay = overlay
	m.enableKeys()

	g := m.Theme.G
	lines := append([]string{""}, strings.Split(text, "\n")...)
	return append(lines, "", m.Say(words.HelpSigns, g.Ok, g.Bad, g.Warn, g.Wait), m.Say(words.HelpMarks, g.Added, g.Removed, g.Changed), m.Say(words.HelpPackets, g.Packet, g.Changed))
}

// toggleHelp shows the keys and the words, or what was there before.
func (m *Model) toggleHelp() {
	if m.overlay == overlayPage && m.Panes.Page.Kind == pane.PageHelp {
		m.overlay = overlayNone
	} else {
		m.openPage(pane.PageHelp)
	}
}

// pressPage takes the keys of a page.
func (m *Model) pressPage(msg tea.KeyMsg) tea.Cmd {
	k, page := m.keys, &m.Panes.Page
	switch {
	case key.Matches(msg, k.Search):
		return page.Search()
	case !key.Matches(msg, k.Enter):
		m.scrollBy(msg)
	case page.Scroll.AtEnd():
		m.overlay = overlayNone
	default:
		page.Scroll.ReadOn()
	}
	return nil
}

// pressSearch takes the keys while a word is looked for.
func (m *Model) pressSearch(msg tea.KeyMsg) tea.Cmd {
	page := &m.Panes.Page
	switch msg.String() {
	case "esc":
		page.EndSearch()
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "enter":
		if page.Scroll.AtEnd() {
			page.EndSearch()
		} else {
			page.Scroll.ReadOn()
		}
	case "up", "down", "pgup", "pgdown":
		m.scrollBy(msg)
	default:
		return page.Typed(msg)
	}
	return nil
}
