package replica

import (
	"context"
	"io"
	"net"
	"net/netip"
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
}

// readListeners reads who listens for IPv4; sockets that talk to one peer alone do
// not count.
func readListeners(ctx context.Context, ns *nsenter.Namespace) (all []Listener, err error) {
	found, err := socket.Read(ctx, ns)
	if err != nil {
		return nil, err
	}
	seen := map[Listener]bool{}
	for _, s := range found.All {
		at := s.Local
		if s.IPv6 {
			if s.V6Only || !at.Addr().IsUnspecified() && !at.Addr().Is4In6() {
				continue
			}
			at = netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())
			if !s.Any() {
				at = netip.AddrPortFrom(s.Local.Addr().Unmap(), at.Port())
			}
		}
		l := Listener{s.Proto.String(), at}
		if s.Peer.IsValid() && s.Peer.Port() != 0 || at.Port() == 0 || seen[l] {
			continue
		}
		seen[l] = true
		all = append(all, l)
	}
	return all, nil
}

// mostListeners bounds the sockets of one copy.
const mostListeners = 4096

// listen opens the sockets on which somebody listened. One that this kernel refuses,
// since its address is gone or two shared a port, is not there.
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

// open opens one: who connects and asks for a page gets an empty one, a datagram is
// answered with what it said.
func (l Listener) open() interface{ Close() error } {
	switch l.Proto {
	case "tcp":
		listener, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(l.At))
		if err != nil {
			return nil
		}
		go welcome(listener)
		return listener
	case "udp":
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(l.At))
		if err != nil {
			return nil
		}
		if sockopt.AskForDestination(conn) != nil {
			conn.Close()
			return nil
		}
		go echo(conn)
		return conn
	}
	return nil
}

func welcome(l *net.TCPListener) {
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

// receive answers whatever a client says as a web server would, and hangs up.
func receive(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1<<12)); err == nil {
		_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
}

// echo answers from the address that was asked, as a server should that listens on
// all of them.
func echo(conn *net.UDPConn) {
	buf, info := make([]byte, 1<<16), make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	for {
		n, controls, _, from, err := conn.ReadMsgUDPAddrPort(buf, info)
		if err != nil {
			return
		}
		if controls > unix.CmsgLen(0) {
			clear(info[unix.CmsgLen(0):][:4]) // by whatever device its way leads
		}
		_, _, _ = conn.WriteMsgUDPAddrPort(buf[:n], info[:controls], from) // who cannot be answered is not
	}
}
