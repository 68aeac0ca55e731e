// Package sockopt does to the sockets that package net has opened what that has no words
// for.
package sockopt

import (
	"net"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Control does something to the socket of a connection or a listener of package net.
func Control(raw syscall.RawConn, do func(fd int) error) error {
	var failed error
	err := raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return say.Join(err, failed)
}

// AskForDestination has the kernel tell with each datagram to which of the namespace's
// addresses it came (ip(7), IP_PKTINFO; ipv6(7), IPV6_RECVPKTINFO).
func AskForDestination(conn syscall.Conn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return Control(raw, func(fd int) error {
		family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		switch {
		case err != nil:
			return err
		case family == unix.AF_INET6:
			return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		}
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	})
}

// Singly writes over a connection of TCP segment by segment. What is written at once travels
// together, and then passes a veth that would drop each of the segments alone
// (is_skb_forwardable()).
func Singly(conn net.Conn, data []byte) error {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		_, err := conn.Write(data)
		return err
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	longest := 0 // tcp_current_mss(), without options
	err = Control(raw, func(fd int) (err error) {
		longest, err = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
		return err
	})
	if err != nil {
		return err
	}
	for segment := range slices.Chunk(data, max(longest, 1)) {
		if _, err := tcp.Write(segment); err != nil {
			return err
		}
	}
	return nil
}
