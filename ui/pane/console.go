package pane

import (
	"strings"

	"nstutor/internal/say"
	"nstutor/internal/session/console"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/bubbles/textinput"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// Console is the command line in the lab: what is being typed, and how what came
// of it is looked at.
type Console struct {
	base
	Open    bool
	ready   bool // the input was made
	Input   textinput.Model
	History []string
	Past    int    // the place in the history; its length: the line that is new
	Draft   string // that line, while an older one shows
	Offers  []string
	Queued  bool // enter was pressed too early: the line runs as soon as it can
	Alone   bool // the tables are not to be seen beside it
	Held    bool // the learner looks at what is further up
}

// Begin opens it.
func (v *Console) Begin() {
	if !v.ready {
		v.ready = true
		v.Input = textinput.New()
		v.Input.CharLimit = console.LongestLine
		v.Input.KeyMap.Paste.SetEnabled(false) // would ask programs for the clipboard
	}
	v.Open, v.Held = true, false
	v.Input.Focus() // its cursor does not blink, so there is nothing to wait for
}

// SetLine replaces what is being typed.
func (v *Console) SetLine(line string) {
	v.Input.SetValue(line)
	v.Input.CursorEnd()
}

// Recall shows an older line, or a newer one.
func (v *Console) Recall(by int) {
	t := v
	if t.Past == len(t.History) {
		t.Draft = t.Input.Value()
	}
	t.Past = min(max(t.Past+by, 0), len(t.History))
	if t.Past == len(t.History) {
		v.SetLine(t.Draft)
	} else {
		v.SetLine(t.History[t.Past])
	}
}

// View draws what a terminal would show: commands, their output, and
// below them the line that is being typed.
func (v *Console) View() []string {
	t := v
	w, room := v.w-2, v.h-1
	foot := append(v.offerLines(w), v.promptLines(w, room)...)
	lines := v.Lines(w)
	top := max(0, room-len(foot))
	if t.Scroll.Extent(len(lines), top); !t.Held {
		t.Scroll.Top = t.Scroll.End()
	}
	body := append(screen.Window(lines, t.Scroll.Top, top), foot...)
	if extra := len(body) - room; extra > 0 {
		body = body[extra:]
	}
	return v.frame(true, v.typingTitle(), v.typingNews(v.w), body)
}

func (v *Console) typingTitle() string {
	return v.Say(words.Typing) + " " + v.Theme.G.Dot + " " + v.TypingNetns()
}

// typingNews is at the right of the title: what runs; else how far one has
// scrolled; else, where the tables are not to be seen, what the ping says.
func (v *Console) typingNews(w int) string {
	t := v
	switch {
	case v.Typing.Run != nil:
		turning := v.Theme.G.Spinner[v.Turn%len(v.Theme.G.Spinner)]
		return turning + " " + v.Say(words.TypedRuns, int(v.Now().Sub(v.Typing.Run.Began).Seconds()))
	case t.Held:
		return v.ScrollHint(t.Scroll)
	case v.Alone && v.Network.Log.To != "":
		return ansi.Truncate(ansi.Strip(v.pingWords()), w-screen.Width(v.typingTitle())-8, v.Theme.G.Ellipsis)
	}
	return ""
}

// Lines is all that is kept, w cells wide.
func (v *Console) Lines(w int) []string {
	t, tape := v.Theme, &v.Typing.Tape
	var lines []string
	switch {
	case tape.Cut:
		lines = wrap.Text(t.Faint.Render(t.G.Ellipsis+" "+v.Say(words.TypedCut, console.TapeLines, console.TapeBytes>>10)), w)
	case len(tape.Lines) == 0 && v.Typing.Run == nil:
		lines = wrap.Text(t.Faint.Render(v.Say(words.TypingIntro)), w)
	}
	for i := range tape.Lines {
		line := &tape.Lines[i]
		if line.Drawn == nil || line.Cells != w {
			line.Drawn, line.Cells = v.tapeLine(*line, w), w
		}
		lines = append(lines, line.Drawn...)
	}
	if tape.Open != "" {
		lines = append(lines, v.tapeLine(console.Line{Text: tape.Open}, w)...)
	}
	return lines
}

// Line draws one line, broken as a terminal breaks it.
func (v *Console) tapeLine(line console.Line, w int) []string {
	t := v.Theme
	switch line.Kind {
	case console.LinePrompt:
		return screen.Hardwrap(v.prompt(line.Netns)+t.Command.Render(line.Text), w)
	case console.LineEnd:
		return v.endLines(line.Last, w)
	}
	return screen.Hardwrap(line.Text, w)
}

// endLines say how a command ended, where that is not as it should be.
func (v *Console) endLines(e console.LastWords, w int) []string {
	t := v.Theme
	note := func(text string) []string { return wrap.Text(t.Note.Render(text), w) }
	trouble := func(text string) []string {
		return wrap.Behind(t.Bad.Render(t.G.Bad)+" ", t.Bad.Render(text), w)
	}
	switch {
	case e.Why == console.EndedByTime:
		return trouble(v.Say(words.TypedTime, int(e.Limit.Seconds())))
	case e.Why == console.EndedByKey:
		return note("^C  " + v.Say(words.TypedStopped))
	case e.Why == console.EndedByClose:
		return note(v.Say(words.TypedClosed))
	case e.Exit >= 0:
		return trouble(v.Say(words.TypedExit, e.Exit))
	case e.Err != nil:
		return trouble(v.Trouble(e.Err))
	}
	return note(v.Say(words.TypedOwnShell, e.Word))
}

// prompt says which namespace a command goes to.
func (v *Console) prompt(netns string) string {
	t := v.Theme
	netns, gone := say.Clean(netns), v.Network.Gone(netns)
	name := t.Strong.Render(netns)
	if gone {
		name = t.Bad.Render(netns + " " + t.G.Bad)
	}
	return name + " # "
}

// promptLines is the line that is being typed, with its cursor; of a very long
// one the part around the cursor.
func (v *Console) promptLines(w, room int) []string {
	input := &v.Input
	value := []rune(input.Value())
	at := min(input.Position(), len(value))
	before := v.prompt(v.TypingNetns()) + string(value[:at])
	under, after := " ", ""
	if at < len(value) {
		under, after = string(value[at]), string(value[at+1:])
	}
	lines := screen.Hardwrap(before+v.cursor(under)+after, w)
	if len(lines) <= room {
		return lines
	}
	row := len(screen.Hardwrap(before, w)) - 1
	return screen.Window(lines, row-room/2, room)
}

// cursor draws the character under the cursor. Where there are no colours the
// cursor stands in front of it.
func (v *Console) cursor(under string) string {
	if lipgloss.NewStyle().Reverse(true).Render("x") != "x" {
		return v.Theme.Selected.Render(under)
	}
	return v.Theme.G.Caret + strings.TrimSuffix(under, " ")
}

// offerLines are the words that the line could go on with.
func (v *Console) offerLines(w int) []string {
	offers := v.Offers
	if len(offers) == 0 {
		return nil
	}
	const most = 3 // lines
	lines := wrap.Text(v.Theme.Faint.Render(strings.Join(offers, "  ")), w)
	if len(lines) > most {
		lines = append(lines[:most-1], v.Theme.Faint.Render(v.Theme.G.Ellipsis+" "+v.Say(words.MoreOffers, len(offers))))
	}
	return lines
}
