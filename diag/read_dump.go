package diag

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// dumpTries is how often a dump is begun again because the table changed
// meanwhile, before the caller is told.
const dumpTries = 50

// dumpConn is an rtnetlink socket that was opened inside a namespace. The
// messages are parsed here and not by package netlink, which has no place for
// the neighbours' ages, the link modes and the devices' IPv4 settings.
type dumpConn struct {
	ns      *nsenter.Namespace
	sockets map[int]*nl.SocketHandle
}

func openDumpConn(ns *nsenter.Namespace) (*dumpConn, error) {
	c := &dumpConn{ns: ns}
	return c, c.open()
}

func (c *dumpConn) open() error {
	return c.ns.Do(func() error {
		socket, err := nl.Subscribe(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("%s: rtnetlink: %w", c.ns.Name(), err)
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
	return req.ExecuteIter(unix.NETLINK_ROUTE, answer, func(body []byte) bool {
		each(body)
		return true
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
		case try == dumpTries:
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

// rtAttrs walks the attributes in b: their types without the flag bits, and
// their payloads. It stops at the first malformed one.
func rtAttrs(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= unix.SizeofRtAttr {
			size := int(binary.NativeEndian.Uint16(b))
			if size < unix.SizeofRtAttr || size > len(b) {
				return
			}
			kind := binary.NativeEndian.Uint16(b[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
			if !yield(kind, b[unix.SizeofRtAttr:size]) {
				return
			}
			b = b[min(nlAlign(size), len(b)):]
		}
	}
}

func nlAlign(n int) int { return (n + 3) &^ 3 }

// attrU32 is the payload as a number, 0 when it is too short for one.
func attrU32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(b)
}

func attrInt(b []byte) int { return int(int32(attrU32(b))) }

func attrU8(b []byte) int {
	if len(b) < 1 {
		return 0
	}
	return int(b[0])
}

// attrString is the payload up to its terminating zero.
func attrString(b []byte) string { return unix.ByteSliceToString(b) }

// attrAddr is the payload as an address, invalid when it has not 4 or 16 bytes.
func attrAddr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// attrPrefix is an address with its prefix length; for an absent address it is
// the unspecified one of the family.
func attrPrefix(b []byte, bits byte, family byte) netip.Prefix {
	a := attrAddr(b)
	switch {
	case a.IsValid():
	case family == unix.AF_INET6:
		a = netip.IPv6Unspecified()
	default:
		a = netip.IPv4Unspecified()
	}
	return netip.PrefixFrom(a, int(bits))
}

// userHZ is the unit of the ages the kernel reports, on every architecture Go
// runs on.
const userHZ = 100

func clockTicks(n uint32) time.Duration { return time.Duration(n) * time.Second / userHZ }
