// Package nfnl asks nf_tables over netlink (nfnetlink, struct nfgenmsg): one socket
// inside a namespace, questions, and the objects of the answers as they came.
package nfnl

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// Attrs are the netlink attributes of a message or a nested attribute, as they
// came. There are few of them, so that each is looked for when it is wanted.
type Attrs []byte

// Get is the payload of an attribute, nil when there is none.
func (a Attrs) Get(kind uint16) []byte {
	for k, value := range attr.All(a) {
		if k == kind {
			return value
		}
	}
	return nil
}

func (a Attrs) Has(kind uint16) bool { return a.Get(kind) != nil }

func (a Attrs) Text(kind uint16) string { return attr.String(a.Get(kind)) }

func (a Attrs) Nested(kind uint16) Attrs { return a.Get(kind) }

// Value is the payload of a nested NFTA_DATA_VALUE.
func (a Attrs) Value(kind uint16) []byte { return a.Nested(kind).Get(unix.NFTA_DATA_VALUE) }

// Uint16 is the attribute as a number, which nf_tables sends in network order.
func (a Attrs) Uint16(kind uint16) uint16 {
	if b := a.Get(kind); len(b) >= 2 {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 is the attribute as a number, which nf_tables sends in network order.
func (a Attrs) Uint32(kind uint16) uint32 {
	if b := a.Get(kind); len(b) >= 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (a Attrs) Uint64(kind uint16) uint64 {
	if b := a.Get(kind); len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Message is one object of a dump and the address family of its table.
type Message struct {
	Family byte
	Attrs
}

// Question asks for objects of nf_tables: get is the type of the message,
// answer that of those which come back. attrs narrow it down.
type Question struct {
	Get, Answer int
	One         bool // asks for a single object, and is no dump
	Family      byte
	Attrs       []byte
}

// Name appends an attribute that names something.
func Name(attrs []byte, kind uint16, name string) []byte {
	return attr.Append(attrs, kind, append([]byte(name), 0))
}

// Conn is a netfilter netlink socket that was opened inside a namespace. The
// answers are taken apart here and not by package nftables, whose rules leave out
// the expressions that it does not know.
type Conn struct {
	fd     int
	answer uint16 // the message type that answers the question under way
	room   int    // the greatest buffer that was offered, in bytes
}

func Open(ns *nsenter.Namespace) (*Conn, error) {
	c := &Conn{room: nftRoomLeast}
	return c, ns.Do(func() (err error) {
		c.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
		return err
	})
}

func (c *Conn) Close() { unix.Close(c.fd) }

// The kernel makes the next part of a dump when one is received, as long as the
// greatest buffer that was ever offered on the socket, up to 32 KiB, but a page
// or 8 KiB anyhow (netlink_recvmsg(), netlink_dump()). Whoever may want no more
// than the beginning starts small.
const nftRoomLeast, nftRoomMost = 8192, 32768

// Ask sends a question. The answer to the one before must have been read to its
// end.
func (c *Conn) Ask(q Question) error {
	const subsystem = unix.NFNL_SUBSYS_NFTABLES << 8
	const header = unix.SizeofNlMsghdr + nl.SizeofNfgenmsg
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_DUMP)
	if q.One {
		flags = unix.NLM_F_REQUEST | unix.NLM_F_ACK
	}
	c.answer = uint16(subsystem | q.Answer)
	message := make([]byte, header, header+len(q.Attrs))
	native := binary.NativeEndian
	native.PutUint32(message[0:], uint32(header+len(q.Attrs)))
	native.PutUint16(message[4:], uint16(subsystem|q.Get))
	native.PutUint16(message[6:], flags)
	message[unix.SizeofNlMsghdr], message[unix.SizeofNlMsghdr+1] = q.Family, unix.NFNETLINK_V0
	return unix.Sendto(c.fd, append(message, q.Attrs...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// Receive reads the next part of an answer, and calls each with its objects and
// the generation that they are of. more is false behind the last part. The error
// is nl.ErrDumpInterrupted when the rules changed since the first part. The
// kernel answers before sendto() returns, so that nothing here waits.
func (c *Conn) Receive(each func(generation uint16, m Message)) (more bool, err error) {
	buf := make([]byte, c.room)
	n, _, err := unix.Recvfrom(c.fd, buf, unix.MSG_DONTWAIT)
	for err == unix.EINTR {
		n, _, err = unix.Recvfrom(c.fd, buf, unix.MSG_DONTWAIT)
	}
	if err != nil {
		return false, err
	}
	c.room = min(2*c.room, nftRoomMost) // this part was made for less
	for b := buf[:n]; len(b) >= unix.SizeofNlMsghdr; {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return false, unix.EBADMSG
		}
		body := b[unix.SizeofNlMsghdr:size]
		kind, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
		b = b[min(attr.Align(size), len(b)):]
		if flags&unix.NLM_F_DUMP_INTR != 0 {
			err = nl.ErrDumpInterrupted
		}
		switch {
		case kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR:
			if errno := attr.Int(body); errno < 0 {
				err = unix.Errno(-errno)
			}
			return false, err
		case kind == c.answer && len(body) >= nl.SizeofNfgenmsg && each != nil:
			each(binary.BigEndian.Uint16(body[2:]), Message{body[0], Attrs(body[nl.SizeofNfgenmsg:])})
		}
	}
	return true, err
}

// Dump reads a whole answer. The error is nl.ErrDumpInterrupted when it is not
// all of that generation.
func (c *Conn) Dump(generation uint16, q Question) (all []Message, err error) {
	if err := c.Ask(q); err != nil {
		return nil, err
	}
	for more := true; more; {
		var failed error
		more, failed = c.Receive(func(g uint16, m Message) {
			if g != generation {
				err = nl.ErrDumpInterrupted
			}
			all = append(all, m)
		})
		if err == nil {
			err = failed
		}
		if failed != nil && failed != nl.ErrDumpInterrupted {
			break
		}
	}
	if err == unix.ENOENT {
		err = nl.ErrDumpInterrupted // what was asked for by name has gone
	}
	return all, err
}

// Generation is the number that every change of the namespace's nf_tables
// raises. Objects carry its lower half.
func (c *Conn) Generation() (uint16, error) {
	if err := c.Ask(Question{Get: unix.NFT_MSG_GETGEN, Answer: unix.NFT_MSG_NEWGEN, One: true}); err != nil {
		return 0, err
	}
	var id uint32
	for more := true; more; {
		var err error
		more, err = c.Receive(func(_ uint16, m Message) { id = m.Uint32(unix.NFTA_GEN_ID) })
		if err != nil {
			return 0, err
		}
	}
	return uint16(id), nil
}

var nfTablesSeen atomic.Bool

// Present is false when asking would make the kernel load nf_tables:
// nfnetlink_rcv_msg() requests the module of the subsystem it is asked about. A
// kernel with nf_tables built in has no such file on the disk.
func Present() bool {
	if nfTablesSeen.Load() {
		return true
	}
	if _, err := os.Stat("/sys/module/nf_tables"); err != nil {
		var uts unix.Utsname
		if err := unix.Uname(&uts); err != nil {
			return true
		}
		dir := filepath.Join("/lib/modules", attr.String(uts.Release[:]), "kernel/net/netfilter")
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if strings.HasPrefix(f.Name(), "nf_tables.ko") {
				return false
			}
		}
	}
	nfTablesSeen.Store(true)
	return true
}
