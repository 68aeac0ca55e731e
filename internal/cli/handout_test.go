package cli

import (
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/say"
	"nstutor/steps"
)

// TestAHandoutHasEverythingButTheAnswers: those are in the teacher's copy.
func TestAHandoutHasEverythingButTheAnswers(t *testing.T) {
	course := chapters.All()
	ids, err := choose(course, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range say.Langs {
		var class, teacher strings.Builder
		if err := writeHandout(&class, course, ids, lang, false); err != nil {
			t.Fatal(err)
		}
		if err := writeHandout(&teacher, course, ids, lang, true); err != nil {
			t.Fatal(err)
		}
		for step := range course.Steps() {
			prose, err := chapters.Text(lang, step.ID)
			if err != nil {
				t.Fatal(err)
			}
			command := "```sh\n" + steps.Typed(step.Action.Change(nil).Command()) + "\n```"
			right := "- [x] " + prose.Predict.Choices[prose.Predict.Right]
			for _, text := range []string{"## " + step.ID + "  " + prose.Title + "\n", prose.Look, prose.Task, prose.Predict.Question, "- [ ] " + prose.Predict.Choices[0]} {
				if !strings.Contains(class.String(), text) {
					t.Errorf("%s %s: the handout lacks %q", lang, step.ID, text)
				}
			}
			for _, text := range []string{command, right, prose.After} {
				if strings.Contains(class.String(), text) {
					t.Errorf("%s %s: the handout has %q", lang, step.ID, text)
				}
				if !strings.Contains(teacher.String(), text) {
					t.Errorf("%s %s: the teacher's copy lacks %q", lang, step.ID, text)
				}
			}
		}
		if n := strings.Count(class.String(), "\n## "); n != len(ids) {
			t.Errorf("%s: %d steps, there are %d", lang, n, len(ids))
		}
		if strings.Count(class.String(), strings.Repeat(`\_`, 60)) != (1+blankLines)*len(ids) {
			t.Errorf("%s: there is not room for every answer", lang)
		}
	}
}

// TestAHandoutOfOneStepHasNoIntroduction: nor other steps.
func TestAHandoutOfOneStepHasNoIntroduction(t *testing.T) {
	var out strings.Builder
	if err := writeHandout(&out, chapters.All(), []string{"2.4"}, "en", false); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "# 2  The node and the pod reach each other\n\n## 2.4  An address for the pod\n") || strings.Contains(out.String(), "2.5") {
		t.Errorf("%s", out.String())
	}
}
