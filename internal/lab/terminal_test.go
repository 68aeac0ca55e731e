package lab_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"

	"golang.org/x/sys/unix"
)

// pty opens a new pseudo terminal. The master's TCGETS speaks of the slave.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		t.Fatal(errno)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "master"), os.NewFile(peer, "slave")
}

// shell is what an interactive shell does with a program: it leads the
// terminal's session, gives the program the foreground, waits for it, takes the
// foreground back and says the exit status. When the terminal closes it tells
// the program so. Its arguments are the program's.
func shell(args []string) {
	signal.Ignore(unix.SIGTTOU)
	cmd := exec.Command("/proc/self/exe", append([]string{"program"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		fmt.Println("failed:", err)
		return
	}
	closed := make(chan os.Signal, 1)
	signal.Notify(closed, unix.SIGHUP)
	go func() {
		<-closed
		unix.Kill(-cmd.Process.Pid, unix.SIGHUP)
		os.Exit(1)
	}()
	cmd.Wait()
	unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
	fmt.Printf("exit %d\r\n", cmd.ProcessState.ExitCode())
	io.Copy(io.Discard, os.Stdin)
}

// session is a shell on a terminal of its own.
type session struct {
	t      *testing.T
	master *os.File
	shell  *exec.Cmd
	lines  chan string
}

// login starts a shell that runs the program.
func login(t *testing.T, args ...string) *session {
	t.Helper()
	master, slave := pty(t)
	s := &session{t: t, master: master, lines: make(chan string, 100)}
	s.shell = exec.Command("/proc/self/exe", append([]string{"shell"}, args...)...)
	s.shell.Stdin, s.shell.Stdout, s.shell.Stderr = slave, slave, slave
	s.shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.shell.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	t.Cleanup(func() {
		s.shell.Process.Kill()
		s.shell.Wait()
		master.Close()
	})
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(master); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
	}()
	return s
}

// expect waits for a line that contains what.
func (s *session) expect(what string) (line string) {
	s.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the terminal closed before %q", what)
			}
			if strings.Contains(line, what) {
				return line
			}
		case <-timeout:
			s.t.Fatalf("the terminal did not show %q", what)
		}
	}
}

func (s *session) modes() unix.Termios {
	s.t.Helper()
	modes, err := unix.IoctlGetTermios(int(s.master.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *modes
}

// TestGuardianPutsTheTerminalBack kills an inside that has made the terminal
// raw, and then one that has given the foreground away as well.
func TestGuardianPutsTheTerminalBack(t *testing.T) {
	for _, pranks := range [][]string{{"raw"}, {"raw", "foreground"}} {
		for _, mode := range []string{"user", "root"} {
			t.Run(mode+" "+strings.Join(pranks, " "), func(t *testing.T) {
				before := look(t)
				s := login(t, append([]string{mode}, pranks...)...)
				s.expect("ready")
				raw := s.modes()
				if raw.Lflag&unix.ECHO != 0 {
					t.Fatal("the terminal is not raw")
				}
				guardian := insideOf(t, s.shell.Process.Pid)
				if err := unix.Kill(insideOf(t, guardian), unix.SIGKILL); err != nil {
					t.Fatal(err)
				}
				line := s.expect("exit 137")
				if !strings.Contains(line, "\x1b[?1049l") || !strings.Contains(line, "\x1b[?25h") {
					t.Errorf("main screen and cursor are not asked for: %q", line)
				}
				now := s.modes()
				if now.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) != unix.ECHO|unix.ICANON|unix.ISIG || now.Oflag&unix.OPOST == 0 {
					t.Errorf("the terminal's modes are %+v", now)
				}
				s.hangUp()
				unharmed(t, before)
			})
		}
	}
}

// hangUp closes the terminal, as closing its window does.
func (s *session) hangUp() {
	s.t.Helper()
	s.master.Close()
	ended := make(chan struct{})
	go func() {
		s.shell.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(3 * time.Second):
		s.t.Fatal("the shell outlived its terminal")
	}
}

func TestMachineIsUnharmedWhenTheTerminalCloses(t *testing.T) {
	labtest.Slow(t)
	furnishedMachine(t)
	before := look(t)
	for _, pranks := range [][]string{nil, {"raw"}, {"raw", "foreground"}} {
		for _, mode := range []string{"user", "root"} {
			t.Run(mode+" "+strings.Join(pranks, " "), func(t *testing.T) {
				s := login(t, append([]string{mode}, pranks...)...)
				s.expect("ready")
				s.hangUp()
				unharmed(t, before)
			})
		}
	}
}
