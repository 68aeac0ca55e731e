package diag

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// NetnsID is the number that this namespace has for the one that the descriptor
// is open on (RTM_GETNSID); negative when it has none, or fd is no namespace.
//
// The kernel has no way from a number to a namespace, so whoever wants that asks
// about one namespace after the other, and there may be thousands: this is one
// message each way and no garbage. The answer waits in the socket when the
// request has been sent.
func (o *One) NetnsID(fd int) int {
	socket, ok := o.r.conn.sockets[unix.NETLINK_ROUTE]
	if !ok {
		return netnsUnknown
	}
	const size = unix.SizeofNlMsghdr + 4 + 8 // with a struct rtgenmsg, padded, and the attribute
	var message [256]byte
	native, body := binary.NativeEndian, message[unix.SizeofNlMsghdr:]
	native.PutUint32(message[0:], size)
	native.PutUint16(message[4:], unix.RTM_GETNSID)
	native.PutUint16(message[6:], unix.NLM_F_REQUEST)
	native.PutUint16(body[4:], 8)
	native.PutUint16(body[6:], unix.NETNSA_FD)
	native.PutUint32(body[8:], uint32(fd))
	if err := unix.Sendto(socket.Socket.GetFd(), message[:size], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return netnsUnknown
	}
	n, _, err := unix.Recvfrom(socket.Socket.GetFd(), message[:], 0)
	if err != nil || n < unix.SizeofNlMsghdr+4 || native.Uint16(message[4:]) != unix.RTM_NEWNSID {
		return netnsUnknown
	}
	for kind, v := range rtAttrs(message[unix.SizeofNlMsghdr+4 : n]) {
		if kind == unix.NETNSA_NSID {
			return attrInt(v)
		}
	}
	return netnsUnknown
}
