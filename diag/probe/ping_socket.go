package probe

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// pingReceiveBuffer bounds what other pings of the namespace can queue on a
// socket. The kernel doubles it.
const pingReceiveBuffer = 128 << 10

// rawICMPFilter is ICMP_FILTER in raw(7): a set of message types, one bit
// each, that the kernel keeps from the socket.
const (
	rawICMPFilter  = 1
	rawICMPIgnored = ^uint32(1<<icmpEchoReply | 1<<icmpUnreachable | 1<<icmpSourceQuench | 1<<icmpTimeExceeded | 1<<icmpParameter)
)

// echoSocket is a non-blocking ICMP socket of one namespace.
type echoSocket struct {
	reportSocket
	source netip.Addr // what the kernel chose for the destination
	dgram  bool       // an unprivileged ICMP socket (ping_group_range in icmp(7)): no IP header, the kernel sets the id
	id     uint16     // the id the kernel chose, when dgram
}

// openEchoSocket does what ping does before it sends: it connects a UDP socket
// to learn the source address and the errors of the route lookup, sending
// nothing, and then opens the ICMP socket. An error is a *callError, or the
// namespace's.
func openEchoSocket(ns *nsenter.Namespace, e Echo) (*echoSocket, error) {
	s := &echoSocket{}
	fd := -1
	err := nsenter.In(ns, func() (err error) {
		if s.source, err = probeSource(e); err != nil {
			return err
		}
		fd, s.dgram, err = icmpSocket()
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.dgram && !e.Src.IsValid() {
		e.Src = netip.IPv4Unspecified() // binding gives the socket its id before anything is sent
	}
	if err := configureEcho(fd, s.dgram, e); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if s.dgram {
		if name, err := unix.Getsockname(fd); err == nil {
			s.id = uint16(name.(*unix.SockaddrInet4).Port)
		}
	}
	// The longest packet of interest is the echo reply, or an ICMP error (576 bytes, RFC 1812).
	s.reportSocket, err = newReportSocket(fd, max(1024, e.Size+128))
	return s, err
}

// probeSource connects a UDP socket to the destination, as ping does
// (ping4_run() in iputils; the port is its own too), and returns the local
// address that the kernel gave it.
func probeSource(e Echo) (netip.Addr, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, pingCall("socket", err)
	}
	defer unix.Close(fd)
	if err := routeLike(fd, e); err != nil {
		return netip.Addr{}, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 1025, Addr: e.Dst.As4()}); err != nil {
		return netip.Addr{}, pingCall("connect", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.Addr{}, pingCall("getsockname", err)
	}
	return sockaddrIP(name), nil
}

// icmpSocket opens a raw ICMP socket, or where that is refused, an
// unprivileged one.
func icmpSocket() (fd int, dgram bool, err error) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|flags, unix.IPPROTO_ICMP)
	if err == nil {
		return fd, false, nil
	}
	if err != unix.EPERM && err != unix.EACCES {
		return -1, false, pingCall("socket", err)
	}
	fd, dgramErr := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|flags, unix.IPPROTO_ICMP)
	if dgramErr != nil {
		return -1, false, pingCall("socket", err)
	}
	return fd, true, nil
}

// routeLike sets what the route lookup depends on: the source and the mark.
func routeLike(fd int, e Echo) error {
	if e.Mark != 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(e.Mark)); err != nil {
			return pingCall("mark", err)
		}
	}
	if e.Src.IsValid() {
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: e.Src.As4()}); err != nil {
			return pingCall("bind", err)
		}
	}
	return nil
}

// configureEcho sets the options of an ICMP socket. IP_RECVERR queues ICMP
// errors with their offender, and also makes sendmsg report what the device
// did with the packet (ENOBUFS, see ip_push_pending_frames()).
func configureEcho(fd int, dgram bool, e Echo) error {
	if err := routeLike(fd, e); err != nil {
		return err
	}
	type option struct{ level, name, value int }
	options := []option{
		{unix.SOL_IP, unix.IP_RECVERR, 1},
		{unix.SOL_IP, unix.IP_RECVTTL, 1},
		{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, pingReceiveBuffer},
	}
	if e.TTL != 0 {
		options = append(options, option{unix.SOL_IP, unix.IP_TTL, e.TTL})
	}
	if e.DF {
		options = append(options, option{unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO})
	}
	if !dgram {
		options = append(options, option{unix.SOL_RAW, rawICMPFilter, int(rawICMPIgnored)})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return pingCall("setsockopt", err)
		}
	}
	return nil
}

// send sends one ICMP message. A pending error of an earlier packet, perhaps
// of somebody else's, makes sendmsg fail with its errno before it looks at the
// packet (sock_alloc_send_skb()), so after a failure the error queue is read
// and the packet tried again. take sees every report that was read and returns
// true when one of them settles the matter.
func (s *echoSocket) send(dst netip.Addr, packet []byte, take func(socketReport) bool) error {
	var result error
	err := s.conn.Control(func(fd uintptr) {
		for range 16 {
			unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
			err := unix.Sendto(int(fd), packet, 0, &unix.SockaddrInet4{Addr: dst.As4()})
			if err == nil {
				result = nil
				return
			}
			failed := pingCall("sendmsg", err)
			result = failed
			foreign := 0
			for report, err := range reports(int(fd), s.buf) {
				switch {
				case err != nil:
				case report.fault != nil && report.fault.Origin == unix.SO_EE_ORIGIN_LOCAL:
					failed.mtu = int(report.fault.Info)
				case take(report):
					result = nil
					return
				default:
					foreign++
				}
			}
			if foreign == 0 {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return result
}

// pingCall names the call that failed.
func pingCall(call string, err error) *callError {
	errno, _ := err.(unix.Errno)
	return &callError{call: call, errno: errno}
}
