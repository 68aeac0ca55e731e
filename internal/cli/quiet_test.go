package cli

import (
	"strings"
	"testing"
)

// TestATerminalIsAskedNothing: one that does not answer would be waited for. What
// is asked shows in what is printed, which here is for people alone.
func TestATerminalIsAskedNothing(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"run", "--list"}, {"progress"}} {
		x := openTerminal(t, 80, 24, args...)
		if err := x.cmd.Wait(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		x.await(t, 0, "\n")
		for _, query := range []string{"\x1b]10;?", "\x1b]11;?", "\x1b[6n", "\x1b[c"} {
			if strings.Contains(x.since(0), query) {
				t.Errorf("%v asks the terminal: %q", args, x.since(0))
			}
		}
	}
}

// TestCtrlBackslashEndsWithoutATrace: it is for the program, not for who wrote it.
func TestCtrlBackslashEndsWithoutATrace(t *testing.T) {
	x := openTerminal(t, 80, 24, "run", "0")
	x.await(t, 0, "0.1")
	if _, err := x.tty.WriteString("\x1c"); err != nil {
		t.Fatal(err)
	}
	x.cmd.Wait()
	if text := x.since(0); strings.Contains(text, "goroutine") || strings.Contains(text, "SIGQUIT: quit") {
		t.Errorf("it prints a trace: %s", text)
	}
}
