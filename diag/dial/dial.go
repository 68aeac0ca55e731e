// Package dial opens connections inside a namespace, without holding its thread.
package dial

import (
	"context"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// Inside connects a UDP or TCP socket that is opened inside ns. Its error
// wraps the errno of the call that failed, or is ctx's.
//
// net.Dialer would hold the namespace's one thread until the connection is
// there; here only socket and a connect that does not wait run on it.
func Inside(ctx context.Context, ns *nsenter.Namespace, sockType int, to netip.AddrPort, segment int) (net.Conn, error) {
	fd := -1
	var pending bool
	err := nsenter.In(ns, func() (err error) {
		fd, pending, err = startConnect(sockType, to, segment)
		return err
	})
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "socket")
	defer file.Close() // net.FileConn duplicates it
	if pending {
		if err := Wait(ctx, file); err != nil {
			return nil, err
		}
	}
	return net.FileConn(file)
}

// startConnect opens a non-blocking socket and starts to connect it, with segments of at
// most so many bytes, unless that is 0; pending says that the handshake is still under way.
func startConnect(sockType int, to netip.AddrPort, segment int) (fd int, pending bool, err error) {
	family := Family(to.Addr())
	fd, err = unix.Socket(family, sockType|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, false, os.NewSyscallError("socket", err)
	}
	if sockType == unix.SOCK_DGRAM && family == unix.AF_INET {
		// As glibc's resolver does: an ICMP error then ends the wait.
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, 1)
	}
	if segment > 0 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment); err != nil {
			unix.Close(fd)
			return -1, false, os.NewSyscallError("setsockopt", err)
		}
	}
	switch err = unix.Connect(fd, Sockaddr(to)); err {
	case nil:
		return fd, false, nil
	case unix.EINPROGRESS:
		return fd, true, nil
	}
	unix.Close(fd)
	return -1, false, os.NewSyscallError("connect", err)
}

// Wait waits until the handshake succeeded or failed, or ctx ended.
func Wait(ctx context.Context, file *os.File) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { file.SetWriteDeadline(time.Unix(1, 0)) })()
	var result error
	err = conn.Write(func(fd uintptr) bool {
		errno, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && errno != 0 {
			err = unix.Errno(errno)
		}
		if err != nil {
			result = os.NewSyscallError("connect", err)
			return true
		}
		_, err = unix.Getpeername(int(fd))
		return err == nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	return result
}
