package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/ui/pane"
)

// openSummary shows the page with the cursor at the current chapter or exercise.
func (m *Model) openSummary() tea.Cmd {
	m.overlay = overlaySummary
	m.Panes.Summary.Begin()
	return m.readSummary()
}

// readSummary reads what is remembered.
func (m *Model) readSummary() tea.Cmd {
	return do(m.Session.ReadSummary(m.Panes.Summary.Chapters, m.Panes.Summary.Exercises))
}

// pressSummary takes the keys of the page that no other page has.
func (m *Model) pressSummary(msg tea.KeyMsg) tea.Cmd {
	s := &m.Panes.Summary
	switch msg.String() {
	case "p":
		m.overlay = overlayNone
	case "r":
		s.Asking = true
	case "up", "k":
		s.Move(-1)
	case "down", "j":
		s.Move(+1)
	case "pgup", "b":
		s.Move(-10)
	case "pgdown", " ":
		s.Move(+10)
	case "home":
		s.Move(-s.Cursor)
	case "end":
		s.Move(len(s.Items()))
	}
	return nil
}

// answerSummary takes the answer to the question whether to forget. Every key
// but y says no.
func (m *Model) answerSummary(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	}
	m.Panes.Summary.Asking = false
	if key := msg.String(); key == "y" || key == "Y" {
		return m.forget(m.Panes.Summary.Chosen())
	}
	return nil
}

// forget forgets a chapter, everything, or, at whichever exercise the cursor
// stands, all of the exercises.
func (m *Model) forget(item pane.Item) tea.Cmd {
	var ids []string
	switch item.Kind {
	case pane.ItemChapter:
		for _, step := range item.Chapter.Steps {
			ids = append(ids, step.ID)
		}
		m.ForgetSteps(ids...)
	case pane.ItemAll:
		m.ForgetAll()
	default:
		for _, e := range m.Panes.Summary.Exercises {
			ids = append(ids, e.Name)
		}
		m.ForgetExercises(ids...)
	}
	return m.readSummary()
}
