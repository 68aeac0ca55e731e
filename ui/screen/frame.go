package screen

import (
	"fmt"
	"strings"
)

// Scroll is how far a pane is moved.
type Scroll struct{ Top, Lines, Height int }

// Extent tells the scroll what there is to show, and keeps it within.
func (s *Scroll) Extent(lines, height int) {
	s.Lines, s.Height = lines, height
	s.Top = min(max(s.Top, 0), s.End())
}

// End is how far it can be moved, and AtEnd whether it is. Move moves it by
// lines, and Show as far as a line needs to be seen.
func (s *Scroll) End() int      { return max(0, s.Lines-s.Height) }
func (s *Scroll) AtEnd() bool   { return s.Top >= s.End() }
func (s *Scroll) Move(by int)   { s.Top = min(max(s.Top+by, 0), s.End()) }
func (s *Scroll) Show(line int) { s.Top = min(max(s.Top, line-s.Height+1), s.End()) }

// ReadOn moves it by what was to be seen, but for a line to go on from.
func (s *Scroll) ReadOn() { s.Move(max(1, s.Height-1)) }

// ScrollHint tells that there is more to scroll to.
func (l *Look) ScrollHint(s Scroll) string {
	if s.End() == 0 {
		return ""
	}
	if s.AtEnd() {
		return fmt.Sprintf("%d%%", 100)
	}
	return fmt.Sprintf("%d%% %s", 100*(s.Top+s.Height)/max(s.Lines, 1), l.Theme.G.More)
}

// Frame puts a title line above a pane's body and makes the whole as large as
// asked. The focus shows in a heavier line and a cursor, not only in colour.
func (l *Look) Frame(w, h int, focused bool, title, right string, body []string) []string {
	t := l.Theme
	line, style, lead := t.G.Rule, t.title, t.G.Rule+" "
	if focused {
		line, style, lead = t.G.heavy, t.focus, t.G.Cursor+" "
	}
	if right != "" {
		right = " " + right + " " + line
	}
	space := w - Width(lead) - Width(right) - 1
	title = strings.TrimRight(Fit(title, min(Width(title), space), t.G.Ellipsis), " ")
	fill := strings.Repeat(line, max(0, space-Width(title)))
	head := t.Rule.Render(lead) + style.Render(title) + t.Rule.Render(" "+fill+right)
	return append([]string{Fit(head, w, "")}, Block(body, w, h-1, t.G.Ellipsis)...)
}
