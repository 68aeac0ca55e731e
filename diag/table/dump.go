package table

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/attr/nlconn"
	"nstutor/internal/nsenter"
)

// dumpConn is an rtnetlink socket. The messages are parsed here and not by package
// netlink, which has no place for the neighbours' ages, the link modes and the devices'
// IPv4 settings.
type dumpConn struct {
	*nlconn.Conn
	kept attr.Answers
}

func openDumpConn(ns *nsenter.Namespace) (*dumpConn, error) {
	c, err := nlconn.Open(ns, unix.NETLINK_ROUTE)
	return &dumpConn{Conn: c}, err
}

// request sends one message and calls each with the body of every answer of
// type answer.
func (c *dumpConn) request(kind, flags, answer uint16, body []byte, each func(body []byte)) error {
	key := func() string { return string([]byte{byte(kind), byte(flags), byte(flags >> 8)}) + string(body) }
	return c.kept.Once(key, each, func(each func([]byte)) error { return c.Send(kind, flags, answer, body, each) })
}

// dumpTable reads a whole table: parse is given the body of each answer, and
// says whether it yields a row. A table that this kernel was built without is empty.
func dumpTable[T any](ctx context.Context, c *dumpConn, kind, answer uint16, body []byte, parse func([]byte) (T, bool)) ([]T, error) {
	rows := []T{}
	there, err := c.Whole(ctx, func() error {
		rows = rows[:0]
		return c.request(kind, unix.NLM_F_DUMP, answer, body, func(body []byte) {
			if row, ok := parse(body); ok {
				rows = append(rows, row)
			}
		})
	})
	if !there {
		rows = rows[:0]
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// userHZ is the unit of the ages the kernel reports, on every architecture Go
// runs on.
const userHZ = 100

func clockTicks(n uint32) time.Duration { return time.Duration(n) * time.Second / userHZ }
