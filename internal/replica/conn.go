package replica

import (
	"bytes"
	"context"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr/nlconn"
	"nstutor/internal/nsenter"
)

// conn is a netlink socket of a protocol.
type conn struct {
	*nlconn.Conn
	protocol int
}

// dial opens an rtnetlink socket.
func dial(ns *nsenter.Namespace) (*conn, error) { return dialProtocol(ns, unix.NETLINK_ROUTE) }

func dialProtocol(ns *nsenter.Namespace, protocol int) (*conn, error) {
	c, err := nlconn.Open(ns, protocol)
	return &conn{c, protocol}, err
}

// dump reads a whole table. One that this kernel was built without is empty.
func (c *conn) dump(get uint16, body []byte) (rows [][]byte, err error) {
	there, err := c.Whole(context.Background(), func() error {
		rows = nil
		return c.send(get, unix.NLM_F_DUMP, body, func(row []byte) { rows = append(rows, bytes.Clone(row)) })
	})
	if !there {
		return nil, err
	}
	return rows, nil
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
	return c.Send(kind, flags, c.answerTo(kind), body, each)
}
