package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/session"
)

// do has Bubble Tea do a session's work.
func do(w session.Work) tea.Cmd {
	var cmds []tea.Cmd
	for _, task := range w {
		cmds = append(cmds, func() tea.Msg { return task() })
	}
	return tea.Batch(cmds...)
}
