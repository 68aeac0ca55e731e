// Package nlconn is a netlink socket that was opened inside a namespace. Messages are
// given and taken as they are: package netlink has no place for much of them.
package nlconn

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"sync"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Conn is a socket of one protocol. Several may ask at the same time, one after the other.
type Conn struct {
	NS       *nsenter.Namespace
	protocol int

	asking sync.Mutex
	fd     int // closed once it is closed
	seq    uint32
}

const closed = -1

// Open opens a socket of a protocol, such as NETLINK_ROUTE, in a namespace.
func Open(ns *nsenter.Namespace, protocol int) (*Conn, error) {
	c := &Conn{NS: ns, protocol: protocol, fd: closed}
	return c, c.open()
}

func (c *Conn) open() error {
	return c.NS.Do(func() error {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, c.protocol)
		if err == nil {
			// Without an address of its own it is taken for the kernel's (do_one_broadcast()).
			if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
				unix.Close(fd)
			}
		}
		if err != nil {
			return say.At(c.NS.Name(), say.At("netlink", err))
		}
		c.fd = fd
		return nil
	})
}

// Close closes the socket.
func (c *Conn) Close() {
	if c.fd != closed {
		unix.Close(c.fd)
	}
	c.fd = closed
}

// FD is the socket's descriptor, negative once it is closed.
func (c *Conn) FD() int { return c.fd }

// parts are buffers for a part of an answer. The kernel makes those of a dump no greater than
// 32 KiB (netlink_recvmsg()), and an error repeats the question.
var parts = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// Send sends one message, and calls each with the body of every answer of that type, of any
// type when it is 0. The error is nl.ErrDumpInterrupted when the table changed meanwhile.
func (c *Conn) Send(kind, flags, answer uint16, body []byte, each func(body []byte)) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	if err := c.ask(kind, flags, body); err != nil {
		return err
	}
	interrupted := false
	for more := true; more; {
		part, err := c.part()
		if err != nil {
			return err
		}
		for m := range messages(part) {
			if m.seq != c.seq {
				continue // of a question that was given up
			}
			interrupted = interrupted || m.flags&unix.NLM_F_DUMP_INTR != 0
			if m.kind == unix.NLMSG_DONE || m.kind == unix.NLMSG_ERROR {
				if errno := -attr.Int(m.body); errno != 0 {
					return unix.Errno(errno)
				}
				more = false
				break
			}
			if answer == 0 || m.kind == answer {
				each(m.body)
			}
			if m.flags&unix.NLM_F_MULTI == 0 {
				more = false
				break
			}
		}
	}
	if interrupted {
		return nl.ErrDumpInterrupted
	}
	return nil
}

// First sends one message and calls each with the bodies in the first part of its answer
// alone. Nothing else can be asked on the socket then.
func (c *Conn) First(kind, flags, answer uint16, body []byte, each func(body []byte)) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	if err := c.ask(kind, flags, body); err != nil {
		return err
	}
	part, err := c.part()
	if err != nil {
		return err
	}
	for m := range messages(part) {
		if m.kind == answer {
			each(m.body)
		}
	}
	return nil
}

// ask sends a message.
func (c *Conn) ask(kind, flags uint16, body []byte) error {
	c.seq++
	message := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(body))
	native := binary.NativeEndian
	native.PutUint32(message[0:], uint32(cap(message)))
	native.PutUint16(message[4:], kind)
	native.PutUint16(message[6:], unix.NLM_F_REQUEST|flags)
	native.PutUint32(message[8:], c.seq)
	return unix.Sendto(c.fd, append(message, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// part is the next part of an answer, the caller's own. The kernel answers before sendto()
// returns, and goes on with a dump within recvmsg(), so that nothing here waits.
func (c *Conn) part() ([]byte, error) {
	buf := parts.Get().(*[64 << 10]byte)
	defer parts.Put(buf)
	for {
		n, from, err := unix.Recvfrom(c.fd, buf[:], unix.MSG_DONTWAIT)
		switch sender, ok := from.(*unix.SockaddrNetlink); {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case ok && sender.Pid == 0: // the kernel, and no process that found the socket's number
			return append([]byte(nil), buf[:n]...), nil
		}
	}
}

// message is one in a part.
type message struct {
	kind, flags uint16
	seq         uint32
	body        []byte
}

// messages are those of a part.
func messages(b []byte) iter.Seq[message] {
	return func(yield func(message) bool) {
		for len(b) >= unix.SizeofNlMsghdr {
			native := binary.NativeEndian
			size := int(native.Uint32(b))
			if size < unix.SizeofNlMsghdr || size > len(b) {
				return
			}
			m := message{native.Uint16(b[4:]), native.Uint16(b[6:]), native.Uint32(b[8:]), b[unix.SizeofNlMsghdr:size:size]}
			if !yield(m) {
				return
			}
			b = b[min(attr.Align(size), len(b)):]
		}
	}
}

// Whole has ask read a whole table, and again where the kernel tells that the table has
// changed under it (NLM_F_DUMP_INTR): what ask has collected before counts no more then. It
// is false of a table that this kernel was built without.
func (c *Conn) Whole(ctx context.Context, ask func() error) (there bool, err error) {
	for try := 1; ; try++ {
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		err := ask()
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EAFNOSUPPORT):
			return false, nil
		case try == attr.DumpTries:
			return false, err
		case errors.Is(err, nl.ErrDumpInterrupted):
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS):
			c.Close() // the rest of the dump is still in it
			if err := c.open(); err != nil {
				return false, err
			}
		default:
			return false, err
		}
	}
}
