package ui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

const fixtureCommand = "ip route add default via"

// onScreen is the fixture in a size, drawn once.
func onScreen(t *testing.T, width, height int) *Model {
	m := fixture(t, Options{Lang: "en"})
	send(m, tea.WindowSizeMsg{Width: width, Height: height})
	m.View()
	return m
}

// pressed presses keys, and draws what comes of each.
func pressed(m *Model, keys ...string) string {
	for _, key := range keys {
		send(m, keyMsg(key))
		m.View()
	}
	return m.View()
}

func TestTheCommandIsHiddenUntilItIsAskedFor(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 50}} {
		m := onScreen(t, size[0], size[1])
		if view := m.View(); strings.Contains(view, fixtureCommand) || !strings.Contains(view, "Give ns1 a default route via") {
			t.Errorf("%v: the task does not stand in the command's place:\n%s", size, view)
		}
		if view := pressed(m, "2"); strings.Contains(view, fixtureCommand) || !strings.Contains(view, "enter shows how") {
			t.Errorf("%v: an answer shows the command, or nothing says how it is had:\n%s", size, view)
		}
		if view := pressed(m, "enter"); !strings.Contains(view, fixtureCommand) || !strings.Contains(view, "enter runs it in the lab") {
			t.Errorf("%v: enter does not show the command:\n%s", size, view)
		}
	}
}

// Enter reads to the end, then passes the question over, then shows the command.
func TestTheQuestionComesBeforeTheCommand(t *testing.T) {
	m := onScreen(t, 80, 24)
	var seen []string
	for range 4 {
		lines := strings.Split(m.View(), "\n")
		seen = append(seen, strings.TrimSpace(lines[13]))
		pressed(m, "enter")
	}
	want := []string{"↓ enter reads on", "first your guess, 1-3 (enter skips it)",
		"do it with : or s (enter shows how)", "enter runs it in the lab"}
	for i := range want {
		if seen[i] != want[i] {
			t.Errorf("%d times enter: %q, want %q", i, seen[i], want[i])
		}
	}
}

func TestTheLastHintIsTheCommandAndWaitsForTheQuestion(t *testing.T) {
	m := onScreen(t, 80, 24)
	if view := pressed(m, "h", "h", "h", "h"); strings.Contains(view, fixtureCommand) || m.Scene.Hints != 2 {
		t.Errorf("%d hints, the question unanswered:\n%s", m.Scene.Hints, view)
	}
	if view := pressed(m, "1", "h"); m.Scene.Hints != 3 || !strings.Contains(view, "enter runs it in the lab") {
		t.Errorf("the last hint does not give the command:\n%s", view)
	}
}

func TestTheTitleTellsWhatIsLearnedOnlyOnceItIs(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		before, after := fixture(t, Options{Lang: lang}), fixtureAfter(t, Options{Lang: lang})
		prose := fixtureProse[lang]
		for m, title := range map[*Model]string{before: prose.Title, after: prose.Learned} {
			send(m, tea.WindowSizeMsg{Width: 120, Height: 36})
			if view := m.View(); !strings.Contains(view, "X.1  "+title) {
				t.Errorf("no title %q:\n%s", title, view)
			}
		}
	}
}
