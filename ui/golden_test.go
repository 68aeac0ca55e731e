package ui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden screens in testdata anew")

// The golden screens are the fixture in each layout. Review them like code.
func TestGoldenScreens(t *testing.T) {
	for _, c := range []struct {
		name          string
		state         func(testing.TB, Options) *Model
		opts          Options
		width, height int
		keys          []string
	}{
		{"look-80x24-en", fixture, Options{Lang: "en"}, 80, 24, nil},
		{"look-120x36-en", fixture, Options{Lang: "en"}, 120, 36, nil},
		{"look-200x50-en", fixture, Options{Lang: "en"}, 200, 50, nil},
		{"look-80x24-zh", fixture, Options{Lang: "zh"}, 80, 24, nil},
		{"look-120x36-zh", fixture, Options{Lang: "zh"}, 120, 36, nil},
		{"guessed-80x24-en", fixture, Options{Lang: "en"}, 80, 24, []string{"2"}},
		{"guessed-80x24-zh", fixture, Options{Lang: "zh"}, 80, 24, []string{"2"}},
		{"shown-80x24-en", fixture, Options{Lang: "en"}, 80, 24, []string{"2", "enter"}},
		{"shown-120x36-en", fixture, Options{Lang: "en"}, 120, 36, []string{"2", "enter"}},
		{"shown-120x36-zh", fixture, Options{Lang: "zh"}, 120, 36, []string{"2", "enter"}},
		{"after-80x24-en", fixtureAfter, Options{Lang: "en"}, 80, 24, nil},
		{"after-120x36-en", fixtureAfter, Options{Lang: "en"}, 120, 36, nil},
		{"after-80x24-ascii", fixtureAfter, Options{Lang: "en", ASCII: true}, 80, 24, nil},
		{"after-120x36-ascii", fixtureAfter, Options{Lang: "en", ASCII: true}, 120, 36, nil},
		{"wire-80x24-en", fixtureAfter, Options{Lang: "en"}, 80, 24, []string{"tab", "tab"}},
		{"traffic-80x24-en", fixtureBusy, Options{Lang: "en"}, 80, 24, []string{"tab", "tab"}},
		{"traffic-80x24-zh", fixtureStream, Options{Lang: "zh"}, 80, 24, []string{"tab", "tab"}},
		{"traffic-80x24-ascii", fixtureBusy, Options{Lang: "en", ASCII: true}, 80, 24, []string{"tab", "tab", "tab"}},
		{"traffic-200x50-en", fixtureBusy, Options{Lang: "en"}, 200, 50, nil},
		{"topology-80x24-en", fixtureAfter, Options{Lang: "en"}, 80, 24, []string{"shift+tab"}},
		{"help-80x24-en", fixture, Options{Lang: "en"}, 80, 24, []string{"?"}},
		{"words-80x24-zh", fixture, Options{Lang: "zh"}, 80, 24, []string{"?", "/", "a", "r", "p"}},
		{"welcome-80x24-en", fixture, Options{Lang: "en", Welcome: true}, 80, 24, nil},
		{"welcome-80x24-zh", fixture, Options{Lang: "zh", Welcome: true}, 80, 24, []string{"enter"}},
		{"welcome-80x24-ascii", fixture, Options{Lang: "en", ASCII: true, Welcome: true}, 80, 24, nil},
		{"welcome-120x36-en", fixture, Options{Lang: "en", Welcome: true}, 120, 36, nil},
		{"unkept-80x24-en", fixtureUnkept, Options{Lang: "en"}, 80, 24, nil},
		{"unkept-120x36-zh", fixtureUnkept, Options{Lang: "zh"}, 120, 36, nil},
		{"broken-80x24-en", fixtureBroken, Options{Lang: "en"}, 80, 24, nil},
		{"broken-120x36-zh", fixtureBroken, Options{Lang: "zh"}, 120, 36, nil},
		{"again-80x24-en", fixtureAfter, Options{Lang: "en"}, 80, 24, []string{"e"}},
		{"outline-80x24-zh", fixture, Options{Lang: "zh"}, 80, 24, []string{"g"}},
		{"why-80x24-en", fixtureWhy, Options{Lang: "en"}, 80, 24, nil},
		{"why-80x24-zh", fixtureWhy, Options{Lang: "zh"}, 80, 24, nil},
		{"why-80x24-ascii", fixtureWhy, Options{Lang: "en", ASCII: true}, 80, 24, nil},
		{"why-end-80x24-en", fixtureWhy, Options{Lang: "en"}, 80, 24, []string{"end"}},
		{"why-120x36-en", fixtureWhy, Options{Lang: "en"}, 120, 36, nil},
		{"why-120x36-zh", fixtureWhy, Options{Lang: "zh"}, 120, 36, nil},
		{"why-200x50-en", fixtureWhy, Options{Lang: "en"}, 200, 50, nil},
		{"why-40x10-en", fixtureWhy, Options{Lang: "en"}, 40, 10, nil},
		{"typing-80x24-en", fixtureTyping, Options{Lang: "en"}, 80, 24, nil},
		{"typing-80x24-zh", fixtureTyping, Options{Lang: "zh"}, 80, 24, nil},
		{"typing-80x24-ascii", fixtureTyping, Options{Lang: "en", ASCII: true}, 80, 24, nil},
		{"typing-120x36-en", fixtureTyping, Options{Lang: "en"}, 120, 36, nil},
		{"typing-120x36-zh", fixtureTyping, Options{Lang: "zh"}, 120, 36, nil},
		{"typing-120x36-ascii", fixtureTyping, Options{Lang: "en", ASCII: true}, 120, 36, nil},
		{"typing-200x50-en", fixtureTyping, Options{Lang: "en"}, 200, 50, nil},
		{"typing-empty-80x24-en", fixtureHands, Options{Lang: "en"}, 80, 24, []string{":"}},
		{"typing-offers-80x24-en", fixtureHands, Options{Lang: "en"}, 80, 24, []string{":", "ip r", "tab", " a", "tab", "tab"}},
		{"typing-why-80x24-en", fixtureTypingWhy, Options{Lang: "en"}, 80, 24, nil},
		{"hands-80x24-en", fixtureHands, Options{Lang: "en"}, 80, 24, nil},
		{"hands-80x24-zh", fixtureHands, Options{Lang: "zh"}, 80, 24, nil},
		{"hands-help-80x24-zh", fixtureHands, Options{Lang: "zh"}, 80, 24, []string{"?"}},
		{"small-40x10-en", fixture, Options{Lang: "en"}, 40, 10, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.state(t, c.opts)
			send(m, tea.WindowSizeMsg{Width: c.width, Height: c.height})
			m.View() // a pane learns its extent when it is drawn
			for _, key := range c.keys {
				send(m, keyMsg(key))
			}
			got := m.View()
			if problem := wrongSize(got, c.width, c.height); problem != "" {
				t.Error(problem)
			}
			golden(t, c.name, got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("%s (-want +got; run with -update to accept):\n%s", file, fmt.Sprint(diff))
	}
}
