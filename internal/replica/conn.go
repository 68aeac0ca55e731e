package replica

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// conn is a netlink socket that was opened inside a namespace. The messages are
// taken and given as they are: package netlink has no place for much of them.
type conn struct {
	ns       *nsenter.Namespace
	protocol int
	sockets  map[int]*nl.SocketHandle
}

// dial opens an rtnetlink socket.
func dial(ns *nsenter.Namespace) (*conn, error) { return dialProtocol(ns, unix.NETLINK_ROUTE) }

func dialProtocol(ns *nsenter.Namespace, protocol int) (*conn, error) {
	c := &conn{ns: ns, protocol: protocol}
	return c, c.open()
}

func (c *conn) open() error {
	return c.ns.Do(func() error {
		socket, err := nl.Subscribe(c.protocol)
		if err != nil {
			return say.At(c.ns.Name()+": netlink", err)
		}
		c.sockets = map[int]*nl.SocketHandle{c.protocol: {Socket: socket}}
		return nil
	})
}

func (c *conn) close() {
	for _, s := range c.sockets {
		s.Close()
	}
	c.sockets = nil
}

// dump reads a whole table, again when it changed meanwhile. One that this kernel
// was built without is empty.
func (c *conn) dump(get uint16, body []byte) (rows [][]byte, err error) {
	for try := 1; ; try++ {
		rows = nil
		err = c.send(get, unix.NLM_F_DUMP, body, func(row []byte) { rows = append(rows, append([]byte(nil), row...)) })
		switch {
		case err == nil:
			return rows, nil
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EAFNOSUPPORT):
			return nil, nil
		case try == attr.DumpTries:
			return nil, err
		case errors.Is(err, nl.ErrDumpInterrupted):
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS):
			c.close() // the rest of the dump is still in it
			if err := c.open(); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// do asks for a change and waits for the kernel's answer.
func (c *conn) do(kind, flags uint16, body []byte) error {
	return c.send(kind, flags|unix.NLM_F_ACK, body, func([]byte) {})
}

// answerTo is the type of the messages that answer a question: that of the object's
// making, which in rtnetlink is two numbers before (RTM_GETLINK, RTM_NEWLINK).
func (c *conn) answerTo(get uint16) uint16 {
	switch {
	case c.protocol == unix.NETLINK_ROUTE:
		return get &^ 3
	case get == xfrmGetPolicy:
		return xfrmNewPolicy
	}
	return xfrmNewSA
}

// send sends a message; each is called with the answers to a question.
func (c *conn) send(kind, flags uint16, body []byte, each func([]byte)) error {
	req := nl.NetlinkRequest{
		NlMsghdr: unix.NlMsghdr{Len: unix.SizeofNlMsghdr, Type: kind, Flags: unix.NLM_F_REQUEST | flags},
		Sockets:  c.sockets,
	}
	req.AddRawData(body)
	return req.ExecuteIter(c.protocol, c.answerTo(kind), func(row []byte) bool {
		each(row)
		return true
	})
}
