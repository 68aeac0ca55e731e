package ui

import (
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"
)

// A panic anywhere ends the program in good order, so that the terminal is left
// as it was, and is returned by Run as an error.

// guard runs a goroutine's work, or a command's.
func guard(send func(tea.Msg), work func()) {
	defer func() {
		if p := recover(); p != nil {
			send(fatalMsg{panicError(p)})
		}
	}()
	work()
}

// rescue is deferred by Update: the program quits.
func (m *Model) rescue(cmd *tea.Cmd) {
	if p := recover(); p != nil {
		m.exit = panicError(p)
		*cmd = tea.Quit
	}
}

// rescueView is deferred by View, which cannot quit: the next message does.
func (m *Model) rescueView(screen *string) {
	if p := recover(); p != nil {
		m.exit = panicError(p)
		*screen = ""
	}
}

// panicError is what Run returns: what happened, and where.
func panicError(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }
