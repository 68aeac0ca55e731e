package table

import (
	"context"
	"errors"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// dumpConn is an rtnetlink socket that was opened inside a namespace. The
// messages are parsed here and not by package netlink, which has no place for
// the neighbours' ages, the link modes and the devices' IPv4 settings.
type dumpConn struct {
	ns      *nsenter.Namespace
	sockets map[int]*nl.SocketHandle
	kept    attr.Answers
}

func openDumpConn(ns *nsenter.Namespace) (*dumpConn, error) {
	c := &dumpConn{ns: ns}
	return c, c.open()
}

func (c *dumpConn) open() error {
	return c.ns.Do(func() error {
		socket, err := nl.Subscribe(unix.NETLINK_ROUTE)
		if err != nil {
			return say.At(c.ns.Name(), say.At("rtnetlink", err))
		}
		c.sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: socket}}
		return nil
	})
}

func (c *dumpConn) close() {
	for _, s := range c.sockets {
		s.Close()
	}
	c.sockets = nil
}

// request sends one message and calls each with the body of every answer of
// type answer.
func (c *dumpConn) request(kind, flags, answer uint16, body []byte, each func(body []byte)) error {
	req := nl.NetlinkRequest{
		NlMsghdr: unix.NlMsghdr{Len: unix.SizeofNlMsghdr, Type: kind, Flags: unix.NLM_F_REQUEST | flags},
		Sockets:  c.sockets,
	}
	req.AddRawData(body)
	key := func() string { return string([]byte{byte(kind), byte(flags), byte(flags >> 8)}) + string(body) }
	return c.kept.Once(key, each, func(each func([]byte)) error {
		return req.ExecuteIter(unix.NETLINK_ROUTE, answer, func(body []byte) bool {
			each(body)
			return true
		})
	})
}

// dumpTable reads a whole table: parse is given the body of each answer, and
// says whether it yields a row. The dump starts over when the kernel tells that
// the table changed under it (NLM_F_DUMP_INTR). A table that this kernel was
// built without is empty.
func dumpTable[T any](ctx context.Context, c *dumpConn, kind, answer uint16, body []byte, parse func([]byte) (T, bool)) ([]T, error) {
	rows := []T{}
	for try := 1; ; try++ {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		rows = rows[:0]
		err := c.request(kind, unix.NLM_F_DUMP, answer, body, func(body []byte) {
			if row, ok := parse(body); ok {
				rows = append(rows, row)
			}
		})
		switch {
		case err == nil:
			return rows, nil
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EAFNOSUPPORT):
			return rows[:0], nil
		case try == attr.DumpTries:
			return nil, err
		case errors.Is(err, nl.ErrDumpInterrupted):
			continue
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS):
			// The rest of the dump is still in the socket: take a new one.
			c.close()
			if err := c.open(); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// userHZ is the unit of the ages the kernel reports, on every architecture Go
// runs on.
const userHZ = 100

func clockTicks(n uint32) time.Duration { return time.Duration(n) * time.Second / userHZ }
