package ui

import (
	"time"

	"nstutor/ui/screen"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// The clocks: how fast the spinner turns, and how often the countdown of an
// INCOMPLETE neighbour and the state of the step are looked at.
const (
	spinnerTurn   = 100 * time.Millisecond
	countdownTurn = 250 * time.Millisecond
	checkTurn     = 1000 * time.Millisecond
)

// Update takes one message. What has to be waited for becomes a command.
func (m *Model) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer m.rescue(&cmd)
	if m.exit != nil {
		return m, tea.Quit
	}
	before := m.stage.told()
	cmd = m.take(msg)
	if changesNothing(msg) && m.stage.told() == before {
		return m, cmd
	}
	m.screen = ""
	m.enableKeys()
	return m, tea.Batch(cmd, m.startClocks())
}

// changesNothing says whether a message is only about asking again: there is
// nothing new to draw.
func changesNothing(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case checkTickMsg, whyTickMsg, nil:
		return true
	case checkedMsg:
		return !msg.done || msg.after
	}
	return false
}

func (m *Model) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyMsg:
		return m.press(msg)
	case spinnerTickMsg:
		m.turn, m.spinning = m.turn+1, false
	case countdownTickMsg:
		m.counting = false
	case memoryMsg:
		m.takeMemory(msg)
	case summaryMsg:
		m.takeSummary(msg)
	case warningMsg:
		m.warning = string(msg)
	case fatalMsg:
		m.exit = msg.err
		return tea.Quit
	case enteredMsg, appliedMsg, checkedMsg, keptMsg, checkTickMsg:
		return m.takeStep(msg)
	case whyMsg, whyTickMsg:
		return m.takeWhy(msg)
	case drillCheckedMsg, drillSeenMsg, drillHintMsg, drillKnownMsg, drillTickMsg:
		return m.takeDrill(msg)
	case typedMsg:
		return m.takeTyped(msg)
	case shellMsg:
		return m.takeShell(msg)
	default:
		return m.takeWorld(msg)
	}
	return nil
}

// takeWorld takes what the feed reports.
func (m *Model) takeWorld(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case namesMsg:
		m.world.rename(msg)
		m.world.trouble = nil
		return m.altered()
	case snapshotMsg:
		m.world.snaps[msg.Name] = msg.Snapshot
		m.world.trouble = nil
		return m.altered()
	case pingMsg:
		if msg.aim == m.world.aim {
			m.world.log.take(msg.event, m.now())
			return m.compareWhy(msg.event)
		}
	case framesMsg:
		m.world.hear(msg)
		m.witness()
	case feedMsg:
		m.world.trouble = msg.err
	}
	if m.overlay == overlayOutline {
		return m.typeOutline(msg) // the cursor of the input blinks
	}
	return nil
}

// altered takes it that the lab is not what it was.
func (m *Model) altered() tea.Cmd {
	m.world.touch(m.now())
	return tea.Batch(m.check(), m.askWhy())
}

// startClocks starts the clocks that something needs now and that do not run.
func (m *Model) startClocks() tea.Cmd {
	cmds := []tea.Cmd{m.tickDrill()}
	if !m.spinning && (m.working > 0 || m.stage.keeping || m.typing.run != nil || m.drillBusy()) {
		m.spinning = true
		cmds = append(cmds, tea.Tick(spinnerTurn, func(time.Time) tea.Msg { return spinnerTickMsg{} }))
	}
	if !m.counting && m.world.incomplete() {
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
		if m.typing.open {
			rest := msg
			rest.Runes = msg.Runes[i:]
			return tea.Batch(append(cmds, m.press(rest))...)
		}
		cmds = append(cmds, m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
	}
	return tea.Batch(cmds...)
}

// press takes a key. Only keys that are enabled match.
func (m *Model) press(msg tea.KeyMsg) tea.Cmd {
	m.open = false
	if msg.Type == tea.KeyRunes && len(msg.Runes) > 1 && !m.typing.open {
		return m.pressEach(msg)
	}
	k := m.keys
	if m.overlay == overlayOutline {
		return m.pressOutline(msg)
	}
	if m.typing.open {
		return m.pressTyping(msg)
	}
	if m.overlay == overlaySummary && m.summary.asking {
		return m.answerSummary(msg)
	}
	switch {
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
	case m.overlay == overlayNone:
		return m.pressCourse(msg)
	}
	return nil
}

// pressCourse takes the keys that move through the course.
func (m *Model) pressCourse(msg tea.KeyMsg) tea.Cmd {
	k := m.keys
	m.dropWarning(msg)
	switch {
	case key.Matches(msg, k.Enter):
		return m.goOn()
	case key.Matches(msg, k.Predict):
		return m.predict(int(msg.Runes[0] - '1'))
	case key.Matches(msg, k.Undo):
		return m.goBack()
	case key.Matches(msg, k.Hint):
		return m.showHint()
	case key.Matches(msg, k.Rebuild):
		return m.rebuild()
	case key.Matches(msg, k.Go):
		return m.openOutline()
	case key.Matches(msg, k.Summary):
		return m.openSummary()
	case key.Matches(msg, k.Why):
		return m.pressWhy()
	case key.Matches(msg, k.Type):
		m.openTyping()
	case key.Matches(msg, k.Shell):
		return m.openShell()
	case key.Matches(msg, k.Tab):
		m.focus = (m.focus + 1) % paneCount
	case key.Matches(msg, k.BackTab):
		m.focus = (m.focus + paneCount - 1) % paneCount
	case key.Matches(msg, k.NextNetns):
		m.watchNext(+1)
	case key.Matches(msg, k.PrevNetns):
		m.watchNext(-1)
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
	if m.focus == paneLesson && m.why.open {
		return &m.why.scroll
	}
	return &m.scroll[m.focus]
}

// closeTopmost closes what covers the panes, or else what stands in for one.
func (m *Model) closeTopmost() {
	if m.overlay == overlayNone {
		m.closeWhy()
	}
	m.overlay = overlayNone
}

// pressOutline takes the keys of the list; all others go to its filter.
func (m *Model) pressOutline(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "esc":
		m.overlay = overlayNone
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "enter":
		if id, ok := m.outline.chosen(); ok {
			m.overlay = overlayNone
			return m.enter(id)
		}
	case "up", "shift+tab":
		m.outline.move(-1)
	case "down", "tab":
		m.outline.move(+1)
	case "pgup":
		m.outline.move(-10)
	case "pgdown":
		m.outline.move(+10)
	default:
		return m.typeOutline(msg)
	}
	return nil
}

func (m *Model) toggleHelp() {
	if m.overlay == overlayHelp {
		m.overlay = overlayNone
	} else {
		m.overlay = overlayHelp
	}
}
