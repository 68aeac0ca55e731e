// Package nlconn is a netlink socket that was opened inside a namespace. Messages are
// given and taken as they are: package netlink has no place for much of them.
package nlconn

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Conn is a socket of one protocol.
type Conn struct {
	NS       *nsenter.Namespace
	protocol int
	sockets  map[int]*nl.SocketHandle
}

// Open opens a socket of a protocol, such as NETLINK_ROUTE, in a namespace.
func Open(ns *nsenter.Namespace, protocol int) (*Conn, error) {
	c := &Conn{NS: ns, protocol: protocol}
	return c, c.open()
}

func (c *Conn) open() error {
	return c.NS.Do(func() error {
		socket, err := nl.Subscribe(c.protocol)
		if err != nil {
			return say.At(c.NS.Name(), say.At("netlink", err))
		}
		c.sockets = map[int]*nl.SocketHandle{c.protocol: {Socket: socket}}
		return nil
	})
}

// Close closes the socket.
func (c *Conn) Close() {
	for _, s := range c.sockets {
		s.Close()
	}
	c.sockets = nil
}

// Socket is the socket itself, nil once it is closed.
func (c *Conn) Socket() *nl.NetlinkSocket {
	if s, ok := c.sockets[c.protocol]; ok {
		return s.Socket
	}
	return nil
}

// Send sends one message, and calls each with the body of every answer of that type.
func (c *Conn) Send(kind, flags, answer uint16, body []byte, each func(body []byte)) error {
	req := nl.NetlinkRequest{
		NlMsghdr: unix.NlMsghdr{Len: unix.SizeofNlMsghdr, Type: kind, Flags: unix.NLM_F_REQUEST | flags},
		Sockets:  c.sockets,
	}
	req.AddRawData(body)
	return req.ExecuteIter(c.protocol, answer, func(body []byte) bool {
		each(body)
		return true
	})
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
