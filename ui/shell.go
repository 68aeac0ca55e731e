package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
	"unsafe"

	"nstutor/ui/screen"
	"nstutor/ui/words"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"
)

// handover gives the terminal to the learner's own shell, and takes it back.
// The course goes on meanwhile, unseen: whatever the shell changes is noticed
// while it runs.
type handover struct {
	program interface {
		ReleaseTerminal() error
		RestoreTerminal() error
	}
	painter *painter
	in, out *os.File

	turn sync.Mutex // held while the shell has the terminal
	mu   sync.Mutex
	end  context.CancelFunc // of the shell that runs; nil: none
	over bool               // the program ends: no shell begins
}

// shellMsg: the shell has ended, or there was none.
type shellMsg struct{ err error }

// openShell opens the learner's shell in the namespace that a command would go
// to.
func (m *Model) openShell() tea.Cmd {
	h, netns, hello := m.hands, m.typingNetns(), m.Say(words.ShellHello, m.typingNetns())
	if m.world.gone(netns) {
		m.stage.err = errGone(netns)
		return nil
	}
	m.typed++
	m.typing.worked = m.stage.gen
	return func() (msg tea.Msg) {
		defer func() {
			if p := recover(); p != nil {
				msg = fatalMsg{panicError(p)}
			}
		}()
		return shellMsg{h.shell(netns, hello)}
	}
}

// takeShell: the learner is back. What the shell changed may be nothing that
// anybody reports.
func (m *Model) takeShell(msg shellMsg) tea.Cmd {
	if msg.err != nil {
		m.stage.err = errors.New(m.Say(words.ShellFailed, screen.OneLine(msg.err.Error())))
	}
	return m.altered()
}

// errGone is what ip says of a namespace that is not there.
type errGone string

func (e errGone) Error() string {
	return `Cannot open network namespace "` + string(e) + `": No such file or directory`
}

// shell runs the learner's shell to its end. Its exit status is its own affair.
func (h *hands) shell(netns, hello string) error {
	t := h.terminal
	t.turn.Lock()
	defer t.turn.Unlock()
	ctx, ok := t.begin(h.ctx)
	if !ok {
		return nil
	}
	defer t.ended()
	t.painter.leave()
	if err := t.program.ReleaseTerminal(); err != nil {
		t.painter.back()
		return err
	}
	io.WriteString(t.out, "\r\x1b[K"+hello+"\n")
	go wakeStopped(ctx)
	_, err := h.lab.Attend(ctx, netns, t.in, t.out)
	if ctx.Err() != nil {
		err = nil
	}
	io.WriteString(t.out, plainTerminal)
	if back := t.program.RestoreTerminal(); err == nil {
		err = back
	}
	t.painter.back()
	return err
}

// wakePause is how often a shell that has stopped itself is looked for.
const wakePause = 300 * time.Millisecond

// wakeStopped lets a shell go on that has stopped itself, by `suspend`: there is
// no shell above it that could. waitid(2) tells of children that have stopped
// without taking the end of any from whoever waits for it.
func wakeStopped(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wakePause):
		}
		// siginfo_t, with si_pid behind three int and the padding of a union
		// that is aligned like a pointer.
		info := struct {
			signo, errno, code int32
			child              struct {
				_   [0]uintptr
				pid int32
			}
			_ [128]byte
		}{}
		for {
			err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WSTOPPED|unix.WNOHANG, nil)
			if err != nil || info.child.pid == 0 {
				break
			}
			unix.Kill(int(info.child.pid), unix.SIGCONT)
			info.child.pid = 0
		}
	}
}

// plainTerminal takes back what a program that was killed may have left: the
// keypad's and the cursor keys' other codes, the mouse, colours.
const plainTerminal = "\x1b[?1l\x1b>\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[0m"

// begin notes that a shell has the terminal, unless the program ends.
func (t *handover) begin(ctx context.Context) (context.Context, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil, false
	}
	ctx, t.end = context.WithCancel(ctx)
	return ctx, true
}

func (t *handover) ended() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
	t.end = nil
}

// takeBack ends the shell, if there is one, and returns when the terminal is
// the course's own: the program may end now.
func (t *handover) takeBack() {
	t.mu.Lock()
	t.over = true
	if t.end != nil {
		t.end()
	}
	t.mu.Unlock()
	t.turn.Lock()
	defer t.turn.Unlock()
}
