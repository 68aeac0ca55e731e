package ui

import (
	"strings"

	"nstutor/ui/screen"
	"nstutor/ui/words"

	tea "github.com/charmbracelet/bubbletea"
)

// takeStep takes the answers of the player. One about a step that was left
// meanwhile is dropped.
func (m *Model) takeStep(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case enteredMsg:
		m.working--
		if msg.gen == m.stage.gen {
			return m.entered(msg)
		}
	case appliedMsg:
		m.working--
		if msg.gen == m.stage.gen {
			return m.applied(msg)
		}
	case checkedMsg:
		return m.checked(msg)
	case keptMsg:
		if msg.gen == m.stage.gen {
			m.kept(msg)
			return m.check()
		}
	case checkTickMsg:
		if msg.gen == m.stage.gen {
			m.checkTicking = false
			return m.check()
		}
	}
	return nil
}

// entered: the lab stands at the beginning of a step.
func (m *Model) entered(msg enteredMsg) tea.Cmd {
	if msg.err != nil {
		m.stage.err = msg.err
		return nil
	}
	again := msg.step.ID == m.stage.step.ID
	m.begin(msg)
	m.checking, m.checkTicking, m.lookedAt = false, false, -1
	if again {
		m.world.log.restart(true)
	} else {
		m.world.log = pingLog{netns: msg.step.Watch.Netns, to: msg.step.Watch.Ping, size: msg.step.Watch.Size, df: msg.step.Watch.DF}
		m.world.watch = msg.step.Watch.Netns
		m.watchTables()
	}
	m.aimPing(true)
	if m.drill != nil {
		m.world.frames = nil // each exercise is another network
		return tea.Batch(m.altered(), m.readDrill())
	}
	m.note(func(p Progress) { p.SetPosition(msg.step.ID) })
	return m.altered()
}

// applied: the step's action was tried.
func (m *Model) applied(msg appliedMsg) tea.Cmd {
	if msg.err != nil {
		m.stage.phase, m.stage.err = phaseLook, msg.err
		m.aimPing(true)
		return m.check()
	}
	m.stage.changes = msg.changes
	return tea.Batch(m.finish(), m.altered())
}

// checked: somebody looked whether the step is done.
func (m *Model) checked(msg checkedMsg) tea.Cmd {
	if msg.gen != m.stage.gen {
		return nil
	}
	m.checking = false
	s := &m.stage
	if s.phase == phaseAfter {
		return m.stillDone(msg)
	}
	if s.phase != phaseLook || msg.after {
		return nil
	}
	if msg.done {
		s.elsewhere, s.changes = true, msg.changes
		m.world.log.restart(true)
		m.aimPing(false)
		return tea.Batch(m.finish(), m.altered())
	}
	if msg.looked {
		s.banner = strings.Join(msg.broken, "; ")
	}
	if msg.err == nil {
		s.judged = msg.judged
		s.hints = min(s.hints, len(s.hintTexts(m.Lang)))
	}
	return m.checkAgain()
}

// finish: the kernel's state says that the step is done.
func (m *Model) finish() tea.Cmd {
	s := &m.stage
	s.phase, s.banner, s.err, s.rebuilt, s.judged = phaseAfter, "", nil, false, judged{}
	m.scroll[paneLesson] = screen.Scroll{}
	id := s.step.ID
	m.remember(func(r *remembered) { r.done = true })
	m.note(func(p Progress) { p.MarkDone(id) })
	return m.keep()
}

// kept: the promise of what is seen after the step was tried. The ping goes on.
func (m *Model) kept(msg keptMsg) {
	s := &m.stage
	s.keeping = false
	m.aimPing(true)
	if msg.err != nil {
		s.err = msg.err
		return
	}
	s.report, s.output = &msg.report, msg.output
	for i, ping := range s.step.After.Pings {
		if i < len(msg.report.Pings) && ping.From == m.world.log.netns && ping.To == m.world.log.to {
			m.world.log.add(msg.report.Pings[i])
		}
	}
}

// goOn is the enter key: read on, run the command, go to the next step.
func (m *Model) goOn() tea.Cmd {
	view := &m.scroll[paneLesson]
	switch {
	case m.stage.phase == phaseAfter:
		if id, ok := m.neighbourStep(+1); ok {
			return m.next(id)
		}
	case m.drill != nil:
		return m.checkNow()
	case m.mustReadOn():
		view.Top = min(m.stage.predictEnd-view.Height, view.Top+view.Height-1)
	default:
		return m.apply()
	}
	return nil
}

// goBack undoes the step, or from its beginning goes to the one before.
func (m *Model) goBack() tea.Cmd {
	if m.drill != nil {
		return m.rebuild()
	}
	if m.stage.phase == phaseAfter {
		return m.undo()
	}
	if id, ok := m.neighbourStep(-1); ok {
		return m.enter(id)
	}
	return nil
}

// rebuild brings the lab to the beginning of the step again; if it never stood
// at one, to the first.
func (m *Model) rebuild() tea.Cmd {
	if m.stage.step.ID == "" {
		return m.enter(m.firstStep())
	}
	return m.enter(m.stage.step.ID)
}

// predict takes an answer to the question. The first one is remembered.
func (m *Model) predict(choice int) tea.Cmd {
	s := &m.stage
	if choice < 0 || choice >= len(s.prose.Predict.Choices) {
		return nil
	}
	id, right := s.step.ID, choice == s.prose.Predict.Right
	s.choice, s.guessed = choice, true
	m.scroll[paneLesson].Show(s.predictEnd - 1)
	m.remember(func(r *remembered) {
		if !r.guessed {
			r.choice, r.guessed = choice, true
		}
	})
	m.note(func(p Progress) { p.Predict(id, choice, right) })
	return nil
}

// showHint shows one hint more.
func (m *Model) showHint() tea.Cmd {
	if m.drill != nil {
		return m.drillHint()
	}
	s := &m.stage
	s.hints++
	m.scroll[paneLesson].Top = 1 << 20 // its end, once it is drawn
	id, n := s.step.ID, s.hints
	m.note(func(p Progress) { p.UseHint(id, n) })
	return nil
}

// switchLanguage goes on in the other language.
func (m *Model) switchLanguage() tea.Cmd {
	if m.Lang == words.Langs[0] {
		m.Lang = words.Langs[1]
	} else {
		m.Lang = words.Langs[0]
	}
	m.translate()
	m.witness() // tells the answer anew
	lang := m.Lang
	m.note(func(p Progress) { p.SetLang(lang) })
	return nil
}

// watchNext shows the tables of the namespace by places further on.
func (m *Model) watchNext(by int) {
	names := m.world.names
	at := 0
	for i, name := range names {
		if name == m.world.watch {
			at = i
		}
	}
	m.world.watch = names[(at+by+len(names))%len(names)]
	m.scroll[paneLive] = screen.Scroll{}
	m.watchTables()
}
