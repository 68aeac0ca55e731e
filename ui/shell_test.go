package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/session"
	"nstutor/internal/session/console"
	"nstutor/internal/session/feed"
)

// TestTheShellIsWhereCommandsGo: and where there is no such namespace it says
// so, on the course's screen.
func TestTheShellIsWhereCommandsGo(t *testing.T) {
	m := sized(t, fixtureHands)
	send(m, feed.Names{"host", "inet"})
	if cmd := m.OpenShell(""); cmd != nil {
		t.Error("a shell is opened in a namespace that is not there")
	}
	m.screen = ""
	if view := m.View(); !strings.Contains(view, `✗ Cannot open network namespace "ns1"`) {
		t.Errorf("it does not say so:\n%s", view)
	}
}

// refusing is a terminal that cannot be handed over.
type refusing struct{}

func (refusing) ReleaseTerminal() error { return fmt.Errorf("no terminal") }
func (refusing) RestoreTerminal() error { return nil }

func TestATerminalThatCannotBeHandedOver(t *testing.T) {
	m := sized(t, fixtureHands)
	var out strings.Builder
	m.Hands.Terminal = &console.Handover{Program: refusing{}, Canvas: newPainter(&out)}
	send(m, m.OpenShell("")[0]())
	if view := m.View(); !strings.Contains(view, "✗ no shell: no terminal") {
		t.Errorf("it does not say so:\n%s", view)
	}
	m.Hands.Terminal.Canvas.(*painter).paint("still\npainting")
	if !strings.Contains(out.String(), "painting") {
		t.Error("the painter stays away")
	}
	m.Hands.Terminal.TakeBack()
	if msg := m.OpenShell("")[0](); msg != (session.ShellEnded{}) {
		t.Errorf("a shell begins while the program ends: %v", msg)
	}
}

func TestPainterStaysOutOfTheShellWhenTheWindowChanges(t *testing.T) {
	var out strings.Builder
	p := newPainter(&out)
	p.Leave()
	p.follow(nil, tea.WindowSizeMsg{Width: 80, Height: 24})
	if p.paint("over the shell"); out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}
