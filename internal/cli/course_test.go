package cli

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"
)

// TestASignalEndsTheCourse: the exit status is the signal's, as a shell has it.
func TestASignalEndsTheCourse(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		x := openTerminal(t, 80, 24)
		x.await(t, 0, "quit")
		mark := x.printed()
		if err := x.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		x.await(t, mark, "\x1b[?1049l")
		if got, want := exitStatus(t, x.cmd), 128+int(s); got != want {
			t.Errorf("%v: exit status %d, want %d", s, got, want)
		}
	}
}

// TestTheCourseIsPlayedByKeys walks the first two steps as a learner would.
func TestTheCourseIsPlayedByKeys(t *testing.T) {
	labtest.Slow(t)
	x := openTerminal(t, 120, 36)
	x.await(t, 0, "quit")
	for _, want := range []string{"of 3 as promised", "default via 192.168.6.1", "of 4 as promised"} {
		x.enterUntil(t, want)
	}
	x.tty.WriteString("q")
	if got := exitStatus(t, x.cmd); got != 0 {
		t.Errorf("exit status %d after q, want 0", got)
	}
}

// enterUntil presses enter, which first reads on to the end of a long text,
// until a text is shown.
func (x *terminal) enterUntil(t *testing.T, want string) {
	t.Helper()
	mark := x.printed()
	for range 12 {
		x.tty.WriteString("\r")
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if strings.Contains(x.since(mark), want) {
				return
			}
		}
	}
	t.Fatalf("%q is not shown", want)
}

func exitStatus(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	select {
	case <-done:
		return cmd.ProcessState.ExitCode()
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
		return 0
	}
}
