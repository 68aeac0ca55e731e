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
