package ui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// TestCharactersThatComeAtOnceAreNoKeyName: a slow line hands several characters
// over together, and "up" is also what a key is called.
func TestCharactersThatComeAtOnceAreNoKeyName(t *testing.T) {
	chunk := func(text string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)} }
	m := fixtureHands(t, Options{})
	m.Panes.Console.History = []string{"ip route"}
	send(m, chunk(":ip link set lo "))
	send(m, chunk("up"))
	if got, want := m.Panes.Console.Input.Value(), "ip link set lo up"; !m.Panes.Console.Open || got != want {
		t.Errorf("the line is %q, want %q", got, want)
	}
	send(m, keyMsg("esc"))
	lang := m.Lang
	send(m, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("Lq"), Paste: true})
	if m.Lang != lang {
		t.Error("what was pasted was taken for keys")
	}
}
