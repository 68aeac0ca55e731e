package chapters_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"nstutor/chapters"
	"nstutor/internal/say"
)

// TestEveryStepIsWrittenInEveryLanguage fails when a step or a chapter lacks a
// text, a section, or a hint, or when the languages disagree on the answer.
func TestEveryStepIsWrittenInEveryLanguage(t *testing.T) {
	for _, chapter := range chapters.Whole() {
		for _, lang := range say.Langs {
			title, intro, err := chapters.ChapterText(lang, chapter.ID)
			if err != nil || title == "" || intro == "" {
				t.Errorf("chapter %s in %s: title %q, introduction %q, %v", chapter.ID, lang, title, intro, err)
			}
		}
		for _, step := range chapter.Steps {
			var right []int
			var commands []string
			for _, lang := range say.Langs {
				p, err := chapters.Text(lang, step.ID)
				if err != nil {
					t.Error(err)
					continue
				}
				right = append(right, p.Predict.Right, len(p.Predict.Choices))
				commands = append(commands, p.Hints[len(p.Hints)-1])
				checkProse(t, lang+"/"+step.ID, p)
			}
			if len(right) == 4 && !slices.Equal(right[:2], right[2:]) {
				t.Errorf("step %s: the languages disagree on the right answer: %v", step.ID, right)
			}
			for _, hint := range commands {
				if !strings.Contains(hint, "`") {
					t.Errorf("step %s: the last hint %q has no command", step.ID, hint)
				}
			}
		}
	}
}

// checkProse holds a text to what fits an 80-column terminal.
func checkProse(t *testing.T, name string, p chapters.Prose) {
	t.Helper()
	if len(p.Hints) < 2 || len(p.Hints) > 3 {
		t.Errorf("%s: %d hints, want two or three", name, len(p.Hints))
	}
	if w := ansi.StringWidth(p.Title); w > 40 {
		t.Errorf("%s: the title is %d cells wide, want at most 40", name, w)
	}
	for _, choice := range p.Predict.Choices {
		if w := ansi.StringWidth(choice); w > 72 {
			t.Errorf("%s: the choice %q is %d cells wide, want at most 72", name, choice, w)
		}
	}
}

// TestNoTextIsLeftOver fails when a file belongs to no step.
func TestNoTextIsLeftOver(t *testing.T) {
	known := map[string]bool{"welcome.md": true, "glossary.md": true}
	for _, chapter := range chapters.Whole() {
		known["ch"+chapter.ID+".md"] = true
		for _, step := range chapter.Steps {
			known[step.ID+".md"] = true
		}
	}
	for _, lang := range say.Langs {
		files, err := os.ReadDir(filepath.Join("text", lang))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !known[file.Name()] {
				t.Errorf("text/%s/%s belongs to no step", lang, file.Name())
			}
		}
	}
}

// TestRightAnswersAreSpread guards against a course in which the first choice
// is always right.
func TestRightAnswersAreSpread(t *testing.T) {
	at := map[int]int{}
	all := chapters.All().IDs()
	for _, id := range all {
		p, err := chapters.Text("en", id)
		if err != nil {
			t.Fatal(err)
		}
		at[p.Predict.Right]++
	}
	for position, n := range at {
		if n > len(all)*6/10 {
			t.Errorf("%d of %d right answers are choice %d", n, len(all), position+1)
		}
	}
}

// TestNoTextBeforeTheStepGivesItsCommandAway: the title, the task and the hints but
// the last are read before the command is asked for.
func TestNoTextBeforeTheStepGivesItsCommandAway(t *testing.T) {
	for step := range chapters.All().Steps() {
		for _, lang := range say.Langs {
			p, err := chapters.Text(lang, step.ID)
			if err != nil {
				t.Fatal(err)
			}
			last := len(p.Hints) - 1
			command := strings.Trim(strings.SplitN(p.Hints[last], "`", 3)[1], "`")
			for _, text := range append([]string{p.Title, p.Task}, p.Hints[:last]...) {
				if strings.Contains(text, command) {
					t.Errorf("%s/%s: %q gives %q away", lang, step.ID, text, command)
				}
			}
			if w := ansi.StringWidth(p.Learned); w > 40 || p.Learned == p.Title {
				t.Errorf("%s/%s: what is learned is %q, %d cells wide", lang, step.ID, p.Learned, w)
			}
			if w := ansi.StringWidth(p.Task); w > 2*70 {
				t.Errorf("%s/%s: the task is %d cells wide", lang, step.ID, w)
			}
		}
	}
}
