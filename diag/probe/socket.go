package probe

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
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
	peer   unix.Sockaddr
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
		s.peer = dial.Sockaddr(netip.AddrPortFrom(e.Dst, 0))
		if s.source, err = probeSource(netip.AddrPortFrom(e.Dst, pingProbePort), e.Src, e.Mark, false); err != nil {
			return err
		}
		if fd, s.dgram, err = icmpSocket(e.Dst); err != nil {
			return err
		}
		if s.dgram && !e.Src.IsValid() {
			e.Src = echoFamilyOf(e.Dst).any // binding gives the socket its id before anything is sent
		}
		return configureEcho(fd, s.dgram, e)
	})
	if err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		return nil, err
	}
	if s.dgram {
		if name, err := unix.Getsockname(fd); err == nil {
			s.id = dial.Endpoint(name).Port()
		}
	}
	// The longest packet of interest is the echo reply, or an ICMP error (576 bytes, RFC 1812).
	s.reportSocket, err = newReportSocket(fd, max(1024, e.Size+128))
	return s, err
}

// pingProbePort is where ping connects its UDP socket to (ping4_run() in iputils).
const pingProbePort = 1025

// icmpSocket opens a raw ICMP socket, or where that is refused, an
// unprivileged one.
func icmpSocket(dst netip.Addr) (fd int, dgram bool, err error) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	family, protocol := dial.Family(dst), echoFamilyOf(dst).protocol
	fd, err = unix.Socket(family, unix.SOCK_RAW|flags, protocol)
	if err == nil {
		return fd, false, nil
	}
	if err != unix.EPERM && err != unix.EACCES {
		return -1, false, failedCall("socket", err)
	}
	fd, dgramErr := unix.Socket(family, unix.SOCK_DGRAM|flags, protocol)
	if dgramErr != nil {
		return -1, false, failedCall("socket", err)
	}
	return fd, true, nil
}

// configureEcho sets the options of an ICMP socket. IP_RECVERR queues ICMP
// errors with their offender, and also makes sendmsg report what the device
// did with the packet (ENOBUFS, see ip_push_pending_frames()).
func configureEcho(fd int, dgram bool, e Echo) error {
	if err := routeLike(fd, e.Dst, netip.AddrPortFrom(e.Src, 0), e.Mark); err != nil {
		return err
	}
	family := echoFamilyOf(e.Dst)
	type option struct{ level, name, value int }
	options := []option{
		{family.level, family.recvErr, 1},
		{family.level, family.recvTTL, 1},
		{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, pingReceiveBuffer},
	}
	if e.TTL != 0 {
		options = append(options, option{family.level, family.ttl, e.TTL})
	}
	if e.DF {
		options = append(options, option{family.level, family.discover, family.discoverDo})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return failedCall("setsockopt", err)
		}
	}
	if dgram {
		return nil
	}
	if err := family.keepReplies(fd); err != nil {
		return failedCall("setsockopt", err)
	}
	return nil
}

// send sends one ICMP message. A pending error of an earlier packet, perhaps
// of somebody else's, makes sendmsg fail with its errno before it looks at the
// packet (sock_alloc_send_skb()), so after a failure the error queue is read
// and the packet tried again. take sees every report that was read and returns
// true when one of them settles the matter.
func (s *echoSocket) send(packet []byte, take func(socketReport) bool) error {
	var result error
	err := s.conn.Control(func(fd uintptr) {
		for range 16 {
			unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
			err := unix.Sendto(int(fd), packet, 0, s.peer)
			if err == nil {
				result = nil
				return
			}
			failed := failedCall("sendmsg", err)
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

// failedCall names the call that failed.
func failedCall(call string, err error) *callError {
	errno, _ := err.(unix.Errno)
	return &callError{call: call, errno: errno}
}
