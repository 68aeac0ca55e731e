package machine

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/container"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// errUnseen tells that a namespace is there, but that it is none of those that
// can be opened.
var errUnseen = say.Err("its namespace cannot be seen", "看不到它的命名空间")

const (
	netnsDir     = "/run/netns" // where `ip netns` keeps the names
	currentNetns = "/proc/thread-self/ns/net"
)

// Machine is the network namespaces of this machine that can be seen: they are
// opened when a packet gets there, and closed together. Not for concurrent use.
type Machine struct {
	nodes   map[uint64]*Space // by nsfs inode
	peers   map[peering]*Space
	current uint64          // inode of the namespace this process is in
	unseen  map[int]bool    // processes whose namespace may not be looked at
	hidden  map[string]bool // names that cannot be opened
	names   netnsNames      // as they were listed last

	still bool // nothing changes but by packets
	all   []*Space

	takers map[uint32]taker // of sockets, by inode, as they were when first asked for

	neighbours *table.NeighbourUse // as it was when it was first asked for

	containers func() []container.Container // read when a name is first asked for
	stopped    func(proto string, at netip.AddrPort) (name string, dockerd int)
	published  func(proto string, at netip.AddrPort) (container.Binding, bool)
	networks   func() []container.Network // … when one is
}

// peering is a namespace as another one numbers it.
type peering struct {
	from uint64
	nsid int
}

// New returns a Machine in which nothing is open yet.
func New() *Machine {
	w := &Machine{
		nodes: map[uint64]*Space{}, peers: map[peering]*Space{},
		unseen: map[int]bool{}, hidden: map[string]bool{},
		names: netnsNames{dir: -1},
	}
	w.containersOf("/")
	w.current, _ = inodeOf(currentNetns)
	return w
}

// Close closes every namespace; the Nodes are of no use any more.
func (w *Machine) Close() {
	for _, n := range w.nodes {
		n.close()
	}
	clear(w.nodes)
	clear(w.peers)
	w.all = nil
	w.names.close()
	w.names = netnsNames{dir: -1}
}

// Unseen is how many places could not be looked at when Peer searched for a
// namespace: names that cannot be opened, and processes of other users that are
// known to be in it, or may be. Several of these may share a namespace.
func (w *Machine) Unseen() int { return len(w.unseen) + len(w.hidden) }

// open opens the namespace at path, which the user calls ref. Its inode is 0 when
// it is not known before.
func (w *Machine) open(inode uint64, path, ref string) (*Space, error) {
	if n := w.nodes[inode]; n != nil {
		return n, nil
	}
	fd, err := nsenter.OpenFile(path)
	if err != nil {
		return nil, say.Err("namespace %q: %v", "命名空间 %q：%v", ref, err)
	}
	defer unix.Close(fd)
	return w.enter(fd, path, ref)
}

// enter makes a Space of the namespace that fd is open on, which was found at
// path, and which the user calls ref. By now path may lead elsewhere.
func (w *Machine) enter(fd int, path, ref string) (*Space, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, say.Err("namespace %q: %v", "命名空间 %q：%v", ref, err)
	}
	if n := w.nodes[st.Ino]; n != nil {
		return n, nil
	}
	name := w.nameOf(st.Ino, path, ref)
	ns, err := nsenter.Open(cmp.Or(name, path), fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	n := &Space{Name: name, NS: ns, called: w.calledBy(st.Ino, 0), still: w.still}
	w.nodes[st.Ino] = n
	return n, nil
}

// nameOf is what a command must call the namespace: its name for `ip netns`, if
// it has one; nothing, if it is the current one; else what the user said.
func (w *Machine) nameOf(inode uint64, path, ref string) string {
	if filepath.Dir(filepath.Clean(path)) == netnsDir {
		return unmistaken(filepath.Base(path))
	}
	found := ""
	w.listNames(func(dir netnsNames) bool {
		for _, name := range dir.names {
			if dir.inode(name) == inode {
				found = unmistaken(name)
				return true
			}
		}
		return false
	})
	switch {
	case found != "":
		return found
	case inode == w.current:
		return ""
	default:
		return ref
	}
}

// unmistaken is a name of `ip netns`, or its path where the name alone would be
// taken for a process: whoever names a namespace pid:1 would have what is meant
// for it done to the machine's own.
func unmistaken(name string) string {
	if strings.HasPrefix(name, "pid:") {
		return filepath.Join(netnsDir, name)
	}
	return name
}

// listNames shows look the names of `ip netns`, first as they were listed before,
// and if it finds nothing there as they are now.
func (w *Machine) listNames(look func(netnsNames) bool) {
	if w.names.dir >= 0 && look(w.names) {
		return
	}
	w.names.close()
	w.names = openNetnsDir()
	look(w.names)
}

// Peer returns the namespace that n numbers nsid, as Link.PeerNetnsID does. The
// kernel tells the number of a namespace and not the namespace of a number, so
// it is asked about one after the other: those that are open, the current one,
// the first process's, the named ones, and those of all processes. Which of many
// comes first is up to seek.
func (w *Machine) Peer(n *Space, nsid int) (*Space, error) {
	switch {
	case nsid == hereNsid:
		return n, nil
	case nsid < 0: // the kernel has no number for it
		return nil, say.Err("%v: it has no number in %s", "%v：它在 %s 中没有编号", errUnseen, n.Calls())
	}
	key := peering{n.NS.Inode(), nsid}
	if peer := w.peers[key]; peer != nil {
		return peer, nil
	}
	peer, err := w.search(n, nsid)
	if err != nil {
		return nil, err
	}
	w.peers[key] = peer
	return peer, nil
}

// hereNsid is Link.PeerNetnsID of a link whose other end is not elsewhere.
const hereNsid = -1

// inodeOf is the nsfs inode behind path, without opening it.
func inodeOf(path string) (uint64, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return st.Ino, err
}
