package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/session"
	"nstutor/ui/screen"
)

// console is the command line in the lab: what is being typed, and how what came
// of it is looked at.
type console struct {
	open    bool
	ready   bool // the input was made
	input   textinput.Model
	history []string
	past    int    // the place in the history; its length: the line that is new
	draft   string // that line, while an older one shows
	offers  []string
	queued  bool // enter was pressed too early: the line runs as soon as it can
	scroll  screen.Scroll
	held    bool // the learner looks at what is further up
}

// openTyping shows the command line.
func (m *Model) openTyping() {
	t := &m.console
	if !t.ready {
		t.ready = true
		t.input = textinput.New()
		t.input.CharLimit = session.LongestLine
		t.input.KeyMap.Paste.SetEnabled(false) // would ask programs for the clipboard
	}
	t.open, t.held = true, false
	t.input.Focus() // its cursor does not blink, so there is nothing to wait for
}

// closeTyping takes the command line away. A command that runs is stopped: what
// cannot be seen is not to change the lab.
func (m *Model) closeTyping() {
	t := &m.console
	t.open, t.offers, t.queued = false, nil, false
	if m.Typing.Run != nil {
		m.Typing.Run.Stop(session.EndedByClose)
	}
}

// pressTyping takes the keys while the command line is open.
func (m *Model) pressTyping(msg tea.KeyMsg) tea.Cmd {
	t, k := &m.console, typingKeys
	offered := t.offers
	t.offers, t.queued = nil, false
	if msg.Type == tea.KeyRunes && !msg.Alt {
		// Characters, even where several came at once and spell the name of a key:
		// as though they were pasted, the input takes them for none either.
		msg = pasted(msg)
		msg.Paste = msg.Paste || len(msg.Runes) > 1
		var cmd tea.Cmd
		t.input, cmd = t.input.Update(msg)
		return cmd
	}
	switch {
	case key.Matches(msg, k.Close), key.Matches(msg, k.Leave) && t.input.Value() == "":
		m.closeTyping()
	case key.Matches(msg, k.Stop):
		m.interrupt()
	case key.Matches(msg, k.Suspend):
		return tea.Suspend
	case key.Matches(msg, k.Run):
		return m.runTyped()
	case key.Matches(msg, k.Complete):
		m.complete(offered)
	case key.Matches(msg, k.NextNetns):
		m.NextNetns(+1)
	case key.Matches(msg, k.PrevNetns):
		m.NextNetns(-1)
	case key.Matches(msg, k.Older):
		m.recallTyped(-1)
	case key.Matches(msg, k.Newer):
		m.recallTyped(+1)
	case key.Matches(msg, k.Clear):
		m.Typing.Tape.Clear()
	case m.scrollTyping(msg):
	default:
		var cmd tea.Cmd
		t.input, cmd = t.input.Update(pasted(msg))
		return cmd
	}
	return nil
}

// scrollTyping takes the keys that move the output, and the lesson above it.
func (m *Model) scrollTyping(msg tea.KeyMsg) bool {
	t, k := &m.console, typingKeys
	page := max(1, t.scroll.Height-1)
	for _, move := range []struct {
		key  key.Binding
		view *screen.Scroll
		by   int
	}{
		{k.PageUp, &t.scroll, -page}, {k.PageDown, &t.scroll, +page},
		{k.LessonUp, &m.scroll[areaLesson], -1}, {k.LessonDown, &m.scroll[areaLesson], +1},
	} {
		if key.Matches(msg, move.key) {
			move.view.Move(move.by)
			t.held = !t.scroll.AtEnd()
			return true
		}
	}
	return false
}

// pasted is a key as the input takes it: a line that was broken with a
// backslash, as the lesson shows a long one, is made whole.
func pasted(msg tea.KeyMsg) tea.KeyMsg {
	if msg.Paste {
		text := strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(string(msg.Runes), "\r\n", "\n"), "\r", "\n"), "\n")
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
		text = strings.ReplaceAll(strings.Join(lines, "\n"), "\\\n", "")
		msg.Runes = []rune(strings.ReplaceAll(text, "\n", "; "))
	}
	return msg
}

// interrupt is ctrl+c: it stops what runs, or else gives the line up.
func (m *Model) interrupt() {
	t := &m.console
	if m.Typing.Run != nil {
		m.Typing.Run.Stop(session.EndedByKey)
		return
	}
	if line := t.input.Value(); line != "" {
		m.Typing.Tape.Add(session.Line{Kind: session.LinePrompt, Netns: m.TypingNetns(), Text: line + "^C"})
	}
	m.setLine("")
	t.past = len(t.history)
}

// setLine replaces what is being typed.
func (m *Model) setLine(line string) {
	m.console.input.SetValue(line)
	m.console.input.CursorEnd()
}

// recallTyped shows an older line, or a newer one.
func (m *Model) recallTyped(by int) {
	t := &m.console
	if t.past == len(t.history) {
		t.draft = t.input.Value()
	}
	t.past = min(max(t.past+by, 0), len(t.history))
	if t.past == len(t.history) {
		m.setLine(t.draft)
	} else {
		m.setLine(t.history[t.past])
	}
}

// runTyped runs the line, or lets it wait for the one that runs.
func (m *Model) runTyped() tea.Cmd {
	t := &m.console
	line := strings.TrimSpace(t.input.Value())
	if t.queued = m.Typing.Run != nil; t.queued {
		return nil
	}
	netns := m.TypingNetns()
	t.held = false
	m.Typing.Tape.Add(session.Line{Kind: session.LinePrompt, Netns: netns, Text: line})
	m.setLine("")
	if line != "" && (len(t.history) == 0 || t.history[len(t.history)-1] != line) {
		t.history = append(t.history, line)
	}
	t.past, t.draft = len(t.history), ""
	if line == "" || m.actsItself(line) {
		return nil
	}
	return do(m.Run(line, m.plan.typing.w-2))
}

// actsItself does what a line means for the command line itself, which no
// command could do.
func (m *Model) actsItself(line string) bool {
	words := strings.Fields(line)
	switch {
	case line == "exit" || line == "logout":
		m.closeTyping()
	case line == "clear":
		m.Typing.Tape.Clear()
	case len(words) == 5 && strings.Join(words[:3], " ") == "ip netns exec" && slices.Contains([]string{"sh", "bash"}, words[4]) && !m.Network.Gone(words[3]):
		m.ChooseNetns(words[3]) // the shell of that namespace is this line
	default:
		return false
	}
	return true
}

// takeOutput takes more of a command's output, or its end: a line that waits for
// that runs now.
func (m *Model) takeOutput(msg session.Output) tea.Cmd {
	ran := m.Typing.Run
	cmd := do(m.Take(msg))
	if ran != nil && m.Typing.Run == nil && m.console.queued {
		return tea.Batch(cmd, m.runTyped())
	}
	return cmd
}
