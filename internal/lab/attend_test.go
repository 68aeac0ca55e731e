package lab_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/lab/door"
	"nstutor/internal/lab/labtest"
)

// screen is a terminal whose user is the test.
type screen struct {
	t             *testing.T
	master, slave *os.File

	mu     sync.Mutex
	output bytes.Buffer
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := &screen{t: t}
	s.master, s.slave = pty(t)
	t.Cleanup(func() {
		s.master.Close()
		s.slave.Close()
	})
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := s.master.Read(buf)
			s.mu.Lock()
			s.output.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

func (s *screen) await(text string) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.shown(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%q is not shown; this is:\n%q", text, s.shown())
		}
	}
}

func (s *screen) keys(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// cooked says whether the terminal's modes are those of a new one.
func (s *screen) cooked() bool {
	modes, err := unix.IoctlGetTermios(int(s.slave.Fd()), unix.TCGETS)
	return err == nil && modes.Lflag&unix.ICANON != 0 && modes.Oflag&unix.OPOST != 0
}

// left is how a visit ended.
type left struct {
	exit int
	err  error
}

// attend opens a shell on the screen.
func (s *screen) attend(open func(in, out *os.File) (int, error)) <-chan left {
	ended := make(chan left, 1)
	go func() {
		exit, err := open(s.slave, s.slave)
		ended <- left{exit, err}
	}()
	return ended
}

func (s *screen) ended(ended <-chan left) left {
	s.t.Helper()
	select {
	case l := <-ended:
		return l
	case <-time.After(10 * time.Second):
		s.t.Fatalf("the shell does not end; shown:\n%q", s.shown())
		return left{}
	}
}

// atHome gives the shell a home of its own.
func atHome(t *testing.T, shell string) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SHELL", shell)
	t.Setenv("ENV", "")
	t.Setenv("TERM", "dumb")
	return home
}

