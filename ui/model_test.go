package ui

import (
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
	"nstutor/steps"
)

// sized is a fixture on a terminal, drawn once.
func sized(t testing.TB, state func(testing.TB, Options) *Model) *Model {
	m := state(t, Options{Lang: "en"})
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	m.View()
	return m
}

func TestAnswersAboutALeftStepAreDropped(t *testing.T) {
	for name, late := range map[string]tea.Msg{
		"entered": session.Entered{Gen: 0, Step: steps.Step{ID: "late"}},
		"applied": session.Applied{Gen: 0, Err: errors.New("late")},
		"checked": session.Checked{Gen: 0, Done: true},
		"broken":  session.Checked{Gen: 0, Looked: true, Broken: []steps.Seen{{Promised: say.Quote("late")}}},
		"kept":    session.Kept{Gen: 0, Err: errors.New("late")},
		"ping":    feed.Ping{Aim: -1, Event: probe.Event{Seq: 99, Result: probe.Result{Seq: 99, Message: "late"}}},
	} {
		m := sized(t, fixture)
		m.Working = 1
		send(m, late)
		m.Working = 0
		send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
		if view := m.View(); strings.Contains(view, "late") || m.Scene.Phase != session.PhaseLook {
			t.Errorf("%s: a late answer counted:\n%s", name, view)
		}
	}
}

func TestTheFooterShowsOnlyKeysThatWorkNow(t *testing.T) {
	footer := func(m *Model) string {
		send(m, tea.WindowSizeMsg{Width: 200, Height: 50})
		lines := strings.Split(m.View(), "\n")
		return lines[len(lines)-1]
	}
	for _, c := range []struct {
		name         string
		model        func() *Model
		shows, lacks []string
	}{
		{"look", func() *Model { return sized(t, fixture) },
			[]string{"enter no guess", "1-3 predict", "h hint", "tab pane", "? help", "q quit"}, []string{"u undo", "u back", "r rebuild"}},
		{"guessed", func() *Model { m := sized(t, fixture); send(m, keyMsg("1")); return m },
			[]string{"enter show command", "1-3 predict"}, []string{"enter run"}},
		{"shown", func() *Model { m := sized(t, fixture); m.Scene.Shown = true; return m },
			[]string{"enter run"}, []string{"show command"}},
		{"after", func() *Model { return sized(t, fixtureAfter) },
			[]string{"enter next step", "u undo"}, []string{"predict", "hint"}},
		{"why", func() *Model { return sized(t, fixtureWhy) },
			[]string{"enter next step", "w/esc close why", "tab pane", "u undo"}, []string{"w why?"}},
		{"no ping to ask about", func() *Model { m := sized(t, fixture); m.Network.Log.To = ""; return m },
			[]string{"1-3 predict"}, []string{"why"}},
		{"all hints read", func() *Model { m := sized(t, fixture); m.Scene.Hints = 3; return m },
			[]string{"1-3 predict"}, []string{"hint"}},
		{"working", func() *Model { m := sized(t, fixture); m.Working++; return m },
			[]string{"g go to", "q quit"}, []string{"enter", "undo"}},
		{"trouble", func() *Model {
			m := sized(t, fixture)
			m.Scene.Broken = []steps.Seen{{Promised: say.Quote("broken")}}
			return m
		},
			[]string{"r rebuild lab"}, nil},
		{"outline", func() *Model { m := sized(t, fixture); send(m, keyMsg("g")); return m },
			[]string{"enter go there", "esc/q close"}, []string{"hint", "quit"}},
	} {
		got := footer(c.model())
		for _, text := range c.shows {
			if !strings.Contains(got, text) {
				t.Errorf("%s: no %q in %q", c.name, text, got)
			}
		}
		for _, text := range c.lacks {
			if strings.Contains(got, text) {
				t.Errorf("%s: %q in %q", c.name, text, got)
			}
		}
	}
}

func TestQuitAndSuspendWorkEverywhere(t *testing.T) {
	for _, overlay := range []string{"", "?", "g"} {
		m := sized(t, fixture)
		if overlay != "" {
			send(m, keyMsg(overlay))
		}
		for key, want := range map[string]tea.Msg{"ctrl+c": tea.QuitMsg{}, "ctrl+z": tea.SuspendMsg{}} {
			_, cmd := m.Update(keyMsg(key))
			if cmd == nil || !yields(cmd, want) {
				t.Errorf("overlay %q: %s does not give %T", overlay, key, want)
			}
		}
	}
}

// yields says whether a command, or one of a batch, gives the message.
func yields(cmd tea.Cmd, want tea.Msg) bool {
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, each := range msg {
			if each != nil && yields(each, want) {
				return true
			}
		}
	default:
		return msg == want
	}
	return false
}

func TestTheRowsThatMatterStayWhenRoomIsShort(t *testing.T) {
	m := sized(t, fixtureAfter)
	for h := 2; h < 12; h++ {
		text := strings.Join(m.Panes.Live.Lines(78, h, false), "\n")
		if !strings.Contains(text, "+ default via 172.20.1.1 dev ns1-eth0") && h > 2 {
			t.Errorf("%d lines lack the step's route:\n%s", h, text)
		}
		if lines := strings.Count(text, "\n") + 1; lines > h {
			t.Errorf("%d lines in a room of %d:\n%s", lines, h, text)
		}
	}
	if text := strings.Join(m.Panes.Live.Lines(78, 3, false), "\n"); !strings.Contains(text, "more") {
		t.Errorf("rows are left out without a word:\n%s", text)
	}
}

func TestAnIncompleteNeighbourCountsDown(t *testing.T) {
	m := sized(t, fixtureAfter)
	if view := m.View(); !strings.Contains(view, "INCOMPLETE  FAILED in 2.1s") {
		t.Errorf("no countdown:\n%s", view)
	}
	if !m.counting {
		t.Error("the clock of the countdown does not run")
	}
}

func TestAStepOutsideTheWatchedNamespaceShows(t *testing.T) {
	m := sized(t, fixture)
	for _, snap := range fixtureSnapshots(false) {
		if snap.Name == "host" {
			snap.Sysctls = []table.Sysctl{{Key: "net.ipv4.ip_forward", Value: "1"}}
			snap.Links = snap.Links[:2] // veth-ns1 is gone
			send(m, feed.Snapshot{Snapshot: snap})
		}
	}
	view := m.View()
	for _, text := range []string{"~ host net.ipv4.ip_forward = 1", "− host link veth-ns1"} {
		if !strings.Contains(view, text) {
			t.Errorf("no %q:\n%s", text, view)
		}
	}
}

func TestTheKernelsErrorStaysReadableOnOneLine(t *testing.T) {
	m := sized(t, fixture)
	m.Working = 1
	send(m, session.Applied{Gen: 1, Err: errors.New("ns1: add route default:\nnetwork is unreachable")})
	if view := m.View(); !strings.Contains(view, "✗ ns1: add route default: network is unreachable") {
		t.Errorf("no error:\n%s", view)
	}
}

func TestAPanicInUpdateOrViewQuits(t *testing.T) {
	m := sized(t, fixture)
	_, cmd := m.Update(feed.Snapshot{Snapshot: nil})
	if m.exit == nil || !yields(cmd, tea.QuitMsg{}) {
		t.Error("a panic in Update does not quit")
	}
	m = sized(t, fixture)
	m.Theme.G.Full = "" // the progress bar needs a character
	m.screen = ""
	m.View()
	if _, cmd := m.Update(countdownTickMsg{}); m.exit == nil || !yields(cmd, tea.QuitMsg{}) {
		t.Error("a panic in View does not quit")
	}
}
