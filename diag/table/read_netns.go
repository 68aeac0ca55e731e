package table

import (
	"encoding/binary"
	"os"
	"path/filepath"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"

	"golang.org/x/sys/unix"
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
