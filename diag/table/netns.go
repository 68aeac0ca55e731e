package table

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// Values of Link.PeerNetnsID that are no number of a namespace.
const (
	netnsHere    = -1 // the kernel gave none: the same namespace
	netnsUnknown = -2 // the kernel has none for it (NETNSA_NSID_NOT_ASSIGNED)
)

// netnsDir is where `ip netns` keeps the names of namespaces.
const netnsDir = "/run/netns"

// nameNetns finds the names of the namespaces at the other ends of links, as
// `ip link` does: it asks the kernel for the number of every namespace whose
// name is known.
func (r *Reader) nameNetns(links []Link) {
	wanted := map[int]bool{}
	for _, l := range links {
		if l.PeerNetnsID >= 0 {
			wanted[l.PeerNetnsID] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	entries, _ := os.ReadDir(netnsDir) // the directory comes with the first name
	paths := make([]string, 0, len(entries)+1)
	for _, e := range entries {
		paths = append(paths, filepath.Join(netnsDir, e.Name()))
	}
	// The namespace of this very process need not have a name there.
	paths = append(paths, "/proc/self/ns/net")

	names := map[int]string{}
	for _, path := range paths {
		if len(names) == len(wanted) {
			break
		}
		if id, name, ok := r.identify(path); ok && wanted[id] && names[id] == "" {
			names[id] = name
		}
	}
	for i := range links {
		links[i].PeerNetns = names[links[i].PeerNetnsID]
	}
}

// identify returns the number that the namespace at path has in this one, and
// its name.
func (r *Reader) identify(path string) (id int, name string, ok bool) {
	fd, err := nsenter.OpenFile(path)
	if err != nil {
		return 0, "", false
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, "", false
	}
	if name = r.opts.Names[st.Ino]; name == "" && filepath.Dir(path) == netnsDir {
		name = filepath.Base(path)
	}
	if name == "" {
		return 0, "", false
	}
	id = r.netnsID(fd)
	return id, name, id >= 0
}

// netnsID asks for the number of the namespace that fd is open on (RTM_GETNSID);
// negative when this namespace has none for it, or fd is none.
func (r *Reader) netnsID(fd int) int {
	id := netnsUnknown
	body := make([]byte, 4, 12) // struct rtgenmsg, padded
	body = binary.NativeEndian.AppendUint16(body, 8)
	body = binary.NativeEndian.AppendUint16(body, unix.NETNSA_FD)
	body = binary.NativeEndian.AppendUint32(body, uint32(fd))
	err := r.conn.request(unix.RTM_GETNSID, 0, unix.RTM_NEWNSID, body, func(b []byte) {
		if len(b) < 4 {
			return
		}
		for kind, v := range attr.All(b[4:]) {
			if kind == unix.NETNSA_NSID {
				id = attr.Int(v)
			}
		}
	})
	if err != nil {
		return netnsUnknown
	}
	return id
}

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
	fd := o.r.conn.FD()
	if fd < 0 {
		return ids
	}
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
