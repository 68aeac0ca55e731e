package lab

import (
	"context"
	"io"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// SidecarMark is the mark of what the sidecar sends itself. Real ones are known by their
// user; a lab that was born without root has one user only.
const SidecarMark = 1337

// sidecarRoom is how many connections it serves at once: more wait at its door.
const sidecarRoom = 32

// sidecar takes connections that were meant for others, at port 15001 or the one given,
// and passes them on to where they were meant for. With "tproxy" behind the port it takes
// those that TPROXY hands it.
func sidecar(args []string) error {
	port, transparent := "15001", len(args) > 1 && args[1] == "tproxy"
	if len(args) > 0 {
		port = args[0]
	}
	listen := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return control(raw, func(fd int) error {
			if !transparent {
				return nil
			}
			return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1)
		})
	}}
	listener, err := listen.Listen(context.Background(), "tcp4", ":"+port)
	if err != nil {
		return err
	}
	room := make(chan struct{}, sidecarRoom)
	for {
		room <- struct{}{}
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer func() { <-room }()
			defer conn.Close()
			_ = passOn(conn.(*net.TCPConn), transparent) // the client sees that it ends
		}()
	}
}

// control does something to a socket.
func control(raw syscall.RawConn, do func(fd int) error) error {
	var failed error
	err := raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return say.Join(err, failed)
}

// passOn connects a client with whom it meant.
func passOn(client *net.TCPConn, transparent bool) error {
	meant := client.LocalAddr().String() // TPROXY leaves it as it was
	if !transparent {
		to, err := originalDestination(client)
		if err != nil {
			return err
		}
		meant = to.String()
	}
	dial := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, SidecarMark) })
	}}
	server, err := dial.Dial("tcp4", meant)
	if err != nil {
		return err
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		server.Close()
	}()
	_, err = io.Copy(client, server)
	return err
}

// soOriginalDst is SO_ORIGINAL_DST of <linux/netfilter_ipv4.h>.
const soOriginalDst = 80

// originalDestination asks connection tracking where a connection was meant for before
// REDIRECT.
func originalDestination(conn *net.TCPConn) (to netip.AddrPort, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return to, err
	}
	err = control(raw, func(fd int) error {
		// A struct sockaddr_in fits the first part of this one.
		at, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, soOriginalDst)
		if err == nil {
			b := at.Multiaddr
			to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16(b[2])<<8|uint16(b[3]))
		}
		return err
	})
	return to, err
}
