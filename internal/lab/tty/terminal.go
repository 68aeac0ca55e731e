package tty

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Terminal is the terminal that the lab was started from, with the modes it
// had then. A nil terminal is none.
type Terminal struct {
	fd    int
	modes unix.Termios
}

// Save remembers the modes of the terminal on standard input.
func Save() *Terminal { return Of(os.Stdin) }

// Of remembers the modes of the terminal that is open as file.
func Of(file *os.File) *Terminal {
	fd := int(file.Fd())
	modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil
	}
	return &Terminal{fd, *modes}
}

// Changed says whether the terminal has other modes now.
func (t *Terminal) Changed() bool {
	if t == nil {
		return false
	}
	now, err := unix.IoctlGetTermios(t.fd, unix.TCGETS)
	return err == nil && *now != t.modes
}

// Restore brings the modes back, and with them the main screen, the cursor and
// plain text. A shell that had the terminal's foreground and died with the lab
// leaves it to nobody: the guardian takes it back. A foreground that somebody
// else holds, such as the shell the guardian was started from, is theirs.
func (t *Terminal) Restore() {
	if t == nil {
		return
	}
	if holder, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP); err == nil && holder != unix.Getpgrp() {
		if unix.Kill(-holder, 0) != unix.ESRCH {
			return
		}
		// Otherwise the terminal stops whoever changes it from the background.
		signal.Ignore(unix.SIGTTOU)
		unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, unix.Getpgrp())
	}
	t.SetModes()
	unix.Write(t.fd, []byte("\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m"))
}

// SetModes brings the modes back, and nothing else.
func (t *Terminal) SetModes() { unix.IoctlSetTermios(t.fd, unix.TCSETS, &t.modes) }

// Raw hands every key on as it is, ctrl+c too, and every byte of output:
// cfmakeraw(3).
func (t *Terminal) Raw() error {
	raw := t.modes
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag &^= unix.CSIZE | unix.PARENB
	raw.Cflag |= unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(t.fd, unix.TCSETS, &raw)
}
