package ui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/session"
	"nstutor/steps/exercise"
	"nstutor/ui/pane"
)

// fixtureSummary is a learner in the second chapter of the course, who has
// tried some exercises.
func fixtureSummary(t testing.TB, opts Options) *Model {
	m := fixture(t, opts)
	send(m, keyMsg("p"))
	m.Panes.Summary.Chapters = chapters.All()[:4]
	m.Panes.Summary.Exercises = nil
	for i, name := range []string{"dead-veth", "one-way-gateway", "wrong-gateway", "lost-reply", "closed-forward", "nat-hides", "small-tunnel", "two-doors"} {
		m.Panes.Summary.Exercises = append(m.Panes.Summary.Exercises, exercise.Exercise{
			Name: name, Level: 1 + i/2, Group: []string{"links", "arp", "routes", "return", "forwarding", "nat", "mtu", "nat"}[i],
		})
	}
	known := map[string]progress.Known{}
	for i, id := range m.Panes.Summary.Chapters.IDs()[:17] {
		known[id] = progress.Known{Done: i < 9, Answered: i < 8, Right: i%3 > 0 && i < 8, Hints: i % 4 / 3}
	}
	deft := progress.Score{Seconds: 90, Commands: 3, Tries: 1, Solved: true, When: fixtureTime}
	clumsy := progress.Score{Seconds: 700, Commands: 31, Tries: 4, Hints: 3, Why: 2, Solved: true, When: fixtureTime}
	send(m, session.Remembered{Known: known, Tried: map[string]progress.Exercise{
		"dead-veth":       {Last: clumsy, Best: &deft},
		"one-way-gateway": {Last: clumsy, Best: &clumsy},
		"wrong-gateway":   {Last: progress.Score{Seconds: 12, When: fixtureTime}},
	}})
	return m
}

// TestGoldenSummary draws without colours, as NO_COLOR has it: what the page
// says, it says by signs and words.
func TestGoldenSummary(t *testing.T) {
	for _, c := range []struct {
		name          string
		opts          Options
		width, height int
		keys          []string
	}{
		{"summary-80x24-en", Options{Lang: "en"}, 80, 24, nil},
		{"summary-80x24-zh", Options{Lang: "zh"}, 80, 24, nil},
		{"summary-80x24-ascii", Options{Lang: "en", ASCII: true}, 80, 24, nil},
		{"summary-end-80x24-en", Options{Lang: "en"}, 80, 24, []string{"end"}},
		{"summary-reset-80x24-en", Options{Lang: "en"}, 80, 24, []string{"down", "down", "r"}},
		{"summary-120x36-en", Options{Lang: "en"}, 120, 36, nil},
		{"summary-120x36-zh", Options{Lang: "zh"}, 120, 36, []string{"up", "r"}},
		{"summary-200x50-en", Options{Lang: "en"}, 200, 50, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := fixtureSummary(t, c.opts)
			send(m, tea.WindowSizeMsg{Width: c.width, Height: c.height})
			m.View()
			for _, key := range c.keys {
				send(m, keyMsg(key))
			}
			got := m.View()
			if problem := wrongSize(got, c.width, c.height); problem != "" {
				t.Error(problem)
			}
			if strings.Contains(got, "\x1b") {
				t.Error("colours where there is no terminal")
			}
			golden(t, c.name, got)
		})
	}
}

func TestTheSummaryShowsTheItemUnderTheCursor(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 50}} {
		m := fixtureSummary(t, Options{Lang: "en"})
		send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		count := len(m.Panes.Summary.Items())
		for _, way := range []string{"down", "up"} {
			for range count + 2 {
				item := m.Panes.Summary.Items()[m.Panes.Summary.Cursor]
				want := "▸   "
				switch item.Kind {
				case pane.ItemExercise:
				default:
					want = "▸ "
				}
				name := map[pane.ItemKind]string{pane.ItemAll: "all chapters", pane.ItemExercises: "exercises", pane.ItemExercise: item.Exercise.Name}[item.Kind]
				if view := m.View(); !strings.Contains(view, want) || !strings.Contains(view, name) {
					t.Errorf("%v: %v is not shown:\n%s", size, item, view)
				}
				send(m, keyMsg(way))
			}
			if end := map[string]int{"down": count - 1, "up": 0}[way]; m.Panes.Summary.Cursor != end {
				t.Errorf("%s leads to %d of %d", way, m.Panes.Summary.Cursor, count)
			}
		}
		if !strings.Contains(m.View(), "0  What Linux does with a packet") {
			t.Errorf("%v: the way back up does not show the first line:\n%s", size, m.View())
		}
	}
}

func TestTheSummaryIsAsLargeAsTheTerminalAndInASCIIWhereAsked(t *testing.T) {
	m := fixtureSummary(t, Options{Lang: "en", ASCII: true})
	for _, size := range sizes {
		send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for _, key := range []string{"home", "end", "r", "n"} {
			send(m, keyMsg(key))
			view := m.View()
			if problem := wrongSize(view, size[0], size[1]); problem != "" {
				t.Errorf("%v %s: %s", size, key, problem)
			}
			if i := strings.IndexFunc(view, func(r rune) bool { return r > 126 }); i >= 0 {
				t.Errorf("%v %s: not ASCII: %q", size, key, view[i:min(len(view), i+20)])
			}
		}
	}
}
