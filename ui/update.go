package ui

import (
	"time"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/console"
	"nstutor/internal/session/rescue"
	"nstutor/ui/pane"
	"nstutor/ui/screen"
	"nstutor/ui/words"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// The clocks: how fast the spinner turns, and how often the countdown of an
// INCOMPLETE neighbour is looked at.
const (
	spinnerTurn   = 100 * time.Millisecond
	countdownTurn = 250 * time.Millisecond
)

// Messages from the clocks of the screen.
type (
	countdownTickMsg struct{}
	spinnerTickMsg   struct{}
)

// Update takes one message. What has to be waited for becomes a command.
func (m *Model) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer m.rescue(&cmd)
	if m.exit != nil {
		return m, tea.Quit
	}
	before := m.Scene.Told()
	cmd = m.takeAny(msg)
	if session.Idle(msg) && m.Scene.Told() == before {
		return m, cmd
	}
	m.follow()
	m.screen = ""
	m.enableKeys()
	return m, tea.Batch(cmd, m.startClocks())
}

func (m *Model) takeAny(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyMsg:
		return m.press(msg)
	case spinnerTickMsg:
		m.Turn, m.spinning = m.Turn+1, false
	case countdownTickMsg:
		m.counting = false
	case session.Remembered:
		m.Panes.Summary.Fill(msg)
	case rescue.Fatal:
		m.exit = msg.Err
		return tea.Quit
	case console.Output:
		return m.takeOutput(msg)
	default:
		cmd := do(m.Take(msg))
		if m.overlay == overlayOutline {
			return tea.Batch(cmd, m.Panes.Outline.Typed(msg)) // the cursor of the input blinks
		}
		return cmd
	}
	return nil
}

// follow moves the texts that have become others.
func (m *Model) follow() {
	m.Panes.Lesson.Follow(m.moved, m.Cue)
	if m.Cue.Why != m.moved.Why || m.Cue.Page != m.moved.Page {
		m.Panes.Why.Scroll = screen.Scroll{}
	}
	m.moved = m.Cue
}

// startClocks starts the clocks that something needs now and that do not run.
func (m *Model) startClocks() tea.Cmd {
	cmds := []tea.Cmd{do(m.Stage.Tick(m.overlay == overlayNone))}
	if !m.spinning && (m.Working > 0 || m.Scene.Keeping || m.Typing.Run != nil || m.Stage.Occupied()) {
		m.spinning = true
		cmds = append(cmds, tea.Tick(spinnerTurn, func(time.Time) tea.Msg { return spinnerTickMsg{} }))
	}
	if !m.counting && m.Network.Incomplete() {
		m.counting = true
		cmds = append(cmds, tea.Tick(countdownTurn, func(time.Time) tea.Msg { return countdownTickMsg{} }))
	}
	return tea.Batch(cmds...)
}

