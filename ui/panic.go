package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/session/rescue"
)

// A panic anywhere ends the program in good order, so that the terminal is left
// as it was, and is returned by Run as an error.

// rescue is deferred by Update: the program quits.
func (m *Model) rescue(cmd *tea.Cmd) {
	if p := recover(); p != nil {
		m.exit = rescue.Error(p)
		*cmd = tea.Quit
	}
}

// rescueView is deferred by View, which cannot quit: the next message does.
func (m *Model) rescueView(screen *string) {
	if p := recover(); p != nil {
		m.exit = rescue.Error(p)
		*screen = ""
	}
}
