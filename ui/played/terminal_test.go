package played_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui"
)

// terminal is a pseudo-terminal: what is written to it, and its modes.
type terminal struct {
	t     *testing.T
	outer *os.File // what a terminal emulator holds
	inner *os.File // what the program gets

	mu     sync.Mutex
	output bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(outer.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(outer.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(inner.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, outer: outer, inner: inner}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := outer.Read(buffer)
			term.mu.Lock()
			term.output.Write(buffer[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { inner.Close(); outer.Close() })
	return term
}

func (term *terminal) modes() unix.Termios {
	modes, err := unix.IoctlGetTermios(int(term.inner.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return *modes
}

func (term *terminal) wait(text string) {
	term.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		term.mu.Lock()
		output := term.output.String()
		term.mu.Unlock()
		if strings.Contains(output, text) {
			return
		}
		if time.Now().After(deadline) {
			term.t.Fatalf("no %q in %q", text, output)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// runIn plays the real program in a terminal until end makes it end, and
// checks that the terminal is as it was.
func runIn(t *testing.T, progress session.Progress, end func(term *terminal, cancel func())) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := lab.New(ctx, lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	term := newTerminal(t)
	before := term.modes()
	ended := make(chan error)
	go func() {
		course := chapters.All()
		ended <- ui.RunOn(ctx, steps.NewPlayer(l, course), course, progress, ui.Options{Lang: "en", Start: "2.6"},
			term.inner, term.inner)
	}()
	term.wait("\x1b[?1049h") // the other screen
	end(term, cancel)
	select {
	case err = <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
	}
	term.wait("\x1b[?1049l") // back to the main screen
	term.wait("\x1b[?25h")   // the cursor
	if term.modes() != before {
		t.Error("the terminal's modes are not what they were")
	}
	return err
}

func TestQuitLeavesTheTerminalAsItWas(t *testing.T) {
	err := runIn(t, newMemory(), func(term *terminal, _ func()) {
		term.wait("default route via 172.20.1.1")
		if term.modes().Lflag&unix.ICANON != 0 {
			t.Error("the terminal is not in raw mode while the course runs")
		}
		term.outer.WriteString("q")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestASignalLeavesTheTerminalAsItWas(t *testing.T) {
	err := runIn(t, newMemory(), func(term *terminal, cancel func()) {
		term.wait("default route via 172.20.1.1")
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
}

// fragile is a memory that breaks.
type fragile struct{ *memory }

func (fragile) SetPosition(string) { panic("burst") }

func TestAPanicLeavesTheTerminalAsItWas(t *testing.T) {
	err := runIn(t, fragile{newMemory()}, func(*terminal, func()) {})
	if err == nil || !strings.Contains(err.Error(), "panic: burst") {
		t.Errorf("error %v", err)
	}
}
