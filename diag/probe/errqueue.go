package probe

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"nstutor/diag/dial"

	"golang.org/x/sys/unix"
)

// socketReport is one thing a socket told: a packet it received, or an entry
// of its error queue (IP_RECVERR in ip(7)).
type socketReport struct {
	data  []byte     // the packet; of an error, the packet it is about, from its ICMP header on
	from  netip.Addr // who sent the packet; of an ICMP error, the offender
	port  uint16     // of UDP: the port that the packet came from
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
		from := dial.Endpoint(peer)
		report.from, report.port = from.Addr(), from.Port()
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
	case m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_HOPLIMIT && len(m.Data) >= 4:
		r.ttl = int(binary.NativeEndian.Uint32(m.Data))
	case m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR,
		m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR:
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
	offender := data[size:]
	if len(offender) < 8 {
		return
	}
	switch binary.NativeEndian.Uint16(offender) {
	case unix.AF_INET:
		r.from = netip.AddrFrom4([4]byte(offender[4:8]))
	case unix.AF_INET6:
		if len(offender) >= 24 {
			r.from = netip.AddrFrom16([16]byte(offender[8:24])).Unmap()
		}
	}
}

// icmpError is what an ICMP error in the error queue means, in ping's words, and
// the MTU that it tells of. ok is false when the report is none that ends a probe.
func (r socketReport) icmpError() (outcome Outcome, words string, mtu int, ok bool) {
	if r.fault == nil {
		return OutcomeUnknown, "", 0, false
	}
	kind, mtu := icmpKind{r.fault.Type, r.fault.Code}, int(r.fault.Info)
	if from, told := errorsOf[r.fault.Origin]; told {
		outcome, words, ok = from.words(kind, mtu)
	}
	if outcome != FragNeeded {
		mtu = 0
	}
	return outcome, words, mtu, ok
}

// sockaddrIP is the address in a socket address, without its zone.
func sockaddrIP(sa unix.Sockaddr) netip.Addr { return dial.Endpoint(sa).Addr() }
