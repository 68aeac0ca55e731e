package ui

import tea "github.com/charmbracelet/bubbletea"

// openOutline shows the list with the cursor at the current step.
func (m *Model) openOutline() tea.Cmd {
	m.overlay = overlayOutline
	return m.Panes.Outline.Begin(m.Scene.Step.ID)
}

// openList shows the list with the cursor where the program begins.
func (m *Model) openList() tea.Cmd {
	m.overlay = overlayOutline
	return m.Panes.Outline.Begin(m.FirstStep())
}

// toExercises shows the exercises of the chapter, or goes back from one to the course.
func (m *Model) toExercises() tea.Cmd {
	if lesson, ok := m.ToCourse(); ok {
		return do(m.Enter(lesson))
	}
	m.overlay = overlayOutline
	return m.Panes.Outline.Offer(m.Offered())
}

// pressOutline takes the keys of the list; all others go to its filter.
func (m *Model) pressOutline(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "esc":
		m.overlay = overlayNone
	case "q", "/": // are letters once something is typed
		if m.Panes.Outline.Filtering() {
			return m.Panes.Outline.Typed(msg)
		}
		m.Panes.Outline.Slash = true
		if msg.String() == "q" {
			m.overlay = overlayNone
		}
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "enter":
		if id, ok := m.Panes.Outline.Chosen(); ok {
			m.overlay = overlayNone
			return do(m.Enter(id))
		}
	case "up", "shift+tab":
		m.Panes.Outline.Move(-1)
	case "down", "tab":
		m.Panes.Outline.Move(+1)
	case "pgup":
		m.Panes.Outline.Move(-10)
	case "pgdown":
		m.Panes.Outline.Move(+10)
	default:
		return m.Panes.Outline.Typed(msg)
	}
	return nil
}
