package explain

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// ErrUnseen tells that a namespace is there, but that it is none of those that
// can be opened.
var ErrUnseen = errors.New("its namespace cannot be seen")

const (
	netnsDir     = "/run/netns" // where `ip netns` keeps the names
	currentNetns = "/proc/thread-self/ns/net"
)

// World is the network namespaces of this machine that can be seen: they are
// opened when a packet gets there, and closed together. Not for concurrent use.
type World struct {
	nodes   map[uint64]*Node // by nsfs inode
	peers   map[peering]*Node
	current uint64       // inode of the namespace this process is in
	unseen  map[int]bool // processes whose namespace may not be looked at
	hidden  map[string]bool
}

// peering is a namespace as another one numbers it.
type peering struct {
	from uint64
	nsid int
}

// NewWorld returns a World in which nothing is open yet.
func NewWorld() *World {
	w := &World{
		nodes: map[uint64]*Node{}, peers: map[peering]*Node{},
		unseen: map[int]bool{}, hidden: map[string]bool{},
	}
	w.current, _ = inodeOf(currentNetns)
	return w
}

// Close closes every namespace; the Nodes are of no use any more.
func (w *World) Close() {
	for _, n := range w.nodes {
		n.close()
	}
	clear(w.nodes)
	clear(w.peers)
}

// Unseen is how many namespaces could not be looked at when Peer searched for
// one: names that cannot be opened, and processes of other users, each of which
// counts as one although several may share a namespace.
func (w *World) Unseen() int { return len(w.unseen) + len(w.hidden) }

// Open opens a namespace: "" is the one this process is in, "pid:4711" that of
// a process, anything with a slash a path, and everything else a name of `ip
// netns`. The same namespace is the same Node, whatever it is called.
func (w *World) Open(ref string) (*Node, error) {
	path := filepath.Join(netnsDir, ref)
	pid, isProcess := strings.CutPrefix(ref, "pid:")
	switch {
	case ref == "":
		path = currentNetns
	case strings.Contains(ref, "/"):
		path = ref
	case isProcess:
		number, err := strconv.Atoi(pid)
		if err != nil || number <= 0 {
			return nil, fmt.Errorf("namespace %q: not the number of a process", ref)
		}
		path = filepath.Join("/proc", pid, "ns/net")
	}
	inode, err := inodeOf(path)
	if err != nil {
		return nil, fmt.Errorf("namespace %q: %w", ref, err)
	}
	return w.open(inode, path, ref)
}

// open opens the namespace with that inode at path, which the user calls ref.
func (w *World) open(inode uint64, path, ref string) (*Node, error) {
	if n := w.nodes[inode]; n != nil {
		return n, nil
	}
	name := w.nameOf(inode, path, ref)
	ns, err := nsenter.Open(cmp.Or(name, "the current namespace"), path)
	if err != nil {
		return nil, err
	}
	n := &Node{Name: name, NS: ns}
	if n.NS.Inode() != inode { // path leads elsewhere by now
		if same := w.nodes[ns.Inode()]; same != nil {
			ns.Close()
			return same, nil
		}
	}
	w.nodes[ns.Inode()] = n
	return n, nil
}

// nameOf is what a command must call the namespace: its name for `ip netns`, if
// it has one; nothing, if it is the current one; else what the user said.
func (w *World) nameOf(inode uint64, path, ref string) string {
	if filepath.Dir(filepath.Clean(path)) == netnsDir {
		return filepath.Base(path)
	}
	for _, named := range namedNetns() {
		if found, err := inodeOf(named); err == nil && found == inode {
			return filepath.Base(named)
		}
	}
	if inode == w.current {
		return ""
	}
	return ref
}

// Peer returns the namespace that n numbers nsid, as Link.PeerNetnsID does. The
// kernel tells the number of a namespace and not the namespace of a number, so
// it is asked about one after the other: those that are open, the first
// process's, the named ones, and those of all processes.
func (w *World) Peer(n *Node, nsid int) (*Node, error) {
	switch {
	case nsid == hereNsid:
		return n, nil
	case nsid < 0: // the kernel has no number for it
		return nil, fmt.Errorf("%w: it has no number in %s", ErrUnseen, n.calls())
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

func (w *World) search(n *Node, nsid int) (*Node, error) {
	one, err := n.ask()
	if err != nil {
		return nil, err
	}
	for candidate := range w.candidates() {
		fd, err := unix.Open(candidate.path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			w.skip(candidate, err)
			continue
		}
		id := one.NetnsID(fd)
		if id != nsid {
			unix.Close(fd)
			continue
		}
		inode, err := inodeOf(fmt.Sprintf("/proc/self/fd/%d", fd))
		unix.Close(fd)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnseen, err)
		}
		peer, err := w.open(inode, candidate.path, candidate.ref)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnseen, err)
		}
		return peer, nil
	}
	return nil, fmt.Errorf("%w: number %d of %s (%d others could not be looked at)", ErrUnseen, nsid, n.calls(), w.Unseen())
}

// skip counts what may not be looked at. What is gone by now does not count.
func (w *World) skip(c candidate, err error) {
	switch {
	case !errors.Is(err, fs.ErrPermission):
	case c.pid != 0:
		w.unseen[c.pid] = true
	default:
		w.hidden[c.path] = true
	}
}

// candidate is a place where a namespace can be opened.
type candidate struct {
	path, ref string
	pid       int // 0: it is no process's
}

// candidates yields the places where namespaces can be found, the likeliest
// first.
func (w *World) candidates() func(yield func(candidate) bool) {
	return func(yield func(candidate) bool) {
		for _, n := range w.nodes {
			if !yield(candidate{path: fmt.Sprintf("/proc/self/fd/%d", int(n.NS.FD())), ref: n.Name}) {
				return
			}
		}
		if !yield(candidate{path: currentNetns}) || !yield(processNetns(1)) {
			return
		}
		for _, path := range namedNetns() {
			if !yield(candidate{path: path, ref: filepath.Base(path)}) {
				return
			}
		}
		for _, pid := range processes() {
			if !yield(processNetns(pid)) {
				return
			}
		}
	}
}

func processNetns(pid int) candidate {
	return candidate{path: fmt.Sprintf("/proc/%d/ns/net", pid), ref: fmt.Sprintf("pid:%d", pid), pid: pid}
}

// namedNetns are the paths of the namespaces that have a name. There are none
// when their directory is missing.
func namedNetns() []string {
	entries, _ := os.ReadDir(netnsDir)
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = filepath.Join(netnsDir, e.Name())
	}
	return paths
}

// processes are the numbers of the processes that /proc shows, lowest first.
func processes() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// inodeOf is the nsfs inode behind path, without opening it.
func inodeOf(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}
