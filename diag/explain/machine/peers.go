package machine

import (
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/plainfile"
)

// peersAtOnce is how many namespaces are worth a look at all there are: below it, each
// is sought by itself.
const peersAtOnce = 4

// peersOf makes Peer know the namespaces that n numbers so, as far as they can be seen:
// each place is looked at once for all of them. It returns those that Peer knows now.
func (w *Machine) peersOf(n *Space, nsids []int) []*Space {
	wanted := map[int]bool{}
	for _, nsid := range nsids {
		if nsid >= 0 && w.peers[peering{n.NS.Inode(), nsid}] == nil {
			wanted[nsid] = true
		}
	}
	if len(wanted) >= peersAtOnce {
		if one, err := n.Ask(); err == nil {
			w.meet(n, one, wanted)
		}
	} else {
		for nsid := range wanted {
			_, _ = w.Peer(n, nsid)
		}
	}
	var found []*Space
	for _, nsid := range nsids {
		if peer := w.peers[peering{n.NS.Inode(), nsid}]; peer != nil && !slices.Contains(found, peer) {
			found = append(found, peer)
		}
	}
	return found
}

// meet finds the wanted among what is open, the names, and the processes.
func (w *Machine) meet(n *Space, one *table.One, wanted map[int]bool) {
	found := func(nsid int, peer *Space) {
		w.peers[peering{n.NS.Inode(), nsid}] = peer
		delete(wanted, nsid)
	}
	open := slices.Collect(maps.Values(w.nodes))
	for i, nsid := range numbers(one, open) {
		if wanted[nsid] {
			found(nsid, open[i])
		}
	}
	w.listNames(func(dir netnsNames) bool {
		for names := range slices.Chunk(dir.names, seekBatch) {
			if len(wanted) == 0 {
				break
			}
			fds := w.openNames(dir, names)
			for i, nsid := range one.NetnsIDs(fds) {
				if !wanted[nsid] {
					continue
				}
				if peer, err := w.enter(fds[i], filepath.Join(netnsDir, names[i]), names[i]); err == nil {
					found(nsid, peer)
				}
			}
			closeAll(fds)
		}
		return len(wanted) == 0
	})
	if len(wanted) == 0 {
		return
	}
	pids := plainfile.Processes()
	if !procIsOurs() {
		for nsid := range wanted {
			if peer, _ := w.searchProcess(one, nsid, pids...); peer != nil {
				found(nsid, peer)
			}
		}
		return
	}
	for i, nsid := range one.NetnsIDsOfProcesses(pids) {
		if !wanted[nsid] {
			continue
		}
		if peer, _ := w.searchProcess(one, nsid, pids[i]); peer != nil {
			found(nsid, peer)
		}
	}
}

// openNames opens namespaces by their names; -1, which is nobody's number, are those
// that cannot be opened.
func (w *Machine) openNames(dir netnsNames, names []string) []int {
	fds := make([]int, len(names))
	for i, name := range names {
		fd, err := dir.open(name)
		if err != nil {
			w.skip(candidate{path: filepath.Join(netnsDir, name)}, err)
			fd = -1
		}
		fds[i] = fd
	}
	return fds
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
