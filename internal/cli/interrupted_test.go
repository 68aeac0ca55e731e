package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
)

// TestATrialThatIsInterruptedLeavesNothing: ^C goes to all of the job, and whoever is killed
// can do nothing any more. The fix takes longer than all of that: its shell sleeps.
func TestATrialThatIsInterruptedLeavesNothing(t *testing.T) {
	labtest.Slow(t)
	for name, end := range map[string]func(pid int) error{
		"^C":                 func(pid int) error { return unix.Kill(-pid, unix.SIGINT) },
		"SIGTERM":            func(pid int) error { return unix.Kill(pid, unix.SIGTERM) },
		"SIGKILL":            func(pid int) error { return unix.Kill(pid, unix.SIGKILL) },
		"SIGKILL of the job": func(pid int) error { return unix.Kill(-pid, unix.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, later := range []time.Duration{0, 10 * time.Millisecond, 30 * time.Millisecond, 150 * time.Millisecond} {
				interrupt(t, later, end)
			}
		})
	}
}

// interrupt has a fix tried, in a namespace whose lo is down, and ended some time after the
// lab of the trial was begun.
func interrupt(t *testing.T, later time.Duration, end func(pid int) error) {
	t.Helper()
	home, slow := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(slow, "sh"), []byte("#!/bin/sh\nexec sleep 30\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	mark := "NSTUTOR_TEST_MARK=" + home
	var stdout bytes.Buffer
	cmd := exec.Command("/proc/self/exe", "explain", "127.0.0.1", "--no-probe", "--verify")
	cmd.Env = append(os.Environ(), courseEnv+"=1", mark, "PATH="+slow+":"+os.Getenv("PATH"), "HOME="+home, "XDG_STATE_HOME="+home, "TMPDIR="+home)
	cmd.Stdout = &stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid: true, Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a lab was begun", func() bool { return hasChild(cmd.Process.Pid) })
	time.Sleep(later)
	if err := end(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || strings.Contains(stdout.String(), "Trial in a copy") {
		t.Errorf("%v later it was over: %v, %s", later, err, stdout.String())
	}
	eventually(t, "nobody is left", func() bool { return !anybody(mark) })
	if files, err := os.ReadDir(home); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || bytes.Contains(mounts, []byte(home)) {
		t.Errorf("mounts are left, %v:\n%s", err, mounts)
	}
}

func hasChild(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		if children, err := os.ReadFile(task); err == nil && len(children) > 0 {
			return true
		}
	}
	return false
}

// anybody reports whether a process has an entry in its environment: with its last one a
// namespace goes too.
func anybody(entry string) bool {
	procs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, proc := range procs {
		if env, err := os.ReadFile(proc); err == nil && bytes.Contains(env, []byte(entry+"\x00")) {
			return true
		}
	}
	return false
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not so: %s", what)
		}
	}
}
