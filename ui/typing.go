package ui

import (
	"errors"
	"os/exec"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/lab"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// typing is the command line in the lab: what is being typed, for which
// namespace, and what came of what was typed before.
type typing struct {
	open    bool
	ready   bool // the input was made
	input   textinput.Model
	step    string // the step that netns was chosen in
	netns   string // where commands go; empty: where the step's command goes
	history []string
	past    int    // the place in the history; its length: the line that is new
	draft   string // that line, while an older one shows
	offers  []string
	queued  bool // enter was pressed too early: the line runs as soon as it can

	worked int       // the stage in which a command was typed last, or a shell opened
	gen    int       // counts the commands
	run    *typedRun // the one that runs, or nil
	tape   tape
	scroll screen.Scroll
	held   bool // the learner looks at what is further up
}

// typedMsg is more of a command's output, or its end.
type typedMsg struct {
	gen   int
	lines []string
	open  string // the line that is not finished
	lost  bool   // something before was thrown away
	ended bool
	why   ending
	err   error
}

// openTyping shows the command line.
func (m *Model) openTyping() {
	t := &m.typing
	if !t.ready {
		t.ready = true
		t.input = textinput.New()
		t.input.CharLimit = longestLine
		t.input.KeyMap.Paste.SetEnabled(false) // would ask programs for the clipboard
	}
	t.open, t.held = true, false
	t.input.Focus() // its cursor does not blink, so there is nothing to wait for
}

// closeTyping takes the command line away. A command that runs is stopped: what
// cannot be seen is not to change the lab.
func (m *Model) closeTyping() {
	t := &m.typing
	t.open, t.offers, t.queued = false, nil, false
	if t.run != nil {
		t.run.stop(endedByClose)
	}
}

// typingNetns is the namespace that a command goes to: the learner's choice in
// this step, or else that of the step's command, or of its ping.
func (m *Model) typingNetns() string {
	s, t := &m.stage, &m.typing
	if t.netns != "" && t.step == s.step.ID {
		return t.netns
	}
	switch {
	case s.command.Netns != "":
		return s.command.Netns
	case len(s.command.Argv) > 0 || s.command.Shell != "":
		return lab.Host
	case s.step.Watch.Netns != "":
		return s.step.Watch.Netns
	case m.world.watch != "":
		return m.world.watch
	}
	return lab.Host
}

// chooseNetns sends what follows to another namespace.
func (m *Model) chooseNetns(name string) { m.typing.netns, m.typing.step = name, m.stage.step.ID }

// nextNetns chooses the namespace by places further on.
func (m *Model) nextNetns(by int) {
	names := m.world.names
	if len(names) == 0 {
		return
	}
	at := slices.Index(names, m.typingNetns())
	if at < 0 && by < 0 {
		at = 0
	}
	m.chooseNetns(names[(at+by+len(names))%len(names)])
}

// pressTyping takes the keys while the command line is open.
func (m *Model) pressTyping(msg tea.KeyMsg) tea.Cmd {
	t, k := &m.typing, typingKeys
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
		m.nextNetns(+1)
	case key.Matches(msg, k.PrevNetns):
		m.nextNetns(-1)
	case key.Matches(msg, k.Older):
		m.recallTyped(-1)
	case key.Matches(msg, k.Newer):
		m.recallTyped(+1)
	case key.Matches(msg, k.Clear):
		t.tape.clear()
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
	t, k := &m.typing, typingKeys
	page := max(1, t.scroll.Height-1)
	for _, move := range []struct {
		key  key.Binding
		view *screen.Scroll
		by   int
	}{
		{k.PageUp, &t.scroll, -page}, {k.PageDown, &t.scroll, +page},
		{k.LessonUp, &m.scroll[paneLesson], -1}, {k.LessonDown, &m.scroll[paneLesson], +1},
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
	t := &m.typing
	if t.run != nil {
		t.run.stop(endedByKey)
		return
	}
	if line := t.input.Value(); line != "" {
		t.tape.add(tapeLine{kind: tapePrompt, netns: m.typingNetns(), text: line + "^C"})
	}
	m.setLine("")
	t.past = len(t.history)
}

// setLine replaces what is being typed.
func (m *Model) setLine(line string) {
	m.typing.input.SetValue(line)
	m.typing.input.CursorEnd()
}

// recallTyped shows an older line, or a newer one.
func (m *Model) recallTyped(by int) {
	t := &m.typing
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
	t := &m.typing
	line := strings.TrimSpace(t.input.Value())
	if t.queued = t.run != nil; t.queued {
		return nil
	}
	netns := m.typingNetns()
	t.held = false
	t.tape.add(tapeLine{kind: tapePrompt, netns: netns, text: line})
	m.setLine("")
	if line != "" && (len(t.history) == 0 || t.history[len(t.history)-1] != line) {
		t.history = append(t.history, line)
	}
	t.past, t.draft = len(t.history), ""
	if line == "" || m.actsItself(line) {
		return nil
	}
	m.typed++
	t.worked = m.stage.gen
	t.gen++
	t.run = m.hands.run(&typedRun{gen: t.gen, netns: netns, line: line, columns: m.plan.typing.w - 2, began: m.now()})
	return t.run.next
}

// actsItself does what a line means for the command line itself, which no
// command could do.
func (m *Model) actsItself(line string) bool {
	t := &m.typing
	words := strings.Fields(line)
	switch {
	case line == "exit" || line == "logout":
		m.closeTyping()
	case line == "clear":
		t.tape.clear()
	case len(words) == 5 && strings.Join(words[:3], " ") == "ip netns exec" && slices.Contains([]string{"sh", "bash"}, words[4]) && !m.world.gone(words[3]):
		m.chooseNetns(words[3]) // the shell of that namespace is this line
	default:
		return false
	}
	return true
}

// takeTyped takes more of a command's output, or its end. What it changed may
// be nothing that anybody reports, such as a rule of iptables.
func (m *Model) takeTyped(msg typedMsg) tea.Cmd {
	t := &m.typing
	if t.run == nil || msg.gen != t.run.gen {
		return nil
	}
	if msg.lost {
		t.tape.clear()
		t.tape.cut = true
	}
	lines := make([]tapeLine, len(msg.lines))
	for i, line := range msg.lines {
		lines[i] = tapeLine{text: line}
	}
	t.tape.add(lines...)
	t.tape.open = msg.open
	if !msg.ended {
		return t.run.next
	}
	t.tape.add(m.lastWords(msg)...)
	if msg.err == nil && msg.why != endedByKey {
		m.looked(t.run)
	}
	t.run = nil
	if t.queued {
		return tea.Batch(m.altered(), m.runTyped())
	}
	return m.altered()
}

// lastWords say how a command ended, where that is not as it should be.
func (m *Model) lastWords(msg typedMsg) []tapeLine {
	var exit *exec.ExitError
	note := func(text string) []tapeLine { return []tapeLine{{kind: tapeNote, text: text}} }
	trouble := func(text string) []tapeLine { return []tapeLine{{kind: tapeTrouble, text: text}} }
	switch {
	case msg.why == endedByTime:
		return trouble(m.Say(words.TypedTime, int(m.hands.limit.Seconds())))
	case msg.why == endedByKey:
		return note("^C  " + m.Say(words.TypedStopped))
	case msg.why == endedByClose:
		return note(m.Say(words.TypedClosed))
	case errors.As(msg.err, &exit) && exit.ExitCode() >= 0:
		return trouble(m.Say(words.TypedExit, exit.ExitCode()))
	case msg.err != nil:
		return trouble(screen.OneLine(msg.err.Error()))
	}
	if word := lastsNot(m.typing.run.line); word != "" {
		return note(m.Say(words.TypedOwnShell, word))
	}
	return nil
}

// lastsNot is the first word of a line whose effect ends with its shell.
func lastsNot(line string) string {
	word, _, _ := strings.Cut(line, " ")
	if slices.Contains([]string{"cd", "export", "alias", "set", "umask"}, word) && !strings.ContainsAny(line, ";&|") {
		return word
	}
	return ""
}
