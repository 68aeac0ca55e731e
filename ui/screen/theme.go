package screen

import (
	"github.com/charmbracelet/lipgloss"

	"nstutor/diag/table"
)

// Theme is how things look, by what they mean. The colours are the sixteen of
// the terminal's own palette, so they suit its background whatever that is.
type Theme struct {
	G             Glyphs
	ASCII         bool
	title, focus  lipgloss.Style // of a pane, of the one with the focus
	Rule          lipgloss.Style
	Faint, Strong lipgloss.Style
	Good, Bad     lipgloss.Style
	Warn, Note    lipgloss.Style
	added         lipgloss.Style
	removed       lipgloss.Style
	Changed       lipgloss.Style
	Command, Key  lipgloss.Style
	Selected      lipgloss.Style
}

func newTheme(ascii bool) Theme {
	colour := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(c)) }
	const red, green, yellow, magenta, cyan = "1", "2", "3", "5", "6"
	t := Theme{
		G:        unicodeGlyphs,
		title:    lipgloss.NewStyle().Bold(true),
		focus:    colour(cyan).Bold(true),
		Rule:     lipgloss.NewStyle().Faint(true),
		Faint:    lipgloss.NewStyle().Faint(true),
		Strong:   lipgloss.NewStyle().Bold(true),
		Good:     colour(green),
		Bad:      colour(red),
		Warn:     colour(yellow),
		Note:     colour(magenta),
		added:    colour(green).Bold(true),
		removed:  colour(red).Strikethrough(true),
		Changed:  colour(yellow).Bold(true),
		Command:  colour(cyan).Bold(true),
		Key:      lipgloss.NewStyle().Bold(true),
		Selected: lipgloss.NewStyle().Reverse(true),
	}
	if ascii {
		t.G, t.ASCII = asciiGlyphs, true
	}
	return t
}

// Mark is the sign of a change, and how a row with it looks. A row without a
// change has a space.
func (t Theme) Mark(kind table.ChangeKind) (string, lipgloss.Style) {
	switch kind {
	case table.Added:
		return t.G.Added, t.added
	case table.Removed:
		return t.G.Removed, t.removed
	case table.Changed:
		return t.G.Changed, t.Changed
	}
	return " ", lipgloss.NewStyle()
}

// Verdict is the sign for yes or no, in its colour.
func (t Theme) Verdict(ok bool) string {
	if ok {
		return t.Good.Render(t.G.Ok)
	}
	return t.Bad.Render(t.G.Bad)
}
