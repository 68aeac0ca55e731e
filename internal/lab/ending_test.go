package lab_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// running is a program that has made its mess.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// start starts a program in a mode of being born and waits until it is ready.
func start(t *testing.T, mode string) *running {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "program", mode)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell's job
	return startCommand(t, cmd)
}

func startCommand(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	r := &running{t: t, cmd: cmd}
	r.cmd.Stderr = os.Stderr
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	r.stdout = bufio.NewReader(stdout)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := r.stdout.ReadString('\n'); line != "ready\n" {
		r.cmd.Process.Kill()
		t.Fatalf("the program said %q %v", line, err)
	}
	return r
}

// inside is the PID of the lab's first process, the guardian's only child.
func insideOf(t *testing.T, guardian int) int {
	t.Helper()
	for _, task := range tasks(t, guardian) {
		data, err := os.ReadFile(task + "/children")
		if err != nil {
			t.Fatal(err)
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
			return pid
		}
	}
	t.Fatal("the guardian has no child")
	return 0
}

func tasks(t *testing.T, pid int) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/task", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []string
	for _, e := range entries {
		tasks = append(tasks, dir+"/"+e.Name())
	}
	return tasks
}

// status waits for the guardian and returns its exit status, or minus the
// signal that killed it.
func (r *running) status() int {
	r.t.Helper()
	done := make(chan error, 1)
	go func() { done <- r.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		r.cmd.Process.Kill()
		r.t.Fatal("the program does not end")
	}
	status := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// endings are the ways in which a program can come to its end, and the exit
// status of each.
var endings = []struct {
	name   string
	end    func(r *running, guardian, inside int) error
	status int
}{
	{"the inside exits", func(r *running, _, _ int) error {
		_, err := io.WriteString(r.stdin, "quit\n")
		return err
	}, cleanExit},
	{"SIGTERM", func(_ *running, guardian, _ int) error { return unix.Kill(guardian, unix.SIGTERM) }, 128 + 15},
	{"SIGHUP", func(_ *running, guardian, _ int) error { return unix.Kill(guardian, unix.SIGHUP) }, 128 + 1},
	{"SIGINT to the guardian alone", func(_ *running, guardian, _ int) error { return unix.Kill(guardian, unix.SIGINT) }, 128 + 2},
	{"a second SIGTERM, when the inside hangs", func(_ *running, guardian, inside int) error {
		return errors.Join(unix.Kill(inside, unix.SIGSTOP), unix.Kill(guardian, unix.SIGTERM), later(func() error { return unix.Kill(guardian, unix.SIGTERM) }))
	}, 128 + 15},
	{"SIGHUP alone, when the inside hangs", func(_ *running, guardian, inside int) error {
		return errors.Join(unix.Kill(inside, unix.SIGSTOP), unix.Kill(guardian, unix.SIGHUP))
	}, 128 + 1},
	{"SIGKILL of the inside", func(_ *running, _, inside int) error { return unix.Kill(inside, unix.SIGKILL) }, 128 + 9},
	{"SIGKILL of the guardian", func(_ *running, guardian, _ int) error { return unix.Kill(guardian, unix.SIGKILL) }, -9},
	{"SIGKILL of a stopped inside's guardian", func(_ *running, guardian, inside int) error {
		if err := unix.Kill(inside, unix.SIGSTOP); err != nil {
			return err
		}
		return unix.Kill(guardian, unix.SIGKILL)
	}, -9},
}

// later does something once the kernel has delivered the signal before it: of two
// equal ones that wait at the same time it keeps one.
func later(do func() error) error {
	time.Sleep(50 * time.Millisecond)
	return do()
}

// TestMachineIsUnharmedHoweverTheLabEnds is the promise that the learner's
// machine is never touched. The lab's mess includes a daemon without parent.
func TestMachineIsUnharmedHoweverTheLabEnds(t *testing.T) {
	labtest.Slow(t)
	furnishedMachine(t)
	before := look(t)
	for _, mode := range []string{"user", "root"} {
		for _, ending := range endings {
			t.Run(mode+"/"+ending.name, func(t *testing.T) {
				r := start(t, mode)
				guardian := r.cmd.Process.Pid
				during := look(t)
				if got := len(during.Processes) - len(before.Processes); got < 4 {
					t.Errorf("guardian, inside, web server and daemon are %d processes", got)
				}
				during.Processes = before.Processes
				if difference := cmp.Diff(before, during); difference != "" {
					t.Errorf("while the lab runs, the machine is not what it was:\n%s", difference)
				}
				if err := ending.end(r, guardian, insideOf(t, guardian)); err != nil {
					t.Fatal(err)
				}
				if got := r.status(); got != ending.status {
					t.Errorf("exit status %d, want %d", got, ending.status)
				}
				unharmed(t, before)
			})
		}
	}
}

// TestForgedBirthTouchesNothing starts the program with the variable that says
// it is inside of a lab, where it is not.
func TestForgedBirthTouchesNothing(t *testing.T) {
	before := look(t)
	here, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "user", "root", "root ", "nonsense mnt:[1]", "user " + here, "root " + here, "user mnt:[1]", "root mnt:[1] furnished"} {
		cmd := exec.Command("/proc/self/exe", "program", "user")
		cmd.Env = append(os.Environ(), lab.BornEnv+"="+value)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), lab.BornEnv) {
			t.Errorf("%s=%q: %v %q", lab.BornEnv, value, err, out)
		}
	}
	unharmed(t, before)
}

// state is the letter that ps shows: T for stopped.
func state(t *testing.T, pid int) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return rest[:1]
}

// TestInsideStopsAndGoesOnWithItsGuardian is about ^Z.
func TestInsideStopsAndGoesOnWithItsGuardian(t *testing.T) {
	for _, stop := range []unix.Signal{unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU} {
		t.Run(stop.String(), func(t *testing.T) {
			r := start(t, "user")
			guardian := r.cmd.Process.Pid
			inside := insideOf(t, guardian)
			for range 2 {
				if err := unix.Kill(guardian, stop); err != nil {
					t.Fatal(err)
				}
				soon(t, time.Second, "both stop", func() bool {
					return state(t, guardian) == "T" && state(t, inside) == "T"
				})
				if err := unix.Kill(guardian, unix.SIGCONT); err != nil {
					t.Fatal(err)
				}
				soon(t, time.Second, "both go on", func() bool {
					return state(t, guardian) != "T" && state(t, inside) != "T"
				})
			}
			if _, err := io.WriteString(r.stdin, "quit\n"); err != nil {
				t.Fatal(err)
			}
			if got := r.status(); got != cleanExit {
				t.Errorf("exit status %d, want %d", got, cleanExit)
			}
		})
	}
}
