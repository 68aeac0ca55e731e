package played_test

import (
	"fmt"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/progress"

	"nstutor/internal/lab/labtest"
)

func TestNothingIsForgottenWithoutAYes(t *testing.T) {
	labtest.Slow(t)
	for _, answer := range []string{"n", "enter", "esc", "q", "r", "down", "L"} {
		p := startPlay(t, "2.6")
		p.progress.MarkDone("2.1", progress.Way{})
		p.press("p", "r")
		p.see("Forget chapter 2: steps, predictions, hints? y/n")
		p.press(answer)
		p.miss("Forget chapter 2")
		p.see("your progress")
		if !p.progress.Done("2.1") {
			t.Errorf("%q forgets", answer)
		}
		p.press("esc")
		p.miss("your progress")
	}
}

// all is how many steps of the course are done.
func all(done int) string { return fmt.Sprintf("%d/%d done", done, len(chapters.All().IDs())) }

func TestTheSummaryCountsWhatWasDoneAndForgetsIt(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("h")
	p.see("hint 1/3")
	right := p.model.Scene.Prose.Predict.Right
	p.press(fmt.Sprint(right + 1))
	p.run()
	p.press("p")
	p.see("your progress", "▸ 2  The node and the pod reach each other", "1/22 done, 1 of 1 prediction right, 1 hint", all(1)+", 1 of")
	p.press("r", "y")
	p.see("0/22 done, no predictions, no hints")
	p.miss(all(1)) // in the header, too
	p.wait(func(string) bool { return !p.progress.Done("2.6") && p.progress.Hints("2.6") == 0 }, "still remembered")
	if _, ok := p.progress.Prediction("2.6"); ok {
		t.Error("the prediction is still remembered")
	}
}

func TestTheSummaryForgetsEverything(t *testing.T) {
	p := startPlay(t, "2.6")
	p.progress.MarkDone("0.1", progress.Way{})
	p.progress.MarkDone("3.1", progress.Way{})
	p.press("p")
	p.see(all(2))
	p.press("up", "up", "up") // from chapter 2 to what stands before the first one
	p.press("r")
	p.see("Forget everything, in all chapters and exercises? y/n")
	p.press("y")
	p.see(all(0) + ", no predictions")
	p.wait(func(string) bool { return !p.progress.Done("0.1") && !p.progress.Done("3.1") }, "still remembered")
}
