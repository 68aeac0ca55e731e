package progress_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/progress"
)

func TestAChapterIsForgottenAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	p := progress.Load(path)
	everything(p)
	p.MarkDone("1.1", progress.Way{})
	p.SetScore("dead-veth", deft)
	if err := p.Reset("2.0", "2.1", "2.2"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*progress.Progress{p, progress.Load(path)} {
		if _, predicted := p.Prediction("2.1"); p.Done("2.1") || p.Hints("2.2") != 0 || predicted {
			t.Error("the steps are still known")
		}
		if p.Position() != "2.0" {
			t.Errorf("position %q, want the chapter's first step", p.Position())
		}
		if _, ok := p.Exercise("dead-veth"); !p.Done("1.1") || p.Lang() != "zh" || !ok {
			t.Error("more is forgotten than was asked")
		}
	}
	if p.Reset("1.1"); p.Position() != "2.0" {
		t.Errorf("position %q is in another chapter", p.Position())
	}
}

func TestScoresAreForgottenAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	p := progress.Load(path)
	everything(p)
	p.SetScore("dead-veth", deft)
	p.MarkDone("dead-veth", progress.Way{})
	if err := p.ResetExercises("dead-veth"); err != nil {
		t.Fatal(err)
	}
	p = progress.Load(path)
	checkEverything(t, p)
	if e, known := p.Exercise("dead-veth"); known || p.Done("dead-veth") {
		t.Errorf("left: %+v, done: %v", e, p.Done("dead-veth"))
	}
}

func TestAllIsForgottenButTheLanguage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	p := progress.Load(path)
	everything(p)
	p.SetScore("dead-veth", deft)
	if err := p.ResetAll(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if want := "{\n  \"version\": 1,\n  \"lang\": \"zh\",\n  \"steps\": {}\n}\n"; err != nil || string(raw) != want {
		t.Errorf("the file is %s %v, want %s", raw, err, want)
	}
	everything(p)
	checkEverything(t, progress.Load(path))
}

func TestAResetThatIsNotSavedSaysSo(t *testing.T) {
	dir := mount(t, 1<<20)
	path := filepath.Join(dir, "progress.json")
	everything(progress.Load(path))
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	p := progress.Load(path)
	for name, err := range map[string]error{"steps": p.Reset("2.1"), "exercises": p.ResetExercises(), "all": p.ResetAll()} {
		if err == nil || !strings.Contains(err.Error(), "progress is not saved: ") || !strings.Contains(err.Error(), "read-only file system") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	checkEverything(t, progress.Load(path))
}

func TestWhatIsKnownOfStepsIsCounted(t *testing.T) {
	p := progress.Load(filepath.Join(t.TempDir(), "progress.json"))
	everything(p)
	p.Predict("2.2", 1, false)
	var sum progress.Sum
	for _, id := range []string{"2.1", "2.2", "2.3"} {
		sum.Add(p.Known(id))
	}
	if want := (progress.Sum{Steps: 3, Done: 1, Answered: 2, Right: 1, Hints: 3}); sum != want {
		t.Errorf("counted %+v, want %+v", sum, want)
	}
}
