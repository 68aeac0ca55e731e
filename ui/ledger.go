package ui

import (
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/say"
)

// Progress is the memory of what the learner has done. It may write a file at
// each call, so the model calls it only from the ledger and from commands.
type Progress interface {
	Done(id string) bool
	MarkDone(id string)
	Prediction(id string) (choice int, ok bool)
	Predict(id string, choice int, right bool)
	Hints(id string) int
	UseHint(id string, n int)
	Position() string
	SetPosition(id string)
	SetLang(lang string)
	// Warning is one line about a memory that cannot be read or written, or "".
	Warning() say.Text
	Summed
	Scored
}

// ledger writes to the memory in the order of the learner's acts, off the
// model's goroutine.
type ledger struct {
	progress Progress
	entries  chan func(Progress)
	done     sync.WaitGroup
}

// newLedger starts writing; send is told when the memory has a new complaint.
func newLedger(progress Progress, send func(tea.Msg)) *ledger {
	l := &ledger{progress: progress, entries: make(chan func(Progress), 64)}
	l.done.Go(func() {
		warning := progress.Warning().String()
		for entry := range l.entries {
			guard(send, func() { entry(progress) })
			if now := progress.Warning(); now.String() != warning {
				warning = now.String()
				send(warningMsg{now})
			}
		}
	})
	return l
}

// note enters one act.
func (m *Model) note(entry func(Progress)) {
	if m.ledger != nil {
		m.ledger.entries <- entry
	}
}

// close ends when everything is written.
func (l *ledger) close() {
	close(l.entries)
	l.done.Wait()
}

// recall reads what is remembered of every step.
func (m *Model) recall() tea.Cmd {
	if m.ledger == nil {
		return nil
	}
	progress, course := m.ledger.progress, m.course
	return func() (msg tea.Msg) {
		defer func() {
			if p := recover(); p != nil {
				msg = fatalMsg{panicError(p)}
			}
		}()
		all := map[string]remembered{}
		for _, step := range course.Steps() {
			r := remembered{done: progress.Done(step.ID), hints: progress.Hints(step.ID)}
			r.choice, r.guessed = progress.Prediction(step.ID)
			if e, ok := progress.Exercise(step.ID); ok && e.Best != nil {
				r.done = true
			}
			all[step.ID] = r
		}
		return memoryMsg{all, progress.Warning()}
	}
}

func (m *Model) takeMemory(msg memoryMsg) {
	m.memory, m.warning = msg.steps, msg.warning
	if known := m.memory[m.stage.step.ID]; known.guessed && !m.stage.guessed {
		m.stage.choice, m.stage.guessed = known.choice, true
	}
}

// remember changes what is known of the current step.
func (m *Model) remember(change func(*remembered)) {
	known := m.memory[m.stage.step.ID]
	change(&known)
	m.memory[m.stage.step.ID] = known
}
