package socket

import (
	"context"
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/attr/nlconn"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Connection is one end of a TCP connection that is established.
type Connection struct {
	Local, Peer netip.AddrPort
	UID         uint32 // of its owner, in the reader's user namespace
	Mark        uint32 // that its packets get (SO_MARK); 0 too where the reader may not know: it takes CAP_NET_ADMIN
	Inode       uint32 // of its owners' descriptors: see Owners
}

// Connections reads the ends that a namespace has: two dumps, some 2 µs a socket.
func Connections(ctx context.Context, ns *nsenter.Namespace) (all []Connection, err error) {
	conn, err := nlconn.Open(ns, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, say.At(ns.Name(), say.At("sock_diag", err))
	}
	defer conn.Close()
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		before := len(all)
		err := dump(ctx, conn, TCP, family, 1<<established, func(message []byte) {
			if c, ok := parseConnection(message); ok {
				all = append(all, c)
			}
		}, func() { all = all[:before] })
		if err != nil {
			return nil, say.Err("%s: sock_diag: %s sockets: %v", "%s：读取 %s 套接字（sock_diag）：%v", ns.Name(), TCP, err)
		}
	}
	return all, nil
}

// parseConnection reads a struct inet_diag_msg and the mark behind it.
func parseConnection(message []byte) (c Connection, ok bool) {
	if len(message) < sizeofMessage {
		return c, false
	}
	family, id, rest := message[0], message[4:4+sizeofSockID], message[4+sizeofSockID:]
	c = Connection{
		Local: endpoint(family, id[4:20], id[0:2]), Peer: endpoint(family, id[20:36], id[2:4]),
		UID: binary.NativeEndian.Uint32(rest[12:]), Inode: binary.NativeEndian.Uint32(rest[16:]),
	}
	for kind, value := range attr.All(message[sizeofMessage:]) {
		if kind == inetDiagMark {
			c.Mark = attr.Uint32(value)
		}
	}
	return c, true
}
