package ui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// BenchmarkDraw is the cost of one frame.
func BenchmarkDraw(b *testing.B) {
	m := fixtureAfter(b, Options{Lang: "en"})
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	for b.Loop() {
		m.draw()
	}
}
