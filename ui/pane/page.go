package pane

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// PageKind is what a page has to say.
type PageKind int

// The pages.
const (
	PageWelcome PageKind = iota // how to use the course, and what one has to know
	PageAgain                   // what was read before
	PageHelp                    // the keys, the signs and the words
)

// Page is a text that lies over the panes. Enter reads it to its end.
type Page struct {
	base
	Kind      PageKind
	Keys      []string // the help's own lines, above the words
	Searching bool     // what is typed is looked for among the words
	input     textinput.Model
}

// Begin shows a page from its top.
func (v *Page) Begin(kind PageKind) {
	*v = Page{base: base{Session: v.Session, Look: v.Look}, Kind: kind, input: textinput.New()}
	v.input.Prompt = "/ "
	v.input.Cursor.SetMode(0)
}

// Search lets what is typed choose the words that are shown.
func (v *Page) Search() tea.Cmd {
	v.Searching, v.Scroll = true, screen.Scroll{}
	return v.input.Focus()
}

// Typed takes a key for the search.
func (v *Page) Typed(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	v.input, cmd = v.input.Update(msg)
	v.Scroll.Top = 0
	return cmd
}

// EndSearch gives the search up.
func (v *Page) EndSearch() {
	v.Searching = false
	v.input.Reset()
	v.input.Blur()
	v.Scroll.Top = 0
}

// View draws the page over the whole body.
func (v *Page) View() []string {
	title, lines := v.content(v.w - 2)
	var head []string
	if v.Searching {
		head = []string{strings.ReplaceAll(v.input.View(), "\x00", ""), ""}
	}
	room := max(0, v.h-1-len(head))
	v.Scroll.Extent(len(lines), room)
	body := append(head, screen.Block(screen.Window(lines, v.Scroll.Top, room), v.w-2, room, v.Theme.G.Ellipsis)...)
	return v.frame(true, title, v.ScrollHint(v.Scroll), body)
}

// content is the page's title and its lines, w cells wide. Prose is read in lines
// that an eye can follow.
func (v *Page) content(w int) (title string, lines []string) {
	w = min(w, 100)
	switch v.Kind {
	case PageWelcome:
		title, text, _ := chapters.Welcome(v.Lang)
		g := v.Theme.G
		signs := strings.NewReplacer("↓", g.More, "✓", g.Ok, "✗", g.Bad, "○", g.Silent, "→", g.Out, "●", g.Packet)
		return title, v.Prose(signs.Replace(text), w)
	case PageAgain:
		page, _ := v.Stage.Again()
		return page.Title, v.Prose(page.Text, w)
	}
	if !v.Searching {
		lines = append(append(lines, v.Keys...), "", v.Theme.Strong.Render(v.Say(words.Glossary)), "")
	}
	return v.Say(words.Help), append(lines, v.glossary(w)...)
}

// glossary is the words, or those that are looked for.
func (v *Page) glossary(w int) []string {
	all, err := chapters.Glossary(v.Lang)
	if err != nil {
		return []string{err.Error()}
	}
	typed := strings.Fields(strings.ToLower(v.input.Value()))
	var lines []string
	for _, word := range all {
		names := strings.Join(append([]string{word.Term}, word.Aliases...), ", ")
		if !containsAll(strings.ToLower(names+" "+word.Meaning), typed) {
			continue
		}
		lines = append(lines, v.Theme.Strong.Render(word.Term))
		for _, line := range v.Prose(word.Meaning, w-2) {
			lines = append(lines, "  "+line)
		}
	}
	if len(lines) == 0 {
		lines = []string{v.Theme.Faint.Render(v.Say(words.NoWord))}
	}
	return lines
}
