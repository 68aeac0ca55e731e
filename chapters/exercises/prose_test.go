package exercises_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"nstutor/chapters/exercises"
	"nstutor/steps/exercise"
)

var langs = []string{"en", "zh"}

// hintsPerFault is as many as the screen announces (session.HintsPerFault).
const hintsPerFault = 3

// TestEveryExerciseIsWrittenInEveryLanguage fills in the words of several
// variations, so that both sides of an {{if}} are tried.
func TestEveryExerciseIsWrittenInEveryLanguage(t *testing.T) {
	for _, e := range exercises.All() {
		for seed := range uint64(8) {
			vars := e.Make(exercise.NewSeed(seed, e.Name)).Vars
			var hints []int
			for _, lang := range langs {
				p, err := exercises.Text(lang, e, vars)
				if err != nil {
					t.Error(err)
					continue
				}
				hints = append(hints, len(p.Hints))
				if n := len(p.Hints); n != 0 && n != hintsPerFault {
					t.Errorf("%s/%s: %d hints, and the screen counts them of %d", lang, e.Name, n, hintsPerFault)
				}
				if w := ansi.StringWidth(p.Title); w > 40 {
					t.Errorf("%s/%s: the title is %d cells wide, want at most 40", lang, e.Name, w)
				}
				if whole := p.Title + p.Symptom + p.Solved; strings.Contains(whole, "<no value>") || strings.Contains(whole, "``") {
					t.Errorf("%s/%s: a word is missing: %s", lang, e.Name, whole)
				}
			}
			if len(hints) == 2 && hints[0] != hints[1] {
				t.Errorf("%s: the languages have %v hints", e.Name, hints)
			}
		}
	}
}

// TestNoTextIsLeftOver fails when a file belongs to no exercise.
func TestNoTextIsLeftOver(t *testing.T) {
	for _, lang := range langs {
		files, err := os.ReadDir(filepath.Join("text", lang))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if _, ok := exercises.Find(strings.TrimSuffix(file.Name(), ".md")); !ok {
				t.Errorf("text/%s/%s belongs to no exercise", lang, file.Name())
			}
		}
	}
}

// TestEveryExerciseIsWhole looks at what can be seen without playing.
func TestEveryExerciseIsWhole(t *testing.T) {
	groups := []string{"links", "arp", "routes", "return", "forwarding", "nat", "services", "mtu", "challenge"}
	names := map[string]bool{}
	for _, e := range exercises.All() {
		if names[e.Name] {
			t.Errorf("two exercises are called %s", e.Name)
		}
		names[e.Name] = true
		if e.Level < 1 || e.Level > exercise.Levels || !slices.Contains(groups, e.Group) {
			t.Errorf("%s: level %d, group %q", e.Name, e.Level, e.Group)
		}
		if len(e.Source) == 0 {
			t.Errorf("%s: no report that it comes from", e.Name)
		}
		for _, link := range e.Source {
			if !strings.HasPrefix(link, "https://") {
				t.Errorf("%s: %q is no link", e.Name, link)
			}
		}
		c := e.Make(exercise.NewSeed(1, e.Name))
		faults := 1
		if c.First > 0 {
			faults = 2
		}
		switch {
		case len(c.Goals) == 0 || len(c.Guards) == 0 || len(c.Fix) == 0 || len(c.Wrong) == 0:
			t.Errorf("%s: goals, guards, a fix and a wrong idea are needed", e.Name)
		case e.Level != exercise.Challenge && (len(c.Causes) != faults || len(c.At) != faults):
			t.Errorf("%s: %d faults, but the causes %v at %v", e.Name, faults, c.Causes, c.At)
		case c.First >= len(c.Fix):
			t.Errorf("%s: nothing is left of the fix for the second fault", e.Name)
		case e.Level == 4 && faults != 2:
			t.Errorf("%s: level 4 has two faults", e.Name)
		}
	}
}
