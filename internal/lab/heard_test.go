package lab_test

import (
	"os/signal"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// Under nohup(1) SIGHUP is ignored, and would be by every shell of the lab.
func TestWhatIsIgnoredHereIsNotIgnoredInTheLab(t *testing.T) {
	signals := []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT}
	for _, s := range signals {
		signal.Ignore(s)
		defer signal.Reset(s)
	}
	l := newLab(t)
	cmd, err := l.Command(t.Context(), lab.Host, "grep", "SigIgn", "/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(string(out), "SigIgn:")), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range signals {
		if ignored>>(s-1)&1 != 0 {
			t.Errorf("%v is ignored in the lab (%x)", s, ignored)
		}
	}
}
