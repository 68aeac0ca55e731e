package ui

import (
	"github.com/charmbracelet/lipgloss"

	"nstutor/diag/table"
)

// theme is how things look, by what they mean. The colours are the sixteen of
// the terminal's own palette, so they suit its background whatever that is.
type theme struct {
	g             glyphs
	ascii         bool
	title, focus  lipgloss.Style // of a pane, of the one with the focus
	rule          lipgloss.Style
	faint, strong lipgloss.Style
	good, bad     lipgloss.Style
	warn, note    lipgloss.Style
	added         lipgloss.Style
	removed       lipgloss.Style
	changed       lipgloss.Style
	command, key  lipgloss.Style
	selected      lipgloss.Style
}

func newTheme(ascii bool) theme {
	colour := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(c)) }
	const red, green, yellow, magenta, cyan = "1", "2", "3", "5", "6"
	t := theme{
		g:        unicodeGlyphs,
		title:    lipgloss.NewStyle().Bold(true),
		focus:    colour(cyan).Bold(true),
		rule:     lipgloss.NewStyle().Faint(true),
		faint:    lipgloss.NewStyle().Faint(true),
		strong:   lipgloss.NewStyle().Bold(true),
		good:     colour(green),
		bad:      colour(red),
		warn:     colour(yellow),
		note:     colour(magenta),
		added:    colour(green).Bold(true),
		removed:  colour(red).Strikethrough(true),
		changed:  colour(yellow).Bold(true),
		command:  colour(cyan).Bold(true),
		key:      lipgloss.NewStyle().Bold(true),
		selected: lipgloss.NewStyle().Reverse(true),
	}
	if ascii {
		t.g, t.ascii = asciiGlyphs, true
	}
	return t
}

// mark is the sign of a change, and how a row with it looks. A row without a
// change has a space.
func (t theme) mark(kind table.ChangeKind) (string, lipgloss.Style) {
	switch kind {
	case table.Added:
		return t.g.added, t.added
	case table.Removed:
		return t.g.removed, t.removed
	case table.Changed:
		return t.g.changed, t.changed
	}
	return " ", lipgloss.NewStyle()
}

// verdict is the sign for yes or no, in its colour.
func (t theme) verdict(ok bool) string {
	if ok {
		return t.good.Render(t.g.ok)
	}
	return t.bad.Render(t.g.bad)
}
