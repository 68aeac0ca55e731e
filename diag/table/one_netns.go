package table

import (
	"encoding/binary"
	"slices"
	"sync/atomic"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// netnsBatch is how many namespaces are asked about in one message. The answers
// wait in the socket's receive buffer, which holds a few hundred at least.
const netnsBatch = 64

// NetnsID is the number that this namespace has for the one that the descriptor
// is open on (RTM_GETNSID); negative when it has none, or fd is no namespace.
func (o *One) NetnsID(fd int) int { return o.NetnsIDs([]int{fd})[0] }

// NetnsIDs is NetnsID of several descriptors.
//
// The kernel has no way from a number to a namespace, so whoever wants that asks
// about one namespace after the other, and there may be thousands. The kernel in
// turn compares each with all that have a number here (__peernet2id()): with a
// thousand numbers that takes 12 µs, with one it takes 2.
func (o *One) NetnsIDs(fds []int) []int { return o.netnsIDs(unix.NETNSA_FD, fds) }

// NetnsIDsOfProcesses is NetnsIDs of the namespaces that processes are in. They
// need not be open, and the asking thread need not be allowed to open them. The
// numbers of the processes are those of the caller's PID namespace.
func (o *One) NetnsIDsOfProcesses(pids []int) []int { return o.netnsIDs(unix.NETNSA_PID, pids) }

func (o *One) netnsIDs(by uint16, whom []int) []int {
	ids := make([]int, len(whom))
	for i := range ids {
		ids[i] = netnsUnknown
	}
	socket := o.r.conn.Socket()
	if socket == nil {
		return ids
	}
	fd := socket.GetFd()
	for part := range slices.Chunk(whom, netnsBatch) {
		for len(part) > 0 { // again from the first that a small buffer had no room for
			answered := askNetnsIDs(fd, by, part, ids[len(ids)-len(whom):])
			if answered == 0 {
				return ids
			}
			part, whom = part[answered:], whom[answered:]
		}
	}
	return ids
}

// netnsAsked numbers the messages, so that an answer is that to its question.
var netnsAsked atomic.Uint32

// askNetnsIDs sends one message for all of whom, and returns how many of the
// first were answered. The kernel answers in order and before sendto() returns
// (netlink_rcv_skb()), so that nothing here waits.
func askNetnsIDs(fd int, by uint16, whom, ids []int) int {
	const header, size = unix.SizeofNlMsghdr + 4, unix.SizeofNlMsghdr + 4 + 8 // a struct rtgenmsg, padded, and the attribute
	native := binary.NativeEndian
	first := netnsAsked.Add(uint32(len(whom))) - uint32(len(whom))
	var space [netnsBatch * size]byte
	for i, who := range whom {
		message := space[i*size:]
		native.PutUint32(message[0:], size)
		native.PutUint16(message[4:], unix.RTM_GETNSID)
		native.PutUint16(message[6:], unix.NLM_F_REQUEST)
		native.PutUint32(message[8:], first+uint32(i))
		native.PutUint16(message[header:], 8)
		native.PutUint16(message[header+2:], by)
		native.PutUint32(message[header+4:], uint32(who))
	}
	if err := unix.Sendto(fd, space[:len(whom)*size], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0
	}
	var answer [256]byte
	for next := 0; ; {
		n, _, err := unix.Recvfrom(fd, answer[:], unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR || err == unix.ENOBUFS: // said once; what there was room for follows
			continue
		case err != nil:
			return next
		case n >= header && native.Uint32(answer[8:])-first == uint32(next):
			ids[next] = netnsIDOf(answer[:n])
			next++
		}
		if next == len(whom) {
			return next
		}
	}
}

// netnsIDOf is the number in an answer.
func netnsIDOf(answer []byte) int {
	if binary.NativeEndian.Uint16(answer[4:]) != unix.RTM_NEWNSID {
		return netnsUnknown
	}
	for kind, v := range attr.All(answer[unix.SizeofNlMsghdr+4:]) {
		if kind == unix.NETNSA_NSID {
			return attr.Int(v)
		}
	}
	return netnsUnknown
}
