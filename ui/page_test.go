package ui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
)

// TestTheWelcomeIsReadToItsEndAtEverySize: enter shows every line of it and then
// the course.
func TestTheWelcomeIsReadToItsEndAtEverySize(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		title, text, err := chapters.Welcome(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 50}} {
			m := fixture(t, Options{Lang: lang, Welcome: true})
			send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			view := m.View()
			if !strings.Contains(view, title) {
				t.Errorf("%s %v: no welcome:\n%s", lang, size, view)
			}
			read := view
			for range 10 {
				if m.overlay == overlayNone {
					break
				}
				read += pressed(m, "enter")
			}
			if m.overlay != overlayNone || m.Scene.Passed || m.Scene.Shown {
				t.Errorf("%s %v: enter does not end at the step as it was", lang, size)
			}
			for _, line := range m.Prose(text, min(size[0]-2, 100)) {
				if !strings.Contains(read, line) {
					t.Errorf("%s %v: %q was never shown", lang, size, line)
				}
			}
			if view := pressed(m, "i"); !strings.Contains(view, title) {
				t.Errorf("%s %v: i does not bring it back:\n%s", lang, size, view)
			}
		}
	}
}

func TestEveryWordIsFoundUnderTheQuestionMark(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		all, err := chapters.Glossary(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range all {
			m := fixture(t, Options{Lang: lang})
			send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
			pressed(m, "?", "/")
			for _, r := range word.Term {
				send(m, keyMsg(string(r)))
			}
			view := pressed(m)
			first := m.Prose(word.Meaning, 76)[0]
			if !strings.Contains(view, first) {
				t.Errorf("%s: %s leads to\n%s", lang, word.Term, view)
			}
			if pressed(m, "esc", "esc"); m.overlay != overlayNone {
				t.Errorf("%s: esc does not lead back", lang)
			}
		}
	}
}

func TestQClosesWhatLiesOverThePanes(t *testing.T) {
	for _, key := range []string{"?", "g", "p", "i", "w"} {
		m := sized(t, fixture)
		pressed(m, key)
		if _, cmd := m.Update(keyMsg("q")); cmd != nil && yields(cmd, tea.QuitMsg{}) {
			t.Errorf("q after %s quits", key)
		}
		if m.overlay != overlayNone || m.Why.Open {
			t.Errorf("q after %s closes nothing", key)
		}
		if _, cmd := m.Update(keyMsg("q")); cmd == nil || !yields(cmd, tea.QuitMsg{}) {
			t.Errorf("q once more does not quit")
		}
	}
}

func TestASlashBeginsTheFilterOfTheList(t *testing.T) {
	m := sized(t, fixture)
	if view := pressed(m, "g", "/"); !strings.Contains(view, "X.1") || strings.Contains(view, "nothing matches") {
		t.Errorf("a slash is looked for:\n%s", view)
	}
	if pressed(m, "q"); m.overlay != overlayOutline {
		t.Error("q is no letter of a filter")
	}
}

// TestWhatWasReadCanBeReadAgain: from the end of a step its beginning, and from
// the beginning of one that was done what it taught.
func TestWhatWasReadCanBeReadAgain(t *testing.T) {
	m := sized(t, fixtureAfter)
	if view := pressed(m, "e"); !strings.Contains(view, "Ping fails before it sends anything") {
		t.Errorf("the beginning is not to be read:\n%s", view)
	}
	m = sized(t, fixture)
	if view := pressed(m, "e"); m.overlay != overlayNone {
		t.Errorf("there is nothing to read again yet:\n%s", view)
	}
	d := sized(t, fixtureSolved)
	if view := pressed(d, "e"); !strings.Contains(view, "Since the restart") {
		t.Errorf("the symptom is not to be read:\n%s", view)
	}
	if drillOf(d).Result().Why > 0 {
		t.Error("reading the symptom counts")
	}
}

// TestEnterReadsEverythingAfterTheStep: with the question answered, at every size.
func TestEnterReadsEverythingAfterTheStep(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 50}} {
		for _, state := range []func(testing.TB, Options) *Model{fixtureAfter, fixtureSolved} {
			m := state(t, Options{Lang: "en"})
			send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m.View()
			text := &m.Panes.Lesson.Scroll
			for range 20 {
				if text.AtEnd() {
					break
				}
				if view := m.View(); !strings.Contains(view, "enter reads on") || !strings.Contains(view, m.Theme.G.More) {
					t.Errorf("%v: nothing says that there is more:\n%s", size, view)
				}
				top := text.Top
				if pressed(m, "enter"); text.Top <= top || text.Top > top+text.Height {
					t.Errorf("%v: enter leads from line %d to %d of %d, %d at once", size, top, text.Top, text.Lines, text.Height)
				}
			}
			if !text.AtEnd() {
				t.Errorf("%v: the end is not reached", size)
			}
		}
	}
}
