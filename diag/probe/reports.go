package probe

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reportSocket is a non-blocking socket whose packets and errors are waited for.
type reportSocket struct {
	file *os.File // owns the descriptor; its poller is Go's
	conn syscall.RawConn
	buf  []byte
}

// newReportSocket takes a descriptor over, also when it fails; room is for the
// longest packet of interest, in bytes.
func newReportSocket(fd, room int) (s reportSocket, err error) {
	s.file, s.buf = os.NewFile(uintptr(fd), "probe"), make([]byte, room)
	if s.conn, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
	}
	return s, err
}

func (s *reportSocket) close() { s.file.Close() }

// receive hands every report to take until take returns true (nil), the
// deadline passes (os.ErrDeadlineExceeded) or ctx ends (its error).
func (s *reportSocket) receive(ctx context.Context, deadline time.Time, take func(socketReport) bool) error {
	s.file.SetReadDeadline(deadline)
	defer context.AfterFunc(ctx, func() { s.file.SetReadDeadline(time.Unix(1, 0)) })()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for {
		done := false
		err := s.conn.Read(func(fd uintptr) bool {
			for report, err := range reports(int(fd), s.buf) {
				if err == nil && take(report) {
					done = true
					return true
				}
			}
			return false
		})
		switch {
		case done:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, os.ErrClosed):
			return err
		}
		// Go's poller calls a descriptor "not pollable" when EPOLLERR comes
		// alone, that is when the error queue has an entry while the send
		// buffer is full. The next event clears that.
		if !sleepUntil(ctx, deadline, 20*time.Millisecond) {
			return os.ErrDeadlineExceeded
		}
	}
}

// reports yields what the socket has to tell now. An error that is not the
// end of it (a pending ICMP error, reported once by recvmsg) is yielded too.
func reports(fd int, buf []byte) func(yield func(socketReport, error) bool) {
	return func(yield func(socketReport, error) bool) {
		for failures := 0; failures < 64; {
			report, err := readReport(fd, buf)
			if err == unix.EAGAIN {
				return
			}
			if err != nil {
				failures++
			}
			if !yield(report, err) {
				return
			}
		}
	}
}

// sleepUntil pauses for d, and says whether there is time left after it.
func sleepUntil(ctx context.Context, deadline time.Time, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return time.Now().Before(deadline)
	case <-ctx.Done():
		return false
	}
}
