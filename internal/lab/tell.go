package lab

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/internal/sockopt"
)

// tell answers every datagram, at port 53 or the one given, with the address of
// who asked and with its own that was asked.
func tell(args []string) error {
	port := "53"
	if len(args) > 0 {
		port = args[0]
	}
	addr, err := net.ResolveUDPAddr("udp4", ":"+port)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := sockopt.AskForDestination(conn); err != nil {
		return err
	}
	data, about := make([]byte, 2048), make([]byte, 256)
	for {
		_, n, _, from, err := conn.ReadMsgUDPAddrPort(data, about)
		if err != nil {
			return err
		}
		answer := visit(from.Addr().String(), destination(about[:n]))
		// An ICMP error of an earlier answer is this one's error: whoever asks again is
		// answered again.
		conn.WriteToUDPAddrPort([]byte(answer), from)
	}
}

// destination reads what the kernel has told; it is empty where it has not.
func destination(about []byte) string {
	messages, err := unix.ParseSocketControlMessage(about)
	if err != nil {
		return ""
	}
	for _, m := range messages {
		// struct in_pktinfo: the device, the address of the machine, that in the header.
		if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= 12 {
			return netip.AddrFrom4([4]byte(m.Data[8:12])).String()
		}
	}
	return ""
}