// pressEach takes characters that came at once, as they do over a slow line, one
// by one. As a whole they could spell the name of a key, such as "up". What was
// pasted is no key.
func (m *Model) pressEach(msg tea.KeyMsg) tea.Cmd {
	if msg.Paste {
		return nil
	}
	var cmds []tea.Cmd
	for i, r := range msg.Runes {
		if m.Panes.Console.Open {
			rest := msg
			rest.Runes = msg.Runes[i:]
			return tea.Batch(append(cmds, m.press(rest))...)
		}
		cmds = append(cmds, m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
		m.enableKeys() // what the next one means
	}
	return tea.Batch(cmds...)
}

// press takes a key. Only keys that are enabled match.
func (m *Model) press(msg tea.KeyMsg) tea.Cmd {
	m.Panes.Lesson.OpenLab = false
	if msg.Type == tea.KeyRunes && len(msg.Runes) > 1 && !m.Panes.Console.Open {
		return m.pressEach(msg)
	}
	k := m.keys
	if m.overlay == overlayOutline {
		return m.pressOutline(msg)
	}
	if m.overlay == overlayPage && m.Panes.Page.Searching {
		return m.pressSearch(msg)
	}
	if m.Panes.Console.Open {
		return m.pressTyping(msg)
	}
	if m.overlay == overlaySummary && m.Panes.Summary.Asking {
		return m.answerSummary(msg)
	}
	switch {
	case key.Matches(msg, k.Quit) && msg.String() == "q" && (m.overlay != overlayNone || m.Why.Open):
		m.closeTopmost()
	case key.Matches(msg, k.Quit):
		return tea.Quit
	case key.Matches(msg, k.Suspend):
		return tea.Suspend
	case key.Matches(msg, k.Help):
		m.toggleHelp()
	case key.Matches(msg, k.Close):
		m.closeTopmost()
	case key.Matches(msg, k.Lang):
		return m.switchLanguage()
	case m.overlay == overlaySummary:
		return m.pressSummary(msg)
	case m.overlay == overlayPage:
		return m.pressPage(msg)
	case m.overlay == overlayNone:
		return m.pressCourse(msg)
	}
	return nil
}

// pressCourse takes the keys that move through the course.
func (m *Model) pressCourse(msg tea.KeyMsg) tea.Cmd {
	k := m.keys
	if !key.Matches(msg, k.Why, k.Undo, k.Rebuild) {
		m.Stage.Other()
	}
	switch {
	case key.Matches(msg, k.Enter):
		return m.goOn()
	case key.Matches(msg, k.Predict):
		m.Predict(int(msg.Runes[0] - '1'))
		m.Panes.Lesson.ShowQuestion()
	case key.Matches(msg, k.Undo):
		return do(m.Stage.GoBack())
	case key.Matches(msg, k.Hint):
		return do(m.Stage.Hint())
	case key.Matches(msg, k.Rebuild):
		return m.rebuild()
	case key.Matches(msg, k.Again):
		m.ReadAgain()
		m.openPage(pane.PageAgain)
	case key.Matches(msg, k.Welcome):
		m.openPage(pane.PageWelcome)
	case key.Matches(msg, k.Exercises):
		return m.toExercises()
	case key.Matches(msg, k.Go):
		return m.openOutline()
	case key.Matches(msg, k.Summary):
		return m.openSummary()
	case key.Matches(msg, k.Why):
		return m.pressWhy()
	case key.Matches(msg, k.Type):
		m.openTyping()
	case key.Matches(msg, k.Shell):
		return do(m.OpenShell(m.Say(words.ShellHello, m.TypingNetns())))
	case key.Matches(msg, k.Tab):
		m.focus = (m.focus + 1) % areaCount
	case key.Matches(msg, k.BackTab):
		m.focus = (m.focus + areaCount - 1) % areaCount
	case key.Matches(msg, k.NextNetns):
		m.WatchNext(+1)
		m.Panes.Live.Scroll = screen.Scroll{}
	case key.Matches(msg, k.PrevNetns):
		m.WatchNext(-1)
		m.Panes.Live.Scroll = screen.Scroll{}
	default:
		m.scrollBy(msg)
	}
	return nil
}

// scrollBy takes the keys that move the pane with the focus.
func (m *Model) scrollBy(msg tea.KeyMsg) {
	s, k := m.focused(), m.keys
	page := max(1, s.Height-1)
	for _, move := range []struct {
		key key.Binding
		by  int
	}{
		{k.Up, -1}, {k.Down, +1}, {k.PageUp, -page}, {k.PageDown, +page},
		{k.Top, -s.Lines}, {k.Bottom, +s.Lines},
	} {
		if key.Matches(msg, move.key) {
			s.Move(move.by)
		}
	}
}

// focused is how far the pane with the focus is scrolled.
func (m *Model) focused() *screen.Scroll {
	if m.overlay == overlayPage {
		return &m.Panes.Page.Scroll
	}
	_, scroll := m.paneAt(m.focus)
	return scroll
}

// goOn is the enter key: what is in the lesson's place is read to its end, and then
// it is what the stage makes of it.
func (m *Model) goOn() tea.Cmd {
	if text := m.reading(); !text.AtEnd() {
		text.ReadOn()
		return nil
	}
	return do(m.Stage.GoOn())
}

// reading is how far the text is read that is to be read now.
func (m *Model) reading() *screen.Scroll {
	if m.overlay == overlayPage {
		return &m.Panes.Page.Scroll
	}
	_, scroll := m.paneAt(areaLesson)
	return scroll
}

// rebuild brings the lab to the beginning of the step.
func (m *Model) rebuild() tea.Cmd {
	return do(m.Stage.Anew())
}

// pressWhy shows the answer in the lesson's place, or the lesson again.
func (m *Model) pressWhy() tea.Cmd {
	if m.Why.Open {
		m.CloseWhy()
		return nil
	}
	cmd := do(m.OpenWhy())
	if m.Why.Open {
		m.focus = areaLesson
	}
	return cmd
}

// partner is the pane that goes with what stands in the lesson's place.
func (m *Model) partner() area {
	if m.Why.Open {
		return areaTopology
	}
	return areaLive
}

// switchLanguage goes on in the other language.
func (m *Model) switchLanguage() tea.Cmd {
	if m.Lang == say.Langs[0] {
		m.Lang = say.Langs[1]
	} else {
		m.Lang = say.Langs[0]
	}
	m.Speak(m.Lang)
	return nil
}

// closeTopmost closes what covers the panes, or else what stands in for one.
func (m *Model) closeTopmost() {
	if m.overlay == overlayNone {
		m.CloseWhy()
	}
	m.overlay = overlayNone
}
