package netfilter

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

// nftAttrs are the netlink attributes of a message or a nested attribute, as they
// came. There are few of them, so that each is looked for when it is wanted.
type nftAttrs []byte

// get is the payload of an attribute, nil when there is none.
func (a nftAttrs) get(kind uint16) []byte {
	for k, value := range attr.All(a) {
		if k == kind {
			return value
		}
	}
	return nil
}

func (a nftAttrs) has(kind uint16) bool { return a.get(kind) != nil }

func (a nftAttrs) text(kind uint16) string { return attr.String(a.get(kind)) }

func (a nftAttrs) nested(kind uint16) nftAttrs { return a.get(kind) }

// value is the payload of a nested NFTA_DATA_VALUE.
func (a nftAttrs) value(kind uint16) []byte { return a.nested(kind).get(unix.NFTA_DATA_VALUE) }

// u32 is the attribute as a number, which nf_tables sends in network order.
func (a nftAttrs) u32(kind uint16) uint32 {
	if b := a.get(kind); len(b) >= 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (a nftAttrs) u64(kind uint16) uint64 {
	if b := a.get(kind); len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// nftMessage is one object of a dump and the address family of its table.
type nftMessage struct {
	family byte
	nftAttrs
}

// nftQuestion asks for objects of nf_tables: get is the type of the message,
// answer that of those which come back. attrs narrow it down.
type nftQuestion struct {
	get, answer int
	one         bool // asks for a single object, and is no dump
	family      byte
	attrs       []byte
}

// nftName appends an attribute that names something.
func nftName(attrs []byte, kind uint16, name string) []byte {
	return attr.Append(attrs, kind, append([]byte(name), 0))
}

// nftConn is a netfilter netlink socket that was opened inside a namespace. The
// answers are taken apart here and not by package nftables, whose rules leave out
// the expressions that it does not know.
type nftConn struct {
	fd     int
	answer uint16 // the message type that answers the question under way
	room   int    // the greatest buffer that was offered, in bytes
}

func openNFTConn(ns *nsenter.Namespace) (*nftConn, error) {
	c := &nftConn{room: nftRoomLeast}
	return c, ns.Do(func() (err error) {
		c.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
		return err
	})
}

func (c *nftConn) close() { unix.Close(c.fd) }

// The kernel makes the next part of a dump when one is received, as long as the
// greatest buffer that was ever offered on the socket, up to 32 KiB, but a page
// or 8 KiB anyhow (netlink_recvmsg(), netlink_dump()). Whoever may want no more
// than the beginning starts small.
const nftRoomLeast, nftRoomMost = 8192, 32768

// ask sends a question. The answer to the one before must have been read to its
// end.
func (c *nftConn) ask(q nftQuestion) error {
	const subsystem = unix.NFNL_SUBSYS_NFTABLES << 8
	const header = unix.SizeofNlMsghdr + nl.SizeofNfgenmsg
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_DUMP)
	if q.one {
		flags = unix.NLM_F_REQUEST | unix.NLM_F_ACK
	}
	c.answer = uint16(subsystem | q.answer)
	message := make([]byte, header, header+len(q.attrs))
	native := binary.NativeEndian
	native.PutUint32(message[0:], uint32(header+len(q.attrs)))
	native.PutUint16(message[4:], uint16(subsystem|q.get))
	native.PutUint16(message[6:], flags)
	message[unix.SizeofNlMsghdr], message[unix.SizeofNlMsghdr+1] = q.family, unix.NFNETLINK_V0
	return unix.Sendto(c.fd, append(message, q.attrs...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// receive reads the next part of an answer, and calls each with its objects and
// the generation that they are of. more is false behind the last part. The error
// is nl.ErrDumpInterrupted when the rules changed since the first part. The
// kernel answers before sendto() returns, so that nothing here waits.
func (c *nftConn) receive(each func(generation uint16, m nftMessage)) (more bool, err error) {
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
			each(binary.BigEndian.Uint16(body[2:]), nftMessage{body[0], nftAttrs(body[nl.SizeofNfgenmsg:])})
		}
	}
	return true, err
}

// dump reads a whole answer. The error is nl.ErrDumpInterrupted when it is not
// all of that generation.
func (c *nftConn) dump(generation uint16, q nftQuestion) (all []nftMessage, err error) {
	if err := c.ask(q); err != nil {
		return nil, err
	}
	for more := true; more; {
		var failed error
		more, failed = c.receive(func(g uint16, m nftMessage) {
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

// generation is the number that every change of the namespace's nf_tables
// raises. Objects carry its lower half.
func (c *nftConn) generation() (uint16, error) {
	if err := c.ask(nftQuestion{get: unix.NFT_MSG_GETGEN, answer: unix.NFT_MSG_NEWGEN, one: true}); err != nil {
		return 0, err
	}
	var id uint32
	for more := true; more; {
		var err error
		more, err = c.receive(func(_ uint16, m nftMessage) { id = m.u32(unix.NFTA_GEN_ID) })
		if err != nil {
			return 0, err
		}
	}
	return uint16(id), nil
}

var nfTablesSeen atomic.Bool

// nfTablesPresent is false when asking would make the kernel load nf_tables:
// nfnetlink_rcv_msg() requests the module of the subsystem it is asked about. A
// kernel with nf_tables built in has no such file on the disk.
func nfTablesPresent() bool {
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
