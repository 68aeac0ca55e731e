package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the program in a pseudo-terminal, as a learner has it.
type terminal struct {
	cmd *exec.Cmd
	tty *os.File

	mu     sync.Mutex
	output bytes.Buffer
}

// openTerminal starts the course in a terminal of that size, with a home of
// its own. The test binary runs itself under the name nstutor.
func openTerminal(t testing.TB, columns, rows int, args ...string) *terminal {
	t.Helper()
	return openTerminalOf(t, t.TempDir(), columns, rows, args...)
}

// openTerminalOf does so for the learner whose home it is.
func openTerminalOf(t testing.TB, home string, columns, rows int, args ...string) *terminal {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "nstutor")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	x := &terminal{cmd: exec.Command(link, args...)}
	x.cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "TERM=xterm-256color", "LANG=C.UTF-8", courseEnv+"=1")
	x.tty, err = pty.StartWithSize(x.cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	go x.read()
	t.Cleanup(func() {
		x.cmd.Process.Kill()
		x.cmd.Wait()
		x.tty.Close()
	})
	return x
}

func (x *terminal) read() {
	buf := make([]byte, 1<<16)
	for {
		n, err := x.tty.Read(buf)
		x.mu.Lock()
		x.output.Write(buf[:n])
		x.mu.Unlock()
		// Asked where the cursor is, a terminal answers.
		if bytes.Contains(buf[:n], []byte("\x1b[6n")) {
			x.tty.WriteString("\x1b[1;1R")
		}
		if err != nil {
			return
		}
	}
}

// since returns what was printed after the first n bytes.
func (x *terminal) since(n int) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(x.output.Bytes()[n:])
}

func (x *terminal) printed() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.output.Len()
}

// await waits until text was printed after the first n bytes, and returns when
// that was.
func (x *terminal) await(t testing.TB, n int, text string) time.Time {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if strings.Contains(x.since(n), text) {
			return time.Now()
		}
		time.Sleep(100 * time.Microsecond)
	}
	t.Fatalf("%q was not printed; this was:\n%q", text, x.since(n))
	return time.Time{}
}

// inside is the PID of the lab's first process.
func (x *terminal) inside(t testing.TB) int {
	t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", x.cmd.Process.Pid, x.cmd.Process.Pid))
	if err == nil {
		for _, child := range strings.Fields(string(children)) {
			pid, _ := strconv.Atoi(child)
			return pid
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", x.cmd.Process.Pid))
	for _, task := range tasks {
		if children, err := os.ReadFile(task); err == nil && len(bytes.TrimSpace(children)) > 0 {
			pid, _ := strconv.Atoi(strings.Fields(string(children))[0])
			return pid
		}
	}
	t.Fatal("the program has no child")
	return 0
}

// cpu is the processor time that the process has used, in seconds.
func cpu(t testing.TB, pid int) float64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const utime, stime, cutime, cstime, ticks = 11, 12, 13, 14, 100
	total := 0
	for _, i := range []int{utime, stime, cutime, cstime} {
		n, _ := strconv.Atoi(fields[i])
		total += n
	}
	return float64(total) / ticks
}
