package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// search finds the namespace that n numbers nsid. Whatever is found is asked
// about once it is open, so that a name or process that has become another's
// meanwhile leads nowhere wrong.
func (w *Machine) search(n *Space, nsid int) (*Space, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	if open := w.searchOpen(one, nsid); open != nil {
		return open, nil
	}
	for _, find := range []func(*table.One, int) (*Space, error){w.searchHere, w.searchNames, w.searchProcesses} {
		if peer, err := find(one, nsid); peer != nil || err != nil {
			return peer, err
		}
	}
	if w.Unseen() == 0 {
		return nil, say.Err("%v: number %d of %s", "%v：%[3]s 中的 %[2]d 号", errUnseen, nsid, n.Calls())
	}
	return nil, say.Err("%v: number %d of %s (%d others could not be looked at)", "%v：%[3]s 中的 %[2]d 号（另有 %[4]d 个无法查看）", errUnseen, nsid, n.Calls(), w.Unseen())
}

// searchOpen looks at the namespaces that the packet has been in.
func (w *Machine) searchOpen(one *table.One, nsid int) *Space {
	nodes := slices.Collect(maps.Values(w.nodes))
	if at := slices.Index(numbers(one, nodes), nsid); at >= 0 {
		return nodes[at]
	}
	return nil
}

// numbers are those that the asked namespace has for others; negative where it has none.
func numbers(one *table.One, others []*Space) []int {
	fds := make([]int, len(others))
	for i, n := range others {
		fds[i] = int(n.NS.FD())
	}
	return one.NetnsIDs(fds)
}

// Numbers are those that the namespace has for others, negative where it has none.
func (n *Space) Numbers(others []*Space) ([]int, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	return numbers(one, others), nil
}

// searchHere looks at the namespace of this process and at the first process's.
func (w *Machine) searchHere(one *table.One, nsid int) (*Space, error) {
	if peer, err := w.look(one, nsid, candidate{path: currentNetns}); peer != nil || err != nil {
		return peer, err
	}
	return w.searchProcess(one, nsid, 1)
}

// searchNames looks at the namespaces that have a name.
func (w *Machine) searchNames(one *table.One, nsid int) (peer *Space, err error) {
	w.listNames(func(dir netnsNames) bool {
		if at := w.seekName(dir, one, nsid); at >= 0 {
			peer, err = w.look(one, nsid, candidate{path: filepath.Join(netnsDir, dir.names[at]), ref: dir.names[at]})
		}
		return peer != nil || err != nil
	})
	return peer, err
}

// seekName finds the place of a namespace among the names, or -1.
func (w *Machine) seekName(dir netnsNames, one *table.One, nsid int) int {
	return seek(len(dir.names), nsid, func(places []int) []int {
		names := make([]string, len(places))
		for i, place := range places {
			names[i] = dir.names[place]
		}
		fds := w.openNames(dir, names)
		defer closeAll(fds)
		return one.NetnsIDs(fds)
	})
}

// searchProcesses looks at the namespaces of all processes. The kernel tells of
// any process whether it is in the wanted one; to open that, one must be allowed
// to look at the process, or at another that is in it.
func (w *Machine) searchProcesses(one *table.One, nsid int) (*Space, error) {
	pids := plainfile.Processes()
	if !procIsOurs() {
		return w.searchProcess(one, nsid, pids...)
	}
	first := seek(len(pids), nsid, func(places []int) []int {
		asked := make([]int, len(places))
		for i, place := range places {
			asked[i] = pids[place]
		}
		return one.NetnsIDsOfProcesses(asked)
	})
	if first < 0 {
		return nil, nil
	}
	if peer, err := w.searchProcess(one, nsid, pids[first]); peer != nil || err != nil {
		return peer, err
	}
	ids := one.NetnsIDsOfProcesses(pids)
	for i, id := range ids {
		if id != nsid {
			continue
		}
		if peer, err := w.searchProcess(one, nsid, pids[i]); peer != nil || err != nil {
			return peer, err
		}
	}
	return nil, nil
}

// searchProcess opens the namespaces of some processes.
func (w *Machine) searchProcess(one *table.One, nsid int, pids ...int) (*Space, error) {
	for _, pid := range pids {
		if peer, err := w.look(one, nsid, processNetns(pid)); peer != nil || err != nil {
			return peer, err
		}
	}
	return nil, nil
}

// candidate is a place where a namespace can be opened.
type candidate struct {
	path, ref string
	pid       int // 0: it is no process's
}

// candidates yields all places where namespaces can be found, the likeliest first.
func (w *Machine) candidates() iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		var all []candidate
		for _, n := range w.nodes {
			all = append(all, candidate{path: fmt.Sprintf("/proc/self/fd/%d", int(n.NS.FD())), ref: n.Name})
		}
		all = append(all, candidate{path: currentNetns}, processNetns(1))
		dir := openNetnsDir()
		dir.close()
		for _, name := range dir.names {
			all = append(all, candidate{path: filepath.Join(netnsDir, name), ref: name})
		}
		for _, pid := range plainfile.Processes() {
			all = append(all, processNetns(pid))
		}
		for _, c := range all {
			if !yield(c) {
				return
			}
		}
	}
}

func processNetns(pid int) candidate {
	return candidate{path: fmt.Sprintf("/proc/%d/ns/net", pid), ref: fmt.Sprintf("pid:%d", pid), pid: pid}
}

// look opens the namespace at a place, and returns it if one numbers it nsid.
// There is neither a Space nor an error when that is another, or none.
func (w *Machine) look(one *table.One, nsid int, c candidate) (*Space, error) {
	fd, err := nsenter.OpenFile(c.path)
	if err != nil {
		w.skip(c, err)
		return nil, nil
	}
	defer unix.Close(fd)
	if one.NetnsID(fd) != nsid {
		return nil, nil
	}
	peer, err := w.enter(fd, c.path, c.ref)
	if err != nil {
		return nil, say.Err("%v: %v", "%v：%v", errUnseen, err)
	}
	return peer, nil
}

// skip counts what may not be looked at. What is gone by now does not count.
func (w *Machine) skip(c candidate, err error) {
	switch {
	case !errors.Is(err, fs.ErrPermission):
	case c.pid != 0:
		w.unseen[c.pid] = true
	default:
		w.hidden[c.path] = true
	}
}

// All opens all namespaces that can be seen, those that are open first: once where nothing
// changes.
func (w *Machine) All() []*Space {
	if w.still && w.all != nil {
		return w.all
	}
	var all []*Space
	for c := range w.candidates() {
		inode, err := inodeOf(c.path)
		if err != nil {
			continue
		}
		n, err := w.open(inode, c.path, c.ref)
		if err == nil && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	w.all = all
	return all
}
