package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nstutor/chapters/exercises"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/progress"
)

func TestNearNames(t *testing.T) {
	names := []string{"dead-veth", "closed-door", "after-the-reboot", "be-the-cni", "wrong-door"}
	for typed, want := range map[string]string{
		"dead-vet":     "dead-veth",
		"DEAD-VETH":    "dead-veth",
		"veth":         "dead-veth",
		"door":         "closed-door wrong-door",
		"closed door":  "closed-door wrong-door",
		"after-reboot": "after-the-reboot",
		"cni":          "be-the-cni",
		"":             "",
		"xylophone":    "",
	} {
		if got := strings.Join(nearNames(typed, names), " "); got != want {
			t.Errorf("near %q are %q, want %q", typed, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"veth", "vet", 1}, {"abc", "abc", 0}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestTheFirstUnsolvedExerciseIsChosen(t *testing.T) {
	memory := progress.Load(filepath.Join(t.TempDir(), "progress.json"))
	all := exercises.All()
	memory.SetScore(all[0].Name, progress.Score{Tries: 1})
	if got := firstUnsolved(memory); got != all[0].Name {
		t.Errorf("it is %q, want %q, which was only tried", got, all[0].Name)
	}
	memory.SetScore(all[0].Name, progress.Score{Tries: 2, Solved: true})
	if got := firstUnsolved(memory); got != all[1].Name {
		t.Errorf("it is %q, want %q", got, all[1].Name)
	}
	for _, e := range all {
		memory.SetScore(e.Name, progress.Score{Solved: true})
	}
	if got := firstUnsolved(memory); got != "" {
		t.Errorf("it is %q although all are solved", got)
	}
}

// TestExerciseInATerminal opens the list, an exercise out of it, and quits: as a
// learner does.
func TestExerciseInATerminal(t *testing.T) {
	labtest.Slow(t)
	x := openTerminal(t, 80, 24, "exercise", "--seed", "7")
	x.await(t, 0, "ype to filter")
	x.tty.WriteString("closed-door")
	x.await(t, 0, "/ closed-door")
	x.tty.WriteString("\r")
	x.await(t, 0, "seed 7")
	x.await(t, 0, "enter checks")
	before := x.printed()
	x.tty.WriteString("\r")
	x.await(t, before, "checking")
	x.await(t, before, "what must work")
	x.tty.WriteString("q")
	if code := exitStatus(t, x.cmd); code != 0 {
		t.Errorf("the exit status is %d", code)
	}
	memory := progress.Load(stateOf(x))
	if !slices.ContainsFunc(exerciseNames(), func(name string) bool {
		known, ok := memory.Exercise(name)
		return ok && known.Last.Tries == 1 && known.Last.Seed == 7 && known.Best == nil
	}) {
		t.Error("the try is not remembered")
	}
}

// stateOf is the progress file of a program in a terminal.
func stateOf(x *terminal) string {
	for _, v := range slices.Backward(x.cmd.Env) { // the last one counts
		if home, ok := strings.CutPrefix(v, "XDG_STATE_HOME="); ok {
			return filepath.Join(home, "nstutor", "progress.json")
		}
	}
	return ""
}
