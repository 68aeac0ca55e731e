package cli

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nstutor/internal/lab/door"
	"nstutor/internal/lab/labtest"
)

// ownDoors gives the labs and shells of one test a place for their doors that no
// other test looks at.
func ownDoors(t *testing.T) (tmp string) {
	t.Helper()
	tmp = t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("SHELL", "/bin/sh")
	t.Setenv("ENV", "")
	return tmp
}

// openLab opens the course in a terminal, and waits until its door is open.
func openLab(t *testing.T) *terminal {
	t.Helper()
	x := openTerminal(t, 80, 24)
	x.await(t, 0, "quit")
	return x
}

// says types a line in a shell and waits for its answer and the next prompt.
func (x *terminal) says(t *testing.T, line, want string) {
	t.Helper()
	mark := x.printed()
	x.tty.WriteString(line + "\r")
	x.await(t, mark, want)
	for deadline := time.Now().Add(10 * time.Second); !strings.HasSuffix(x.since(mark), " # "); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no prompt after %q:\n%q", line, x.since(mark))
		}
	}
}

func TestShellFromASecondTerminal(t *testing.T) {
	labtest.Slow(t)
	ownDoors(t)
	openLab(t)
	x := openTerminal(t, 91, 17, "shell")
	x.await(t, 0, "host # ")
	x.says(t, "stty size", "\r\n17 91\r\n")
	x.says(t, "echo $((6 * 7)) $PPID", "\r\n42 1\r\n") // a child of the lab's first process
	x.says(t, "ls /sys/class/net", "eth0")

	// Another one at the same time sees the same lab.
	y := openTerminal(t, 80, 24, "shell", "inet")
	y.await(t, 0, "inet # ")
	x.says(t, "mkdir /etc/netns/here; echo made", "\r\nmade\r\n")
	y.says(t, "ls /etc/netns", "\r\nhere\r\n")
	y.tty.WriteString("exit 7\r")
	if got := exitStatus(t, y.cmd); got != 7 {
		t.Errorf("exit 7: exit status %d", got)
	}
	x.says(t, "echo still $((6 * 7))", "\r\nstill 42\r\n")

	z := openTerminal(t, 80, 24, "shell", "ns9")
	z.await(t, 0, "nstutor: the lab has no network namespace ns9; it has host, inet\r\n")
	if got := exitStatus(t, z.cmd); got != exitUsage {
		t.Errorf("a namespace that is not there: exit status %d", got)
	}
}

