package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"
)

// TestAnExerciseOfOnesOwnInATerminal opens the example of the documentation, checks
// it, and leaves nothing in the learner's progress.
func TestAnExerciseOfOnesOwnInATerminal(t *testing.T) {
	labtest.Slow(t)
	x := openTerminal(t, 80, 24, "exercise", "../../docs/exercise")
	x.await(t, 0, "Out, and not back")
	x.await(t, 0, "enter checks")
	before := x.printed()
	x.tty.WriteString("\r")
	x.await(t, before, "what must work")
	x.tty.WriteString("q")
	if code := exitStatus(t, x.cmd); code != 0 {
		t.Errorf("the exit status is %d", code)
	}
	if known, err := os.ReadFile(stateOf(x)); err != nil && !errors.Is(err, fs.ErrNotExist) || strings.Contains(string(known), `"exercises"`) {
		t.Errorf("it is remembered: %s, %v", known, err)
	}
}

// TestACapturedNetworkInATerminal does so with a file.
func TestACapturedNetworkInATerminal(t *testing.T) {
	labtest.Slow(t)
	file := t.TempDir() + "/broken.txt"
	script, err := os.ReadFile("testdata/script/capture.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, pair, _ := strings.Cut(string(script), "-- pair.txt --\n")
	if err := os.WriteFile(file, []byte(pair), 0o600); err != nil {
		t.Fatal(err)
	}
	x := openTerminal(t, 80, 24, "exercise", "--from", file)
	x.await(t, 0, "Building the network")
	x.await(t, 0, "Somebody captured this network")
	x.await(t, 0, "enter checks")
	x.tty.WriteString("q")
	if code := exitStatus(t, x.cmd); code != 0 {
		t.Errorf("the exit status is %d", code)
	}
}
