package lab_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// zombies counts the processes of this PID namespace that nobody waited for.
func zombies(t *testing.T) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		if _, rest, ok := strings.Cut(string(data), ") "); ok && rest[0] == 'Z' {
			n++
		}
	}
	return n
}

// TestOrphansDoNotStayZombies: each of these loses its parent before it ends.
func TestOrphansDoNotStayZombies(t *testing.T) {
	l := newLab(t)
	sh(t, l, "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.1 & setsid sleep 0.2 &) ; done")
	soon(t, 2*time.Second, "their processes are there", func() bool { return zombies(t) > 0 })
	soon(t, 3*time.Second, "no zombie stays", func() bool { return zombies(t) == 0 })
}

// TestReaperLeavesChildrenToWhoeverWaits: their exit statuses arrive, however
// late somebody asks for them.
func TestReaperLeavesChildrenToWhoeverWaits(t *testing.T) {
	labtest.Slow(t)
	l := newLab(t)
	var late []*exec.Cmd
	for i := range 20 {
		cmd := exec.Command("sh", "-c", "(sleep 0.05 &) ; exit 7")
		if i%2 == 1 { // the first process of a PID namespace, as that of a lab in the lab is
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late = append(late, cmd)
	}
	for range 100 {
		cmd, err := l.Typed(t.Context(), lab.Host, "exit 3")
		if err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
			t.Fatalf("exit 3: %v", err)
		}
	}
	time.Sleep(500 * time.Millisecond)
	for _, cmd := range late {
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
			t.Errorf("exit 7: %v", err)
		}
	}
	soon(t, 3*time.Second, "no zombie stays", func() bool { return zombies(t) == 0 })
}