func TestShellEndsWithItsLab(t *testing.T) {
	labtest.Slow(t)
	tmp := ownDoors(t)
	ends := map[string]func(x *terminal){
		"quit":    func(x *terminal) { x.tty.WriteString("qq") }, // the welcome, and the course
		"SIGTERM": func(x *terminal) { x.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGKILL": func(x *terminal) { x.cmd.Process.Kill() },
		"SIGKILL of its first process": func(x *terminal) {
			syscall.Kill(x.inside(t), syscall.SIGKILL)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			l := openLab(t)
			x := openTerminal(t, 80, 24, "shell")
			x.await(t, 0, "host # ")
			end(l)
			x.await(t, 0, "the lab has ended")
			if got := exitStatus(t, x.cmd); got != exitBroken {
				t.Errorf("exit status %d", got)
			}
			if !strings.Contains(x.since(0), "\x1b[?1049l") {
				t.Error("the terminal is not put back")
			}
			// Its door is gone, at the latest when somebody looks.
			y := openTerminal(t, 80, 24, "shell")
			y.await(t, 0, "no lab of yours is running")
			if got := exitStatus(t, y.cmd); got != exitUsage {
				t.Errorf("without a lab: exit status %d", got)
			}
			left := []string{""}
			for deadline := time.Now().Add(3 * time.Second); len(left) > 0 && time.Now().Before(deadline); {
				door.Running()
				left, _ = filepath.Glob(filepath.Join(tmp, "nstutor-*", "*"))
			}
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestShellIsHungUpWithItsTerminal: nobody's shell stays in the lab.
func TestShellIsHungUpWithItsTerminal(t *testing.T) {
	labtest.Slow(t)
	ownDoors(t)
	l := openLab(t)
	x := openTerminal(t, 80, 24, "shell")
	x.await(t, 0, "host # ")
	x.tty.WriteString("while sleep 0.05; do echo tick >&2; done | sleep 600\r")
	x.await(t, 0, "tick\r\ntick\r\n")
	y := openTerminal(t, 80, 24, "shell")
	y.await(t, 0, "host # ")
	y.says(t, "until pgrep -f '^sleep 600' > /dev/null; do :; done; echo it runs", "\r\nit runs\r\n")
	// The file is closed when the read that waits at it has returned.
	x.tty.Close()
	if got := exitStatus(t, x.cmd); got != 128+int(syscall.SIGHUP) {
		t.Errorf("exit status %d", got)
	}
	y.says(t, "while pgrep -f '^sleep 600' > /dev/null; do :; done; echo it is gone", "\r\nit is gone\r\n")
	// One that does not want to hear of it is killed after a second.
	z := openTerminal(t, 80, 24, "shell")
	z.await(t, 0, "host # ")
	z.tty.WriteString("trap '' HUP; exec sleep 601\r")
	y.says(t, "until pgrep -f '^sleep 601' > /dev/null; do :; done; echo it runs", "\r\nit runs\r\n")
	z.cmd.Process.Signal(syscall.SIGHUP)
	y.says(t, "while pgrep -f '^sleep 601' > /dev/null; do sleep 0.1; done; echo it is gone", "\r\nit is gone\r\n")
	if err := l.cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the lab: %v", err)
	}
}

func TestShellCarriesMuchOutputAndStopsIt(t *testing.T) {
	labtest.Slow(t)
	ownDoors(t)
	openLab(t)
	x := openTerminal(t, 80, 24, "shell")
	x.await(t, 0, "host # ")
	mark := x.printed()
	x.tty.WriteString("yes 0123456789012345678901234567890123456789012345678 | head -c 20000000; echo th''at is all\r")
	deadline := time.Now().Add(30 * time.Second)
	for x.printed()-mark < 20_000_000 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	x.await(t, x.printed()-min(x.printed(), 100), "that is all")
	x.tty.WriteString("yes\r")
	time.Sleep(200 * time.Millisecond)
	mark = x.printed()
	x.tty.WriteString("\x03")
	time.Sleep(200 * time.Millisecond)
	x.await(t, mark, "host # ")
	x.says(t, "echo calm", "\r\ncalm\r\n")
}

func TestShellAsksWhichLab(t *testing.T) {
	ownDoors(t)
	one := openLab(t)
	two := openLab(t)
	x := openTerminal(t, 80, 24, "shell", "inet", "--lang", "zh")
	x.await(t, 0, "PID "+strconv.Itoa(one.cmd.Process.Pid)+" ")
	x.await(t, 0, "PID "+strconv.Itoa(two.cmd.Process.Pid)+" ")
	x.await(t, 0, "进入哪一个？")
	x.tty.WriteString("2\r")
	x.await(t, 0, "inet # ")

	y := openTerminal(t, 80, 24, "shell", "--lab", strconv.Itoa(one.cmd.Process.Pid))
	y.await(t, 0, "host # ")
	y.says(t, "touch /run/in-one; echo made", "\r\nmade\r\n")
	x.says(t, "ls /run/in-one || echo another lab", "\r\nanother lab\r\n")

	z := openTerminal(t, 80, 24, "shell")
	z.await(t, 0, "Which one? ")
	z.tty.WriteString("3\r")
	z.await(t, 0, `"3" is none of 1 to 2`)
	if got := exitStatus(t, z.cmd); got != exitUsage {
		t.Errorf("exit status %d", got)
	}
}

// TestShellSaysThatTheLabIsStopped instead of waiting for it.
func TestShellSaysThatTheLabIsStopped(t *testing.T) {
	labtest.Slow(t)
	ownDoors(t)
	l := openLab(t)
	if err := syscall.Kill(l.inside(t), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	x := openTerminal(t, 80, 24, "shell")
	x.await(t, 0, "nstutor: the lab with PID "+strconv.Itoa(l.cmd.Process.Pid)+" is stopped; `fg` in its terminal")
	if got := exitStatus(t, x.cmd); got != exitUsage {
		t.Errorf("exit status %d", got)
	}
}

// TestDoorIsForTheSameUser: neither an ordinary user nor root comes into another
// user's lab, even where the folder would let them reach the socket.
func TestDoorIsForTheSameUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root can be two users")
		return
	}
	tmp := ownDoors(t)
	for _, dir := range []string{tmp, filepath.Dir(tmp)} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	openLab(t)
	doors, err := door.Running()
	if err != nil || len(doors) != 1 {
		t.Fatalf("root's own labs: %+v, %v", doors, err)
	}
	dir := filepath.Join(tmp, "nstutor-0")
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	sockets, _ := filepath.Glob(filepath.Join(dir, "lab-*"))
	if len(sockets) != 1 {
		t.Fatalf("sockets %v", sockets)
	}
	if err := os.Chmod(sockets[0], 0o777); err != nil {
		t.Fatal(err)
	}
	if got := askAs(t, 65534, sockets[0]); got != "" {
		t.Errorf("another user is told %q", got)
	}
	if got := askAs(t, 0, sockets[0]); !strings.Contains(got, "inet") {
		t.Errorf("the same user is told %q", got)
	}
}

// askAs connects to a door as another user, and returns what it says of the lab.
func askAs(t *testing.T, uid int, socket string) string {
	t.Helper()
	answer := make(chan string)
	go func() {
		defer close(answer)
		// The thread has another user, and ends with this goroutine.
		lockAs(uid)
		conn, err := net.Dial("unix", socket)
		if err != nil {
			answer <- "cannot connect: " + err.Error()
			return
		}
		defer conn.Close()
		conn.Write([]byte{'a', 0, 0, 0, 0})
		said, _ := io.ReadAll(conn)
		answer <- string(said)
	}()
	return <-answer
}

// lockAs makes another user of the calling thread alone: setresuid(2) itself is
// about one thread.
func lockAs(uid int) {
	runtime.LockOSThread()
	if uid != 0 {
		syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
	}
}
