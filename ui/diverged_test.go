package ui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/steps"
)

// fixtureBroken is the fixture in a lab that is not as the step expects.
func fixtureBroken(t testing.TB, opts Options) *Model {
	m := fixture(t, opts)
	send(m, session.Checked{Gen: 1, Looked: true, Broken: []steps.Seen{
		{Promised: say.Quote("ns1 ip link: ns1-eth0 not UP"), Seen: say.Quote("2: ns1-eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500")},
		{Promised: say.Quote("ns1 ip route: empty"), Seen: say.Quote("172.20.1.0/24 dev ns1-eth0")},
	}})
	return m
}

// TestWhatIsNotAsPromisedComesFirst: before the text that takes it for granted, with
// what is there instead and what can be done; and nothing is judged by it.
func TestWhatIsNotAsPromisedComesFirst(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 50}} {
		m := fixtureUnkept(t, Options{Lang: "en"})
		send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		view := m.View()
		at := -1
		for _, text := range []string{"✗ ns1 ip neigh: 172.20.1.1", "there is: 172.20.1.1 dev", "w says", "prediction is not", "What it would have shown"} {
			i := strings.Index(view, text)
			if i <= at {
				t.Errorf("%v: %q does not stand where it should:\n%s", size, text, view)
			}
			at = i
		}
		if strings.Contains(view, "predicted right") || m.Memory["X.1"].Done {
			t.Errorf("%v: it counts:\n%s", size, view)
		}
	}
	if m := fixtureAfter(t, Options{Lang: "en"}); !m.Memory["X.1"].Done {
		t.Error("a step whose promise is kept does not count")
	}
}

// TestALabThatIsOtherwiseIsNamed: what was expected and what there is, and only keys
// that work where they are offered.
func TestALabThatIsOtherwiseIsNamed(t *testing.T) {
	m := fixtureBroken(t, Options{Lang: "en"})
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	view := m.View()
	for _, text := range []string{"the lab is not as this step expects", "expected: ns1 ip link: ns1-eth0 not UP", "there is: 2: ns1-eth0@if3: <BROADCAST,MULTICAST,UP", "r rebuilds it, w says why"} {
		if !strings.Contains(view, text) {
			t.Errorf("no %q:\n%s", text, view)
		}
	}
	m.Panes.Console.Begin()
	m.screen = ""
	if view := m.View(); !strings.Contains(view, "esc, then r rebuilds it") {
		t.Errorf("r is a letter here:\n%s", view)
	}
}
