package ui

import (
	"fmt"
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/ui/screen"

	tea "github.com/charmbracelet/bubbletea"
)

// sizes are terminals from much too small to very large.
var sizes = [][2]int{
	{1, 1}, {40, 10}, {79, 24}, {80, 23}, {80, 24}, {80, 40}, {100, 30}, {119, 36}, {120, 24}, {120, 36}, {133, 41}, {200, 50}, {300, 80}, {400, 120},
}

func TestLayoutCoversTheScreenWithoutOverlap(t *testing.T) {
	for _, size := range sizes {
		for focus := range areaCount {
			w, h := size[0], size[1]
			p := layout(w, h, focus, areaLive)
			if p.tooSmall != (w < minWidth || h < minHeight) {
				t.Errorf("%dx%d: tooSmall is %v", w, h, p.tooSmall)
			}
			if p.tooSmall {
				continue
			}
			bars := 0
			if p.wide {
				bars = h - 2 // the line between the columns
			}
			room := p.header.w*p.header.h + p.footer.w*p.footer.h + bars
			cells := map[[2]int]area{}
			for which, r := range p.panes {
				room += r.w * r.h
				for y := r.y; y < r.y+r.h; y++ {
					for _, x := range []int{r.x, r.x + r.w - 1} {
						if other, taken := cells[[2]int{x, y}]; taken && other != area(which) {
							t.Fatalf("%dx%d focus %d: panes %d and %d overlap at %d,%d", w, h, focus, other, which, x, y)
						}
						cells[[2]int{x, y}] = area(which)
					}
				}
			}
			if room != w*h {
				t.Errorf("%dx%d focus %d: %d of %d cells are given away", w, h, focus, room, w*h)
			}
			if !p.panes[focus].shown() || !p.panes[areaLesson].shown() {
				t.Errorf("%dx%d focus %d: the lesson or the pane with the focus is not shown", w, h, focus)
			}
		}
	}
}

func TestFocusGivesMoreLinesInStackedMode(t *testing.T) {
	lesson, live := layout(80, 24, areaLesson, areaLive), layout(80, 24, areaLive, areaLive)
	if lesson.panes[areaLesson].h <= live.panes[areaLesson].h || live.panes[areaLive].h <= lesson.panes[areaLive].h {
		t.Errorf("lesson %d/%d lines, live %d/%d", lesson.panes[areaLesson].h, live.panes[areaLesson].h, lesson.panes[areaLive].h, live.panes[areaLive].h)
	}
}

func TestViewIsEmptyBeforeTheSizeIsKnown(t *testing.T) {
	if got := fixture(t, Options{Lang: "en"}).View(); got != "" {
		t.Errorf("drew %q", got)
	}
}

// TestEveryViewIsExactlyAsLargeAsTheTerminal draws every state in every size,
// growing and shrinking, since a pane keeps how far it was scrolled.
func TestEveryViewIsExactlyAsLargeAsTheTerminal(t *testing.T) {
	labtest.Slow(t)
	states := map[string]func(testing.TB, Options) *Model{
		"look":   fixture,
		"after":  fixtureAfter,
		"why":    fixtureWhy,
		"judged": fixtureJudged,
		"typing": fixtureTyping,
		"start":  func(testing.TB, Options) *Model { return New(fixtureCourse, Options{Lang: "zh"}) },
		"help":   func(t testing.TB, o Options) *Model { m := fixture(t, o); send(m, keyMsg("?")); return m },
		"outline": func(t testing.TB, o Options) *Model {
			m := fixture(t, o)
			send(m, keyMsg("g"))
			return m
		},
		"trouble": func(t testing.TB, o Options) *Model {
			m := fixtureAfter(t, o)
			m.Scene.Err = fmt.Errorf("ns1: %s", strings.Repeat("a very long error 很长的错误 ", 20))
			m.Scene.Phase = session.PhaseLook
			m.Warning = say.Quote(strings.Repeat("警告 ", 80))
			m.Scene.Hints = 3
			return m
		},
	}
	there := append([][2]int{}, sizes...)
	for i := range sizes {
		there = append(there, sizes[len(sizes)-1-i])
	}
	for name, state := range states {
		for _, opts := range []Options{{Lang: "en"}, {Lang: "zh"}, {Lang: "zh", ASCII: true}} {
			m := state(t, opts)
			for focus := range areaCount {
				m.focus = focus
				for _, size := range there {
					send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					if problem := wrongSize(m.View(), size[0], size[1]); problem != "" {
						t.Fatalf("%s %+v focus %d at %dx%d: %s\n%s", name, opts, focus, size[0], size[1], problem, m.View())
					}
				}
			}
		}
	}
}

func wrongSize(view string, w, h int) string {
	lines := strings.Split(view, "\n")
	if len(lines) != h {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for i, line := range lines {
		if got := screen.Width(line); got != w {
			return fmt.Sprintf("line %d is %d cells wide: %q", i, got, line)
		}
	}
	return ""
}

func TestASCIIModeDrawsNothingElse(t *testing.T) {
	for name, state := range map[string]func(testing.TB, Options) *Model{"look": fixture, "after": fixtureAfter, "why": fixtureWhy, "judged": fixtureJudged, "typing": fixtureTyping} {
		m := state(t, Options{Lang: "en", ASCII: true})
		for _, size := range sizes {
			for focus := range areaCount {
				m.focus = focus
				send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				for _, r := range m.View() {
					if r > 126 {
						t.Fatalf("%s at %v, focus %d: %q in\n%s", name, size, focus, r, m.View())
					}
				}
			}
		}
	}
}
