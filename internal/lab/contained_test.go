package lab_test

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func inContainer(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", append([]string{"contained"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	return cmd
}

// TestLabLivesWithAContainersProc is about a container that hides parts of
// /proc: the kernel then refuses a fresh one, and PIDs are the container's.
func TestLabLivesWithAContainersProc(t *testing.T) {
	before := look(t)
	r := startCommand(t, inContainer("hidden", "user"))
	if _, err := io.WriteString(r.stdin, "quit\n"); err != nil {
		t.Fatal(err)
	}
	if got := r.status(); got != cleanExit {
		t.Errorf("exit status %d", got)
	}
	unharmed(t, before)
}

func TestReadOnlySettingsAreARefusalThatSaysSo(t *testing.T) {
	out, err := inContainer("read-only", "user").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "systempaths=unconfined") {
		t.Errorf("%v: %s", err, out)
	}
}
