package tty

import (
	"os"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Window is the size of a terminal in characters.
type Window struct{ Columns, Rows uint16 }

// Open makes a pseudo-terminal of that size. The master can be waited for
// with deadlines. TIOCGPTPEER gives the other end without its path: in the lab
// /dev/pts need not be the one that it is in.
func Open(size Window) (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, say.Err("open a terminal: /dev/ptmx: %v", "打开终端：/dev/ptmx：%v", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		master.Close()
		return nil, nil, say.Err("unlock a terminal: %v", "解锁终端：%v", err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		master.Close()
		return nil, nil, say.Err("open a terminal's other end: %v", "打开终端的另一端：%v", errno)
	}
	slave = os.NewFile(peer, "tty")
	SetSize(master, size)
	return master, slave, nil
}

// SetSize says how large a terminal is. Its foreground hears of a change
// (SIGWINCH).
func SetSize(tty *os.File, size Window) {
	control(tty, func(fd int) {
		unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: size.Rows, Col: size.Columns})
	})
}

// SizeOf is how large a terminal is: 80 by 24 when it does not know.
func SizeOf(tty *os.File) Window {
	size := Window{80, 24}
	control(tty, func(fd int) {
		if now, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && now.Col > 0 && now.Row > 0 {
			size = Window{now.Col, now.Row}
		}
	})
	return size
}

// control works on an open file's descriptor. Unlike with Fd, the file keeps its
// deadlines.
func control(file *os.File, work func(fd int)) {
	if conn, err := file.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { work(int(fd)) })
	}
}
