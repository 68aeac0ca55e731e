package labtest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// The bits of <linux/netfilter/nf_conntrack_common.h> that an entry of
// FillConntrack has, ip_conntrack_status.
const (
	conntrackSeenReply = 1 << 1
	conntrackAssured   = 1 << 2
	conntrackConfirmed = 1 << 3
)

// conntrackBatch is how many entries one datagram makes. So many errors have to
// fit in the socket's receive buffer, of 208 KiB by default.
const conntrackBatch = 128

// conntrackSources is how many addresses 198.18.0.0/15 has, the network for
// benchmarks (RFC 2544): the entries' sources, once with every source port.
const conntrackSources = 1 << 17

// FillConntrack puts that many entries into the connection tracking table of ns,
// or fewer when the table is full before; those that a former call made count.
// They are answered UDP flows that end in an hour, so the kernel gives up none of
// them to make room for another flow (early_drop()). In a namespace whose rules
// use connection tracking, a table with nf_conntrack_max entries makes the kernel
// drop every packet of a flow that is not among them.
//
// Flows that are in the table already keep their places, and leave them to others
// when they end, as a ping does after half a minute: FlushConntrack first.
//
// An entry takes 400 bytes of the kernel's memory, and 3 µs to make; with more
// than two for each bucket of the hash table (nf_conntrack_buckets), longer.
func FillConntrack(ns *nsenter.Namespace, entries int) error {
	fd, err := conntrackSocket(ns)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var batch []byte
	for i := range entries {
		batch = appendConntrack(batch, nl.IPCTNL_MSG_CT_NEW, unix.NLM_F_CREATE, conntrackFlow(i))
		if (i+1)%conntrackBatch != 0 && i+1 != entries {
			continue
		}
		// __nf_conntrack_alloc() says ENOMEM when the table is full.
		if err := conntrackSend(fd, batch); errors.Is(err, unix.ENOMEM) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: make conntrack entries: %w", ns.Name(), err)
		}
		batch = batch[:0]
	}
	return nil
}

// FlushConntrack deletes all entries of ns, as `conntrack -F` does.
func FlushConntrack(ns *nsenter.Namespace) error {
	fd, err := conntrackSocket(ns)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := conntrackSend(fd, appendConntrack(nil, nl.IPCTNL_MSG_CT_DELETE, 0, nil)); err != nil {
		return fmt.Errorf("%s: flush conntrack: %w", ns.Name(), err)
	}
	return nil
}

func conntrackSocket(ns *nsenter.Namespace) (fd int, err error) {
	err = ns.Do(func() error {
		fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
		return err
	})
	if err != nil {
		return -1, fmt.Errorf("%s: nfnetlink: %w", ns.Name(), err)
	}
	return fd, nil
}

// conntrackSend sends messages, and returns the first error that one of them
// met. When sendto(2) comes back, the kernel has handled them all: it is silent
// about those that succeeded, and the other answers are in the socket.
func conntrackSend(fd int, messages []byte) error {
	if err := unix.Sendto(fd, messages, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var answer [unix.SizeofNlMsghdr + 4]byte
	n, _, err := unix.Recvfrom(fd, answer[:], unix.MSG_DONTWAIT)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return err
	case n < len(answer) || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR:
		return fmt.Errorf("unexpected answer %x", answer[:n])
	}
	// A struct nlmsgerr begins with a negative errno.
	return unix.Errno(-int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])))
}

// appendConntrack appends a message to nfnetlink's part for conntrack.
func appendConntrack(b []byte, kind, flags uint16, attributes []byte) []byte {
	const family = unix.AF_INET
	native := binary.NativeEndian
	b = native.AppendUint32(b, uint32(unix.SizeofNlMsghdr+nl.SizeofNfgenmsg+len(attributes)))
	b = native.AppendUint16(b, unix.NFNL_SUBSYS_CTNETLINK<<8|kind)
	b = native.AppendUint16(b, unix.NLM_F_REQUEST|flags)
	b = append(b, make([]byte, 8)...) // sequence number and port: there is one asker
	b = append(b, family, nl.NFNETLINK_V0, 0, 0)
	return append(b, attributes...)
}

// conntrackFlow describes flow number i, from a benchmark address to TEST-NET-1.
func conntrackFlow(i int) []byte {
	here := binary.BigEndian.AppendUint32(nil, 198<<24|18<<16|uint32(i%conntrackSources))
	port := binary.BigEndian.AppendUint16(nil, uint16(1+i/conntrackSources))
	there, service := []byte{192, 0, 2, 1}, []byte{0, 9} // discard
	b := conntrackTuple(nl.CTA_TUPLE_ORIG, here, there, port, service)
	b = append(b, conntrackTuple(nl.CTA_TUPLE_REPLY, there, here, service, port)...)
	b = append(b, conntrackAttr(nl.CTA_STATUS, []byte{0, 0, 0, conntrackSeenReply | conntrackAssured | conntrackConfirmed})...)
	return append(b, conntrackAttr(nl.CTA_TIMEOUT, binary.BigEndian.AppendUint32(nil, 3600))...)
}

func conntrackTuple(kind uint16, src, dst, sport, dport []byte) []byte {
	return conntrackAttr(kind|unix.NLA_F_NESTED,
		conntrackAttr(nl.CTA_TUPLE_IP|unix.NLA_F_NESTED,
			conntrackAttr(nl.CTA_IP_V4_SRC, src), conntrackAttr(nl.CTA_IP_V4_DST, dst)),
		conntrackAttr(nl.CTA_TUPLE_PROTO|unix.NLA_F_NESTED,
			conntrackAttr(nl.CTA_PROTO_NUM, []byte{unix.IPPROTO_UDP}),
			conntrackAttr(nl.CTA_PROTO_SRC_PORT, sport), conntrackAttr(nl.CTA_PROTO_DST_PORT, dport)))
}

// conntrackAttr is an attribute that consists of the parts, padded.
func conntrackAttr(kind uint16, parts ...[]byte) []byte {
	b := make([]byte, unix.SizeofNlAttr, 64)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.NativeEndian.PutUint16(b, uint16(len(b)))
	binary.NativeEndian.PutUint16(b[2:], kind)
	return append(b, make([]byte, -len(b)&3)...)
}
