package played_test

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"

	"golang.org/x/sys/unix"
)

// since forgets what was written to the terminal so far.
func (term *terminal) since() {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.output.Reset()
}

func (term *terminal) keys(text string) { io.WriteString(term.outer, text) }

// enterShell opens the shell from step 2.6 and waits for its prompt.
func (term *terminal) enterShell() {
	term.wait("default route via 172.20.1.1")
	term.keys("s")
	term.wait("\x1b[?1049l")
	term.wait("Your shell in ns1, a namespace of the lab. exit or ctrl+d")
	// The prompt is there when the shell answers.
	term.keys("echo $((6*7))-ready\n")
	term.wait("42-ready")
	if !strings.Contains(term.text(), "ns1") {
		term.t.Errorf("no prompt says the namespace: %q", term.text())
	}
	term.since()
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.output.String()
}

// back waits for the course's screen, which is drawn anew.
func (term *terminal) back() {
	term.t.Helper()
	term.wait("\x1b[?1049h")
	term.wait("nstutor")
	term.wait("\x1b[24;1H") // its last line
	term.since()
}

// plainShell has every shell of the test be the same.
func plainShell(t *testing.T) {
	t.Setenv("SHELL", "/bin/bash")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("TERM", "xterm")
}

func TestTheShellComesAndGoes(t *testing.T) {
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.enterShell()
		term.keys("ip -br addr show dev ns1-eth0\n")
		if installed(t, "ip") {
			term.wait("172.20.1.10/24")
		}
		term.keys("exit 3\n")
		term.back()
		if term.modes().Lflag&unix.ICANON != 0 {
			t.Error("the terminal is not raw after the shell")
		}
		term.keys("s") // and again
		term.wait("Your shell in ns1")
		term.wait("ns1 # ")
		term.keys("\x04") // ctrl+d
		term.back()
		term.keys("?")
		term.wait("all keys")
		term.keys("q") // closes the page
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

// What is done in the shell counts when the learner comes back.
func TestTheShellDoesTheStep(t *testing.T) {
	if !installed(t, "ip") {
		return
	}
	plainShell(t)
	memory := newMemory()
	err := runIn(t, memory, func(term *terminal, _ func()) {
		term.enterShell()
		term.keys("ip route add default via 172.20.1.1 dev ns1-eth0\n")
		deadline := time.Now().Add(10 * time.Second)
		for !memory.Done("2.6") {
			if time.Now().After(deadline) {
				t.Fatal("the step is not done while the shell is open")
			}
			time.Sleep(5 * time.Millisecond)
		}
		if strings.Contains(term.text(), "as promised") {
			t.Error("the course writes into the shell's screen")
		}
		term.keys("exit\n")
		term.wait("of 2 as promised")
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNothingIsDrawnWhileTheShellIsOpen(t *testing.T) {
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.enterShell()
		size := unix.Winsize{Row: 36, Col: 120}
		if err := unix.IoctlSetWinsize(int(term.inner.Fd()), unix.TIOCSWINSZ, &size); err != nil {
			t.Fatal(err)
		}
		syscall.Kill(os.Getpid(), syscall.SIGWINCH) // no kernel sends it: nobody's foreground is there
		time.Sleep(300 * time.Millisecond)
		term.keys("stty size\n")
		term.wait("36 120")
		if text := term.text(); strings.Contains(text, "nstutor") || strings.Contains(text, "live") {
			t.Errorf("the course is drawn over the shell: %q", text)
		}
		term.since()
		term.keys("exit\n")
		term.wait("\x1b[?1049h")
		term.wait("\x1b[36;1H") // the screen has its new size
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAShellThatIsKilledGivesTheTerminalBack(t *testing.T) {
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.enterShell()
		term.keys("stty raw -echo; kill -9 $$\n")
		term.back()
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestJobsStopInTheShellAndTheCourseGoesOn(t *testing.T) {
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.enterShell()
		term.keys("sleep 1000\n")
		time.Sleep(200 * time.Millisecond)
		term.keys("\x1a") // ctrl+z
		term.wait("Stopped")
		term.keys("kill %1; echo $((40+3))-on\n")
		term.wait("43-on")
		term.keys("sleep 1000\n")
		time.Sleep(200 * time.Millisecond)
		term.keys("\x03")
		term.keys("exit\nexit\n")
		term.back()
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

// A shell that stops itself would leave the terminal to nobody.
func TestAShellThatStopsItselfGoesOn(t *testing.T) {
	labtest.Slow(t)
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.enterShell()
		term.keys("suspend\n")
		time.Sleep(300 * time.Millisecond) // until somebody looks for it
		term.keys("kill -STOP $$; echo $((50+1))-awake\n")
		term.wait("51-awake")
		term.keys("exit\n")
		term.back()
		term.keys("q")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestASignalEndsTheShellAndTheCourse(t *testing.T) {
	plainShell(t)
	err := runIn(t, newMemory(), func(term *terminal, cancel func()) {
		term.enterShell()
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
}
