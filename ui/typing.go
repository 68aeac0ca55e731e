package ui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/session/console"
	"nstutor/ui/screen"
)

// openTyping shows the command line.
func (m *Model) openTyping() {
	m.Panes.Console.Begin()
}

// closeTyping takes the command line away. A command that runs is stopped: what
// cannot be seen is not to change the lab.
func (m *Model) closeTyping() {
	t := &m.Panes.Console
	t.Open, t.Offers, t.Queued = false, nil, false
	if m.Typing.Run != nil {
		m.Typing.Run.Stop(console.EndedByClose)
	}
}

// pressTyping takes the keys while the command line is open.
func (m *Model) pressTyping(msg tea.KeyMsg) tea.Cmd {
	t, k := &m.Panes.Console, typingKeys
	offered := t.Offers
	t.Offers, t.Queued = nil, false
	if msg.Type == tea.KeyRunes && !msg.Alt {
		// Characters, even where several came at once and spell the name of a key:
		// as though they were pasted, the input takes them for none either.
		msg = pasted(msg)
		msg.Paste = msg.Paste || len(msg.Runes) > 1
		var cmd tea.Cmd
		t.Input, cmd = t.Input.Update(msg)
		return cmd
	}
	switch {
	case key.Matches(msg, k.Close), key.Matches(msg, k.Leave) && t.Input.Value() == "":
		m.closeTyping()
	case key.Matches(msg, k.Stop):
		m.interrupt()
	case key.Matches(msg, k.Suspend):
		return tea.Suspend
	case key.Matches(msg, k.Run):
		return m.runTyped()
	case key.Matches(msg, k.Complete):
		m.Panes.Console.Complete(offered)
	case key.Matches(msg, k.NextNetns):
		m.NextNetns(+1)
	case key.Matches(msg, k.PrevNetns):
		m.NextNetns(-1)
	case key.Matches(msg, k.Older):
		m.Panes.Console.Recall(-1)
	case key.Matches(msg, k.Newer):
		m.Panes.Console.Recall(+1)
	case key.Matches(msg, k.Clear):
		m.Typing.Tape.Clear()
	case m.scrollTyping(msg):
	default:
		var cmd tea.Cmd
		t.Input, cmd = t.Input.Update(pasted(msg))
		return cmd
	}
	return nil
}

// scrollTyping takes the keys that move the output, and the lesson above it.
func (m *Model) scrollTyping(msg tea.KeyMsg) bool {
	t, k := &m.Panes.Console, typingKeys
	page := max(1, t.Scroll.Height-1)
	for _, move := range []struct {
		key  key.Binding
		view *screen.Scroll
		by   int
	}{
		{k.PageUp, &t.Scroll, -page}, {k.PageDown, &t.Scroll, +page},
		{k.LessonUp, &m.Panes.Lesson.Scroll, -1}, {k.LessonDown, &m.Panes.Lesson.Scroll, +1},
	} {
		if key.Matches(msg, move.key) {
			move.view.Move(move.by)
			t.Held = !t.Scroll.AtEnd()
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
	t := &m.Panes.Console
	if m.Typing.Run != nil {
		m.Typing.Run.Stop(console.EndedByKey)
		return
	}
	if line := t.Input.Value(); line != "" {
		m.Typing.Tape.Add(console.Line{Kind: console.LinePrompt, Netns: m.TypingNetns(), Text: line + "^C"})
	}
	m.Panes.Console.SetLine("")
	t.Past = len(t.History)
}

// runTyped runs the line, or lets it wait for the one that runs.
func (m *Model) runTyped() tea.Cmd {
	t := &m.Panes.Console
	line := strings.TrimSpace(t.Input.Value())
	if t.Queued = m.Typing.Run != nil; t.Queued {
		return nil
	}
	netns := m.TypingNetns()
	t.Held = false
	m.Typing.Tape.Add(console.Line{Kind: console.LinePrompt, Netns: netns, Text: line})
	m.Panes.Console.SetLine("")
	if line != "" && (len(t.History) == 0 || t.History[len(t.History)-1] != line) {
		t.History = append(t.History, line)
	}
	t.Past, t.Draft = len(t.History), ""
	if line == "" || m.actsItself(line) {
		return nil
	}
	return do(m.Run(line, m.plan.typing.w-2))
}

// actsItself does what a line means for the command line itself, which no
// command could do.
func (m *Model) actsItself(line string) bool {
	closes, itself := m.ToItself(line)
	if closes {
		m.closeTyping()
	}
	return itself
}

// takeOutput takes more of a command's output, or its end: a line that waits for
// that runs now.
func (m *Model) takeOutput(msg console.Output) tea.Cmd {
	ran := m.Typing.Run
	cmd := do(m.Take(msg))
	if ran != nil && m.Typing.Run == nil && m.Panes.Console.Queued {
		return tea.Batch(cmd, m.runTyped())
	}
	return cmd
}
