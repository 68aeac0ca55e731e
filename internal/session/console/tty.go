package console

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/tty"
)

// A command writes to a terminal of its own, since most programs hold back what
// they write to a pipe until there is a lot of it: of a ping that nobody answers
// nothing would be seen. It cannot read from there: its standard input is empty.

// openTTY makes a terminal that is as wide as the pane, and does nothing to what
// is written to it.
func openTTY(columns int) (outer, inner *os.File, err error) {
	outer, inner, err = tty.Open(tty.Window{Columns: uint16(max(columns, 20)), Rows: 24})
	if err != nil {
		return nil, nil, err
	}
	tty := int(inner.Fd())
	if modes, err := unix.IoctlGetTermios(tty, unix.TCGETS); err == nil {
		modes.Oflag &^= unix.OPOST
		modes.Lflag &^= unix.ECHO | unix.ISIG
		unix.IoctlSetTermios(tty, unix.TCSETS, modes)
	}
	return outer, inner, nil
}

// How long the terminal has to be silent, once the command has ended, until its
// output counts as complete; and how long one waits for that. A command in the
// background may hold the terminal, and write to it, for ever.
const (
	silentTime = 50 * time.Millisecond
	silentMost = time.Second
)

// hear takes the output from the terminal, and closes told when nothing more
// comes of a command that has ended. After that it hears on what background
// commands say, which they may not be able to live without, and forgets it.
func (r *Command) hear(outer *os.File, exited <-chan struct{}, told chan<- struct{}) {
	defer outer.Close()
	buffer := make([]byte, 1<<15)
	listening, silent := true, false
	var until time.Time
	for {
		n, err := outer.Read(buffer)
		if listening {
			r.output.Write(buffer[:n])
		}
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !late { // EIO: nobody holds the other end
			if listening {
				close(told)
			}
			return
		}
		switch {
		case !listening:
			time.Sleep(silentTime) // a flood from the background waits
			continue
		case !isClosed(exited):
			continue
		}
		if until.IsZero() {
			until = time.Now().Add(silentMost)
		}
		if late && silent || time.Now().After(until) {
			close(told)
			listening = false
			outer.SetReadDeadline(time.Time{})
			continue
		}
		silent = late
		outer.SetReadDeadline(time.Now().Add(silentTime))
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