// TestShellSaysItsNamespace: with each shell that this machine has, and a
// learner whose own prompt says something else.
func TestShellSaysItsNamespace(t *testing.T) {
	labtest.Slow(t)
	l := newLab(t)
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	for _, shell := range []string{"/bin/bash", "/bin/sh", "/bin/dash", "/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/ksh", "/usr/bin/mksh", "/usr/sbin/nologin", "/no/such/shell", ""} {
		if _, err := os.Stat(shell); err != nil && strings.HasPrefix(shell, "/usr/bin") {
			continue
		}
		t.Run(filepath.Base(shell), func(t *testing.T) {
			home := atHome(t, shell)
			own := "export PS1='mine> '; PROMPT_COMMAND='PS1=mine'\nalias hello='echo own alias'\n"
			for _, name := range []string{".bashrc", ".zshrc", ".shrc"} {
				if err := os.WriteFile(filepath.Join(home, name), []byte(own), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("ENV", filepath.Join(home, ".shrc"))
			s := newScreen(t)
			ended := s.attend(func(in, out *os.File) (int, error) { return door.Attend(t.Context(), l, "ns1", in, out) })
			s.await("ns1 # ")
			s.keys("ls /sys/class/net; env | grep -c NSTUTOR; hello\r")
			s.await("\r\nlo\r\n0\r\n")
			s.await("\r\nown alias\r\n")
			s.keys("exit 7\r")
			if got := s.ended(ended); got.exit != 7 || got.err != nil {
				t.Errorf("exit 7: %+v", got)
			}
			if strings.Contains(s.shown(), "mine") {
				t.Errorf("the prompt is the learner's own: %q", s.shown())
			}
			files, _ := filepath.Glob(filepath.Join(home, ".*hist*"))
			if len(files) > 0 {
				t.Errorf("the lab's commands are in the learner's history: %v", files)
			}
		})
	}
}

// TestShellNeverRunsANamespacesName: the name is shown as it is.
func TestShellNeverRunsANamespacesName(t *testing.T) {
	l := newLab(t)
	for i, shell := range []string{"/bin/bash", "/bin/sh"} {
		name := []string{`a\u$(exit)%m`, "`b`$HOME!"}[i]
		if err := l.AddNetns(name); err != nil {
			t.Fatal(err)
		}
		atHome(t, shell)
		s := newScreen(t)
		ended := s.attend(func(in, out *os.File) (int, error) { return door.Attend(t.Context(), l, name, in, out) })
		s.await(name + " # ")
		s.keys("exit\r")
		if got := s.ended(ended); got.exit != 0 || got.err != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAttendIsATerminalLikeAnyOther(t *testing.T) {
	l := newLab(t)
	atHome(t, "/bin/bash")
	s := newScreen(t)
	if err := unix.IoctlSetWinsize(int(s.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 11, Col: 77}); err != nil {
		t.Fatal(err)
	}
	ended := s.attend(func(in, out *os.File) (int, error) { return door.Attend(t.Context(), l, lab.Host, in, out) })
	s.await("host # ")
	if s.cooked() {
		t.Error("the terminal is not raw while the shell is on it")
	}
	s.keys("stty size; tty\r")
	s.await("\r\n11 77\r\n/dev/pts/")
	// ctrl+c is for what runs in the shell, ctrl+z too: it has job control.
	s.keys("sleep 60; echo not here\r")
	soon(t, 3*time.Second, "the job runs", func() bool { return runs("sleep\x0060") })
	s.keys("\x03")
	soon(t, 3*time.Second, "the job is interrupted", func() bool { return !runs("sleep\x0060") })
	s.keys("sleep 61\r")
	soon(t, 3*time.Second, "the job runs", func() bool { return runs("sleep\x0061") })
	s.keys("\x1a")
	s.await("Stopped")
	s.keys("fg\r")
	s.await("fg\r\nsleep 61\r\n")
	soon(t, 3*time.Second, "the job goes on", func() bool { return stateOf("sleep\x0061") == "S" })
	s.keys("\x03")
	soon(t, 3*time.Second, "the job is interrupted", func() bool { return !runs("sleep\x0061") })
	s.keys("exit 3\r")
	if got := s.ended(ended); got.exit != 3 || got.err != nil {
		t.Errorf("exit 3: %+v", got)
	}
	if !s.cooked() {
		t.Error("the terminal stays raw")
	}
	// The next key is for whoever reads the terminal then.
	s.keys("q\n")
	buf := make([]byte, 10)
	if n, err := s.slave.Read(buf); err != nil || string(buf[:n]) != "q\n" {
		t.Errorf("the next key: %q, %v", buf[:n], err)
	}
}

func TestAttendEnds(t *testing.T) {
	l := newLab(t)
	atHome(t, "/bin/bash")
	s := newScreen(t)

	if _, err := door.Attend(t.Context(), l, "nowhere", s.slave, s.slave); !errors.Is(err, lab.ErrNoNamespace) || !strings.Contains(err.Error(), "host, inet") {
		t.Errorf("in a namespace that is not there: %v", err)
	}
	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer w.Close()
	if _, err := door.Attend(t.Context(), l, lab.Host, pipe, s.slave); !errors.Is(err, door.ErrNoTerminal) {
		t.Errorf("without a terminal: %v", err)
	}

	// With its context: the shell and its foreground job are gone.
	ctx, cancel := context.WithCancel(t.Context())
	ended := s.attend(func(in, out *os.File) (int, error) { return door.Attend(ctx, l, lab.Host, in, out) })
	s.await("host # ")
	s.keys("sleep 62\r")
	soon(t, 3*time.Second, "the job runs", func() bool { return runs("sleep\x0062") })
	cancel()
	if got := s.ended(ended); !errors.Is(got.err, context.Canceled) {
		t.Errorf("its context ended: %+v", got)
	}
	if !s.cooked() {
		t.Error("the terminal stays raw")
	}
	soon(t, 3*time.Second, "the job is gone", func() bool { return !runs("sleep\x0062") })

	// By a signal, as a shell says it.
	s = newScreen(t)
	ended = s.attend(func(in, out *os.File) (int, error) { return door.Attend(t.Context(), l, lab.Host, in, out) })
	s.await("host # ")
	s.keys("kill -9 $$\r")
	if got := s.ended(ended); got.exit != 128+9 || got.err != nil {
		t.Errorf("killed: %+v", got)
	}
}

// TestAttendShowsAllOfTheLastOutput, although a job still holds the terminal.
func TestAttendShowsAllOfTheLastOutput(t *testing.T) {
	l := newLab(t)
	atHome(t, "/bin/bash")
	s := newScreen(t)
	ended := s.attend(func(in, out *os.File) (int, error) { return door.Attend(t.Context(), l, lab.Host, in, out) })
	s.await("host # ")
	s.keys("stty -echo; sleep 63 & disown; seq 300000; echo the-end; exit\r")
	began := time.Now()
	if got := s.ended(ended); got.exit != 0 || got.err != nil {
		t.Errorf("%+v", got)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("took %v", took)
	}
	s.await("\r\n300000\r\nthe-end\r\n")
	if !runs("sleep\x0063") {
		t.Error("what was put into the background did not stay")
	}
	end(t, "sleep\x0063")
}
