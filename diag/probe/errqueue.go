package probe

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketReport is one thing a socket told: a packet it received, or an entry
// of its error queue (IP_RECVERR in ip(7)).
type socketReport struct {
	data  []byte     // the packet; of an error, the packet it is about, from its ICMP header on
	from  netip.Addr // who sent the packet; of an ICMP error, the offender
	ttl   int        // of the packet, 0 when the kernel did not say
	at    time.Time  // when the kernel received it, zero when it did not say
	fault *unix.SockExtendedErr
}

// readReport reads the next report without blocking: the error queue first,
// then received packets. unix.EAGAIN says that there is none.
func readReport(fd int, buf []byte) (socketReport, error) {
	report, err := readSocket(fd, buf, unix.MSG_ERRQUEUE)
	if err != unix.EAGAIN {
		return report, err
	}
	return readSocket(fd, buf, 0)
}

// readSocket reads one report from the error queue or the receive queue.
func readSocket(fd int, buf []byte, flags int) (socketReport, error) {
	var control [512]byte
	n, controlLen, _, peer, err := unix.Recvmsg(fd, buf, control[:], flags|unix.MSG_DONTWAIT)
	if err != nil {
		return socketReport{}, err
	}
	report := socketReport{data: buf[:n]}
	if flags&unix.MSG_ERRQUEUE == 0 {
		report.from = sockaddrIP(peer)
	}
	messages, err := unix.ParseSocketControlMessage(control[:controlLen])
	if err != nil {
		return socketReport{}, err
	}
	for _, m := range messages {
		report.addControl(m)
	}
	return report, nil
}

// addControl reads one control message into the report.
func (r *socketReport) addControl(m unix.SocketControlMessage) {
	switch {
	case m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_TTL && len(m.Data) >= 4:
		r.ttl = int(binary.NativeEndian.Uint32(m.Data))
	case m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR:
		r.addFault(m.Data)
	case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS &&
		len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})):
		stamp := (*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
		r.at = time.Unix(stamp.Unix())
	}
}

// addFault reads a struct sock_extended_err and the offender's address that
// follows it, which only ICMP errors have.
func (r *socketReport) addFault(data []byte) {
	const size = int(unsafe.Sizeof(unix.SockExtendedErr{}))
	if len(data) < size {
		return
	}
	fault := *(*unix.SockExtendedErr)(unsafe.Pointer(&data[0]))
	r.fault = &fault
	if offender := data[size:]; len(offender) >= 8 && binary.NativeEndian.Uint16(offender) == unix.AF_INET {
		r.from = netip.AddrFrom4([4]byte(offender[4:8]))
	}
}

// sockaddrIP is the address in a socket address.
func sockaddrIP(sa unix.Sockaddr) netip.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr).Unmap()
	}
	return netip.Addr{}
}
