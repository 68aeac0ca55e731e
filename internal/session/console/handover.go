package console

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
	"unsafe"

	"nstutor/internal/lab/door"

	"golang.org/x/sys/unix"
)

// Handover gives the terminal to the learner's own shell, and takes it back.
// The course goes on meanwhile, unseen: whatever the shell changes is noticed
// while it runs.
type Handover struct {
	Program interface {
		ReleaseTerminal() error
		RestoreTerminal() error
	}
	Canvas  Canvas
	In, Out *os.File

	turn sync.Mutex // held while the shell has the terminal
	mu   sync.Mutex
	end  context.CancelFunc // of the shell that runs; nil: none
	over bool               // the program ends: no shell begins
}

// Canvas is whatever draws on the terminal: it stays out of the way between
// leave and back.
type Canvas interface {
	Leave()
	Back()
}

// Shell runs the learner's shell to its end. Its exit status is its own affair.
func (h *Hands) Shell(netns, hello string) error {
	t := h.Terminal
	t.turn.Lock()
	defer t.turn.Unlock()
	ctx, ok := t.begin(h.ctx)
	if !ok {
		return nil
	}
	defer t.ended()
	t.Canvas.Leave()
	if err := t.Program.ReleaseTerminal(); err != nil {
		t.Canvas.Back()
		return err
	}
	io.WriteString(t.Out, "\r\x1b[K"+hello+"\n")
	go wakeStopped(ctx)
	_, err := door.Attend(ctx, h.Lab, netns, t.In, t.Out)
	if ctx.Err() != nil {
		err = nil
	}
	io.WriteString(t.Out, plainTerminal)
	if back := t.Program.RestoreTerminal(); err == nil {
		err = back
	}
	t.Canvas.Back()
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
func (t *Handover) begin(ctx context.Context) (context.Context, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil, false
	}
	ctx, t.end = context.WithCancel(ctx)
	return ctx, true
}

func (t *Handover) ended() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
	t.end = nil
}

// TakeBack ends the shell, if there is one, and returns when the terminal is
// the course's own: the program may end now.
func (t *Handover) TakeBack() {
	t.mu.Lock()
	t.over = true
	if t.end != nil {
		t.end()
	}
	t.mu.Unlock()
	t.turn.Lock()
	defer t.turn.Unlock()
}
