package steps_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/steps"
)

func apply(t testing.TB, l *lab.Lab, actions ...steps.Action) {
	t.Helper()
	for _, a := range actions {
		if err := a.Change(l).Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", steps.Typed(a.Change(l).Command()), err)
		}
	}
}

func state(t testing.TB, l *lab.Lab) steps.State {
	t.Helper()
	s, err := steps.ReadState(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func namespace(t testing.TB, l *lab.Lab, name string) *nsenter.Namespace {
	t.Helper()
	ns, err := l.NS(name)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// backTo waits until the lab is in a state again: the kernel lets links settle
// for a moment.
func backTo(t testing.TB, l *lab.Lab, before steps.State) {
	t.Helper()
	var changes []steps.Change
	for deadline := time.Now().Add(1500 * time.Millisecond); ; {
		if changes = steps.DiffState(before, state(t, l), false); len(changes) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the lab is not what it was: %+v", changes)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// installed says whether all of the commands are there to be typed.
func installed(commands ...string) bool {
	for _, command := range commands {
		if _, err := exec.LookPath(command); err != nil {
			return false
		}
	}
	return true
}

// typed runs a line in a shell on the node.
func typed(t testing.TB, l *lab.Lab, line string) {
	t.Helper()
	cmd, err := l.Command(t.Context(), lab.Host, "sh", "-ec", line)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, strings.TrimSpace(string(out)))
	}
}
