package replica

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/socket"
	"nstutor/internal/nsenter"
	"nstutor/internal/sockopt"
)

// Listener is a port on which somebody in a namespace takes connections, or
// datagrams. Who that is does not matter to the network.
type Listener struct {
	Proto string // tcp or udp
	At    netip.AddrPort
	Deaf  bool // it only keeps the port: a filter on its socket drops all that comes
	// Transparent says that the socket takes what TPROXY hands it, for addresses of others.
	Transparent bool `json:",omitempty"`
}

// readListeners reads who listens; sockets that talk to one peer alone do
// not count. A socket of IPv6 that takes IPv4 as well is two.
func readListeners(ctx context.Context, ns *nsenter.Namespace) (all []Listener, err error) {
	found, err := socket.Read(ctx, ns)
	if err != nil {
		return nil, err
	}
	listen := slices.DeleteFunc(slices.Clone(found.All), func(s socket.Socket) bool {
		return s.Peer.IsValid() && s.Peer.Port() != 0 || s.Local.Port() == 0
	})
	inodes := make([]uint32, len(listen))
	for i, s := range listen {
		inodes[i] = s.Inode
	}
	deaf := socket.Deaf(ctx, inodes...)
	seen := map[Listener]bool{}
	for _, s := range listen {
		for _, addr := range takes(s) {
			l := Listener{s.Proto.String(), netip.AddrPortFrom(addr, s.Local.Port()), deaf[s.Inode], !s.Opaque}
			if !seen[l] {
				seen[l] = true
				all = append(all, l)
			}
		}
	}
	return all, nil
}

// takes are the addresses that a socket listens on, one a family.
func takes(s socket.Socket) []netip.Addr {
	addr := s.Local.Addr()
	switch {
	case !s.IPv6 || addr.Is4In6():
		return []netip.Addr{addr.Unmap()}
	case addr.IsLinkLocalUnicast():
		return nil // which says a device as well
	case s.V6Only || !addr.IsUnspecified():
		return []netip.Addr{addr}
	}
	return []netip.Addr{netip.IPv4Unspecified(), addr}
}

// mostListeners bounds the sockets of one copy.
const mostListeners = 4096

// listen opens the sockets on which somebody listened. One that this kernel refuses,
// since two shared a port, is not there.
func (b *builder) listen() error {
	left := mostListeners
	for i, s := range b.network.Spaces {
		if len(s.Listeners) == 0 {
			continue
		}
		err := b.copy.Spaces[i].Do(func() error {
			for _, l := range s.Listeners {
				if left == 0 {
					return nil
				}
				left--
				if closer := l.open(); closer != nil {
					b.copy.listening = append(b.copy.listening, closer)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens one: who connects and asks for a page gets an empty one, whatever else
// is said is answered with the same.
func (l Listener) open() interface{ Close() error } {
	family := "4" // alone: the other is a listener of its own
	if l.At.Addr().Is6() {
		family = "6"
	}
	switch l.Proto {
	case "tcp":
		listener, err := l.anywhere().Listen(context.Background(), "tcp"+family, l.At.String())
		if err != nil {
			return nil
		}
		go welcome(listener)
		return listener
	case "udp":
		packets, err := l.anywhere().ListenPacket(context.Background(), "udp"+family, l.At.String())
		if err != nil {
			return nil
		}
		conn := packets.(*net.UDPConn)
		if sockopt.AskForDestination(conn) != nil {
			conn.Close()
			return nil
		}
		go echo(conn)
		return conn
	}
	return nil
}

// anywhere listens also at an address that is gone: who listened there before still does,
// and is found again when it is back.
func (l Listener) anywhere() *net.ListenConfig {
	c := &net.ListenConfig{Control: func(network, _ string, c syscall.RawConn) error {
		level, option, transparent := unix.IPPROTO_IP, unix.IP_FREEBIND, unix.IP_TRANSPARENT
		if strings.HasSuffix(network, "6") {
			level, option, transparent = unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, unix.IPV6_TRANSPARENT
		}
		var refused error
		// Where the option is refused, there is nobody at such an address.
		err := c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), level, option, 1)
			if l.Transparent {
				refused = unix.SetsockoptInt(int(fd), level, transparent, 1)
			}
			if l.Deaf {
				drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
				refused = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop[0]})
			}
		})
		return cmp.Or(err, refused)
	}}
	c.SetMultipathTCP(!l.Deaf && !l.Transparent) // such sockets take no filter
	return c
}

func welcome(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go receive(conn)
	}
}

// patience is how long a client may take to say something.
const patience = 10 * time.Second

// receive answers a client that asks for a page as a web server would, and hangs up.
// Whatever else a client says is said to him again.
func receive(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1<<12)
	n, err := conn.Read(buf)
	switch {
	case err != nil:
	case bytes.HasPrefix(buf[:n], []byte("GET ")):
		_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	default:
		for err == nil && sockopt.Singly(conn, buf[:n]) == nil {
			n, err = conn.Read(buf)
		}
	}
}

// echo answers from the address that was asked, as a server should that listens on
// all of them.
func echo(conn *net.UDPConn) {
	buf, info := make([]byte, 1<<16), make([]byte, unix.CmsgSpace(unix.SizeofInet6Pktinfo))
	for {
		n, controls, _, from, err := conn.ReadMsgUDPAddrPort(buf, info)
		if err != nil {
			return
		}
		// By whatever device its way leads: struct in_pktinfo begins with one, and struct
		// in6_pktinfo ends so.
		switch controls {
		case unix.CmsgSpace(unix.SizeofInet4Pktinfo):
			clear(info[unix.CmsgLen(0):][:4])
		case unix.CmsgSpace(unix.SizeofInet6Pktinfo):
			clear(info[unix.CmsgLen(16):][:4])
		}
		_, _, _ = conn.WriteMsgUDPAddrPort(buf[:n], info[:controls], from) // who cannot be answered is not
	}
}
