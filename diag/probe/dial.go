package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
)

// Dial is one TCP connection to open, or one datagram to send. Only Dst must be set.
type Dial struct {
	Dst     netip.AddrPort // the zone of a link-local address is a device of the namespace
	Src     netip.Addr     // zero lets the kernel choose
	SrcPort uint16         // 0 lets the kernel choose
	Timeout time.Duration  // how long to wait for an answer; 0 stands for 4 s, in which a neighbour becomes FAILED
	Mark    uint32         // the firewall mark; setting one needs CAP_NET_ADMIN
	Payload []byte         // of the datagram; nil is an empty one, to port 53 a question. TCP sends none
	// Ready, if there is one, is told the address and port that the packets will come
	// from, before the first of them is sent.
	Ready func(local netip.AddrPort)
	// Opened, if there is one, is called while a connection that opened is still open.
	Opened func()
	// Enough, once closed, ends the waiting before Timeout does: the outcome is
	// Silent then too. nil never does.
	Enough <-chan struct{}
}

// withDefaults fills in what was left zero.
func (d Dial) withDefaults() Dial {
	d.Dst = netip.AddrPortFrom(d.Dst.Addr().Unmap(), d.Dst.Port())
	d.Src = d.Src.Unmap()
	if d.Timeout <= 0 {
		d.Timeout = pingTimeout
	}
	return d
}

// dialRoom is what is read of a datagram, in bytes.
const dialRoom = 2048

// opened is a socket that is bound and has sent nothing yet.
type opened struct {
	reportSocket
	peer  unix.Sockaddr
	local netip.AddrPort
}

// begin opens a socket, and says what is known of the try by then. Ready is called.
func (d Dial) begin(ns *nsenter.Namespace, kind int) (s opened, r Result, err error) {
	r = Result{Dst: d.Dst.Addr(), DstPort: d.Dst.Port()}
	if s, err = d.open(ns, kind); err != nil {
		return s, r, err
	}
	r.Src, r.SrcPort = s.local.Addr(), s.local.Port()
	if d.Ready != nil {
		d.Ready(s.local)
	}
	return s, r, nil
}

// open opens a socket inside ns and binds it to the address that its packets will
// have, and to a free port: who wants to see them can look for the port before they
// are sent. Of IPv6 it binds it to the port alone: the kernel looks for the route before
// it has chosen the source (ip6_dst_lookup_tail()), and rules about the source would
// decide over a socket that is bound to it, and never over a program that is not.
func (d Dial) open(ns *nsenter.Namespace, kind int) (s opened, err error) {
	fd, source := -1, d.Src
	if !source.IsValid() && kind == unix.SOCK_STREAM && d.Dst.Addr().Zone() == "" {
		source = d.routed(ns)
	}
	err = nsenter.In(ns, func() error {
		s.peer = dial.Sockaddr(d.Dst)
		if !source.IsValid() {
			if source, err = probeSource(d.Dst, d.Src, d.Mark, true); err != nil {
				return err
			}
		}
		fd, err = unix.Socket(dial.Family(d.Dst.Addr()), kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return failedCall("socket", err)
		}
		bound := source
		if !d.Src.IsValid() && source.Is6() {
			bound = netip.IPv6Unspecified()
		}
		err := d.prepare(fd, bound)
		if errors.Is(err, unix.EADDRNOTAVAIL) && !d.Src.IsValid() && source.Is4() {
			// An address of a VRF's device is none for a socket outside of it, which connects from
			// there nevertheless (inet_bind()).
			err = d.prepare(fd, netip.IPv4Unspecified())
		}
		if err != nil {
			return err
		}
		name, err := unix.Getsockname(fd)
		s.local = netip.AddrPortFrom(source, dial.Endpoint(name).Port())
		return err
	})
	if err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		return s, err
	}
	s.reportSocket, err = newReportSocket(fd, dialRoom)
	return s, err
}

// routed is the source that the route of a connection gives it; invalid where the kernel gives
// none. It is asked for, since a socket that sends nothing is one of UDP, and policy rules may
// treat that otherwise (ipproto, sport, dport).
func (d Dial) routed(ns *nsenter.Namespace) netip.Addr {
	one, err := table.OpenOne(ns)
	if err != nil {
		return netip.Addr{}
	}
	defer one.Close()
	route, err := one.Route(table.RouteRequest{Dst: d.Dst.Addr(), Mark: d.Mark, Proto: unix.IPPROTO_TCP, SrcPort: d.SrcPort, DstPort: d.Dst.Port()})
	if err != nil {
		return netip.Addr{}
	}
	return route.Src
}

// prepare sets the options of a socket and binds it. With IP_RECVERR the kernel
// queues ICMP errors with their offender.
func (d Dial) prepare(fd int, source netip.Addr) error {
	family := echoFamilyOf(d.Dst.Addr())
	for _, o := range [][2]int{{family.level, family.recvErr}, {family.level, family.recvTTL}, {unix.SOL_SOCKET, unix.SO_TIMESTAMPNS}} {
		if err := unix.SetsockoptInt(fd, o[0], o[1], 1); err != nil {
			return failedCall("setsockopt", err)
		}
	}
	return routeLike(fd, d.Dst.Addr(), netip.AddrPortFrom(source, d.SrcPort), d.Mark)
}

// waiting is a context for the wait for an answer: it ends after the Timeout, with
// Enough, and with ctx. gaveUp says that it has ended, and ctx has not.
func (d Dial) waiting(ctx context.Context) (waiting context.Context, gaveUp func() bool, stop context.CancelFunc) {
	waiting, cancel := context.WithTimeout(ctx, d.Timeout)
	go func() {
		select {
		case <-d.Enough:
			cancel()
		case <-waiting.Done():
		}
	}()
	return waiting, func() bool { return waiting.Err() != nil && ctx.Err() == nil }, cancel
}

// failed is a line as `nc -v` writes it (OpenBSD's), with the words of strerror(3)
// or of an ICMP error that has none.
func (d Dial) failed(proto, words string) string {
	return fmt.Sprintf("nc: connect to %s port %d (%s) failed: %s", d.Dst.Addr(), d.Dst.Port(), proto, words)
}

// FreePort is a port of ns, or of the caller's own namespace when ns is nil, that
// the kernel would choose now for a new connection; 0 where it gives none.
func FreePort(ns *nsenter.Namespace) (port uint16) {
	_ = nsenter.In(ns, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil {
			return err
		}
		name, err := unix.Getsockname(fd)
		port = dial.Endpoint(name).Port()
		return err
	})
	return port
}
