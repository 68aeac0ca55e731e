package screen

import (
	"fmt"
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/wrap"
)

// Look is how everything on the screen is said and drawn: in which language,
// with which signs and colours. All that draws shares one.
type Look struct {
	Lang  string
	Theme Theme
	Turn  int                 // of the spinner
	drawn map[string][]string // Markdown that was drawn before
}

// NewLook makes a look; a language that there is none of stands for the first.
func NewLook(lang string, ascii bool) *Look {
	if lang != say.Langs[1] {
		lang = say.Langs[0]
	}
	return &Look{Lang: lang, Theme: newTheme(ascii)}
}

// Say is the text of a word in the learner's language.
func (l *Look) Say(w say.Form, args ...any) string { return w.In(l.Lang, args...) }

// Tell is a text in the learner's language.
func (l *Look) Tell(text say.Text) string { return text.In(l.Lang) }

// Trouble is an error in the learner's language, in one line.
func (l *Look) Trouble(err error) string { return OneLine(l.Tell(say.Quote(err))) }

// Prose is Markdown as lines; drawn once for each text and width.
func (l *Look) Prose(text string, w int) []string {
	key := fmt.Sprintf("%d %s", w, text)
	if l.drawn == nil || len(l.drawn) > 32 {
		l.drawn = map[string][]string{}
	}
	if _, ok := l.drawn[key]; !ok {
		l.drawn[key] = markdown(text, w)
	}
	return append([]string(nil), l.drawn[key]...)
}

// Inline is one line of Markdown.
func (l *Look) Inline(text string) string { return strings.Join(l.Prose(text, 4096), " ") }

// ShellLines breaks a command as a shell would take it: with a backslash.
func (l *Look) ShellLines(lead, command string, w int) []string {
	lines := wrap.Text("$ "+command, w-2)
	for i, line := range lines {
		text := l.Theme.Command.Render(strings.TrimPrefix(line, "$ "))
		if i == 0 {
			text = lead + text
		}
		if i < len(lines)-1 {
			text += l.Theme.Faint.Render(` \`)
		}
		lines[i] = text
	}
	return lines
}
