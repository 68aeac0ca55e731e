package door

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"

	"nstutor/internal/lab"
	"nstutor/internal/lab/tty"
	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// ErrLabEnded is what a visitor hears when the lab ends before the shell.
var ErrLabEnded = say.Err("the lab has ended, and the shell with it", "实验网络已结束，其中的 shell 也随之结束")

// ErrNoTerminal says that a shell was asked for where there is no terminal to
// show it on.
var ErrNoTerminal = say.Err("a shell needs a terminal", "shell 需要终端")

// NoNetnsError says that there is no namespace of that name, and which there are.
type NoNetnsError struct {
	Netns string
	Names []string
}

// In is the sentence in a language.
func (e *NoNetnsError) In(lang string) string {
	return say.T("the lab has no network namespace %s; it has %s", "实验网络中没有网络命名空间 %s；现有：%s",
		e.Netns, say.List(e.Names...)).In(lang)
}

func (e *NoNetnsError) Error() string { return e.In("en") }

func (e *NoNetnsError) Unwrap() error { return lab.ErrNoNamespace }

// visit asks for a shell in netns at the other end of conn and shows it on the
// terminal of in and out until it ends.
func visit(ctx context.Context, conn net.Conn, netns string, in, out *os.File) (exit int, err error) {
	terminal := tty.Of(in)
	if terminal == nil {
		return 0, ErrNoTerminal
	}
	// Whoever waits for conn hears of the end of ctx.
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	v := &visitor{conn: conn, from: bufio.NewReader(conn)}
	if err := v.enter(netns, tty.SizeOf(in)); err != nil {
		return 0, say.Join(ctx.Err(), err)
	}
	if err := terminal.Raw(); err != nil {
		return 0, say.Err("make the terminal raw: %v", "把终端切换到原始模式：%v", err)
	}
	stop := v.relay(in)
	exit, err = v.show(out)
	stop()
	if err != nil {
		terminal.Restore()
		return 0, say.Join(ctx.Err(), err)
	}
	terminal.SetModes()
	return exit, nil
}

// visitor is the side of the terminal.
type visitor struct {
	conn net.Conn
	from *bufio.Reader

	mu sync.Mutex // holds frames apart that are sent
}

func (v *visitor) send(kind byte, payload []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return sendFrame(v.conn, kind, payload)
}

// enter asks for a shell.
func (v *visitor) enter(netns string, size tty.Window) error {
	asked := invitation{Netns: netns, Variables: ofTerminal(environment()), Window: size}
	if err := sendValue(v.conn, frameShell, asked); err != nil {
		return ErrLabEnded
	}
	kind, payload, err := receiveFrame(v.from)
	switch {
	case err != nil:
		return ErrLabEnded
	case kind == frameWelcome:
		return nil
	}
	var no refused
	if err := json.Unmarshal(payload, &no); err != nil {
		return say.Err("the lab's answer: %v", "实验网络的应答：%v", err)
	}
	if len(no.Names) > 0 {
		return &NoNetnsError{netns, no.Names}
	}
	return say.Err("%v", "%v", say.Unpack(no.Reason))
}

// show writes the shell's output until it ends, and returns its exit status.
func (v *visitor) show(out *os.File) (int, error) {
	for {
		kind, payload, err := receiveFrame(v.from)
		if err != nil {
			return 0, ErrLabEnded
		}
		switch {
		case kind == frameOutput:
			if _, err := out.Write(payload); err != nil {
				return 0, err
			}
		case kind == frameExit && len(payload) == 4:
			return int(binary.BigEndian.Uint32(payload)), nil
		}
	}
}

// relay sends what is typed, and the terminal's new size when it changes. When
// stop returns, nothing reads the terminal any more: the next key is for whoever
// comes after.
func (v *visitor) relay(in *os.File) (stop func()) {
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	wake, quit, err := os.Pipe()
	if err != nil {
		v.conn.Close()
		return func() { signal.Stop(resized) }
	}
	var both sync.WaitGroup
	both.Go(func() { v.typed(in, wake) })
	ended := make(chan struct{})
	both.Go(func() {
		for {
			select {
			case <-resized:
				if payload, err := json.Marshal(tty.SizeOf(in)); err == nil {
					v.send(frameWindow, payload)
				}
			case <-ended:
				return
			}
		}
	})
	return func() {
		signal.Stop(resized)
		v.conn.Close() // a key that nobody takes
		close(ended)
		quit.Close()
		both.Wait()
		wake.Close()
	}
}

// typed sends what comes from in, until wake is closed at its other end.
func (v *visitor) typed(in, wake *os.File) {
	buf := make([]byte, 4096)
	fd := int(in.Fd())
	for {
		both := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(wake.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Poll(both, -1); err == unix.EINTR {
			continue
		} else if err != nil || both[1].Revents != 0 {
			return
		}
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		// The end of what is typed is a terminal that was closed.
		if n <= 0 || v.send(frameInput, buf[:n]) != nil {
			v.conn.Close()
			return
		}
	}
}

// ofTerminal chooses the variables that belong to the terminal and its user's
// habits, not to the place where the shell runs.
func ofTerminal(variables map[string]string) map[string]string {
	chosen := map[string]string{}
	for name, value := range variables {
		switch name {
		case "TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "TZ", "SHELL":
			chosen[name] = value
		default:
			if strings.HasPrefix(name, "LC_") {
				chosen[name] = value
			}
		}
	}
	return chosen
}

func environment() map[string]string {
	variables := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	return variables
}
