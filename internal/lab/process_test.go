package lab_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// inodeOf is the network namespace of a process as /proc shows it.
func inodeOf(t *testing.T, pid int) string {
	t.Helper()
	link, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// comms lists the names of all processes that are not zombies.
func comms(t testing.TB) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(data), "(")
		name, state, _ := strings.Cut(rest, ") ")
		if !strings.HasPrefix(state, "Z") {
			names = append(names, name)
		}
	}
	return names
}

func TestCommandRunsInsideItsNamespace(t *testing.T) {
	l := newLab(t)
	for _, name := range l.Names() {
		want := fmt.Sprintf("net:[%d]\n", namespace(t, l, name).Inode())
		for how, run := range map[string]func(*lab.Cmd) ([]byte, error){
			"CombinedOutput": (*lab.Cmd).CombinedOutput,
			"Output":         (*lab.Cmd).Output,
		} {
			cmd, err := l.Command(t.Context(), name, "readlink", "/proc/self/ns/net")
			if err != nil {
				t.Fatal(err)
			}
			if out, err := run(cmd); err != nil || string(out) != want {
				t.Errorf("%s in %s: %q %v, want %q", how, name, out, err, want)
			}
		}
	}
}

func TestCommandTellsItsFailure(t *testing.T) {
	l := newLab(t)
	cmd, err := l.Command(t.Context(), lab.Host, "sh", "-c", "echo said; echo complained >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if string(out) != "said\ncomplained\n" {
		t.Errorf("output is %q", out)
	}
	if cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("exit: %v", err)
	}
	cmd, err = l.Command(t.Context(), lab.Host, "no-such-program")
	if err == nil {
		_, err = cmd.CombinedOutput()
	}
	if err == nil || !strings.Contains(err.Error(), exec.ErrNotFound.Error()) {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestCommandEndsWithItsContextAndItsChildren(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd, err := l.Command(ctx, lab.Host, "sh", "-c", "sleep 997 & sleep 998 & wait")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := cmd.CombinedOutput()
		ended <- err
	}()
	sleeps := func() (n int) {
		for _, comm := range comms(t) {
			if comm == "sleep" {
				n++
			}
		}
		return n
	}
	soon(t, 2*time.Second, "both children run", func() bool { return sleeps() == 2 })
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a killed command succeeded")
		}
	case <-time.After(2 * time.Second):
		t.Fatal("the command outlived its context")
	}
	soon(t, time.Second, "the children are gone", func() bool { return sleeps() == 0 })
}

func TestCommandDoesNotWaitForWhatItLeavesInTheBackground(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	cmd, err := l.Command(ctx, lab.Host, "sh", "-c", "sleep 999 & echo $!")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("%q %v after %v", out, err, time.Since(start))
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(out))); err == nil {
		process, _ := os.FindProcess(pid)
		process.Kill()
	}
}

func TestSpawnedProgramLivesInItsNamespaceUntilItIsStopped(t *testing.T) {
	l := newLab(t)
	p, err := l.Spawn(lab.Inet, "web", "web", "8080")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Ready(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got, want := inodeOf(t, p.PID()), fmt.Sprintf("net:[%d]", namespace(t, l, lab.Inet).Inode()); got != want {
		t.Errorf("it lives in %s, want %s", got, want)
	}
	if same, ok := l.Process("web"); !ok || same != p || len(l.Processes()) != 1 {
		t.Error("it is not found by its name")
	}
	if _, err := l.Spawn(lab.Host, "web", "web"); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("a second one of that name: %v", err)
	}
	l.Kill("web")
	if _, ok := l.Process("web"); ok || p.Alive() {
		t.Error("it survived Kill")
	}
	l.Kill("web")
	if _, err := l.Spawn(lab.Inet, "web", "web", "8080"); err != nil {
		t.Errorf("its port is not free at once: %v", err)
	}
}

// TestReadyWaitsForAProgramThatIsSlowToBegin: on an emulated machine it takes
// seconds until a program runs at all. This one is stopped before it does.
func TestReadyWaitsForAProgramThatIsSlowToBegin(t *testing.T) {
	labtest.Slow(t)
	l := newLab(t)
	slow, err := l.Spawn(lab.Host, "slow", "web")
	if err == nil {
		err = unix.Kill(slow.PID(), unix.SIGSTOP)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2200*time.Millisecond, func() { unix.Kill(slow.PID(), unix.SIGCONT) })
	if err := l.Ready(t.Context(), slow); err != nil {
		t.Error(err)
	}
}

func TestReadyTellsWhyAProgramEnded(t *testing.T) {
	l := newLab(t)
	first, err := l.Spawn(lab.Host, "first", "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Ready(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, err := l.Spawn(lab.Host, "second", "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Ready(t.Context(), second); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Ready: %v", err)
	}
}

func TestMachinesEtcIsBehindTheLabs(t *testing.T) {
	newLab(t)
	ours, err := os.ReadFile("/etc/resolv.conf")
	if err != nil || strings.Contains(string(ours), "nameserver") {
		t.Errorf("/etc/resolv.conf in the lab: %q %v", ours, err)
	}
	machines, _ := os.ReadFile("/run/nstutor/etc/resolv.conf")
	if err := os.WriteFile("/etc/resolv.conf", []byte("nameserver 192.0.2.1\n"), 0o644); err != nil {
		t.Errorf("/etc/resolv.conf is not the lab's own: %v", err)
	}
	defer os.WriteFile("/etc/resolv.conf", ours, 0o644)
	if after, _ := os.ReadFile("/run/nstutor/etc/resolv.conf"); string(after) != string(machines) {
		t.Error("writing /etc/resolv.conf changed the machine's")
	}
	if err := os.MkdirAll("/etc/netns/ns1", 0o755); err != nil {
		t.Error(err)
	}
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil || len(passwd) == 0 {
		t.Errorf("the machine's other files are not seen: %v", err)
	}
}

// TestFuzzingWorkersRunInsideTheLab lets the test binary fuzz: its workers are
// processes of their own.
func TestFuzzingWorkersRunInsideTheLab(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe",
		"-test.run=^$", "-test.fuzz=^FuzzNamesStayBelowRunNetns$", "-test.fuzztime=50x",
		"-test.parallel=2", "-test.fuzzcachedir="+t.TempDir())
	cmd.Args[0] = os.Args[0]
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
