package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"nstutor/diag/container"
	"nstutor/internal/say"
)

// ErrNobody tells that no container, and no pod, has a name. It is an
// fs.ErrNotExist.
var ErrNobody = say.Err("no container or pod has that name: %v", "没有叫这个名字的容器或 Pod：%v", fs.ErrNotExist)

// errNoNumber tells that what should be the number of a process is none.
var errNoNumber = say.Err("not the number of a process", "不是进程号")

// Ambiguous tells that several namespaces have containers of one name.
type Ambiguous struct {
	Ref   string
	Found []container.Container // one of each namespace
}

// In is the sentence in a language.
func (a *Ambiguous) In(lang string) string {
	each := make([]string, len(a.Found))
	for i, c := range a.Found {
		each[i] = fmt.Sprintf("pid:%d (%s)", c.PID, described(c).In(lang))
	}
	return say.T("%q is the name of several; say which one: %s", "有多个都叫 %q；请指明是哪一个：%s", a.Ref, say.List(each...)).In(lang)
}

func (a *Ambiguous) Error() string { return a.In("en") }

// described tells a container from others of its name.
func described(c container.Container) say.Text {
	text := c.Runtime
	if c.PodIn != "" {
		text += ", pod " + c.PodIn + "/" + c.Pod
	}
	if c.ID != "" {
		text += ", " + c.ID[:min(len(c.ID), 12)]
	}
	if c.UID != 0 {
		return say.T("%s, of user %d", "%s，属于用户 %d", text, c.UID)
	}
	return say.Quote(text)
}

// Open opens a namespace: "" is the one this process is in, "pid:4711" that of
// a process, "container:web" that of a container or pod, and anything else that
// has a slash in it a path or a pod with its namespace. Of what is left, names of
// `ip netns` come first, then containers and pods, then processes by their bare
// numbers, and then containers by the beginning of their IDs. The same namespace
// is the same Space, whatever it is called.
//
// It fails with an *Ambiguous where several have that name.
func (w *Machine) Open(ref string) (*Space, error) {
	pid, isProcess := strings.CutPrefix(ref, "pid:")
	called, isContainer := strings.CutPrefix(ref, "container:")
	switch {
	case ref == "":
		return w.open(0, currentNetns, ref)
	case isContainer:
		n, err := w.openContainer(ref, container.Named(w.containers(), called))
		if errors.Is(err, ErrNobody) {
			n, err = w.openContainer(ref, container.Numbered(w.containers(), called))
		}
		return n, err
	case isProcess:
		return w.openProcess(ref, pid)
	case strings.Contains(ref, "/"):
		return w.openPath(ref)
	}
	return w.openName(ref)
}

// openPath opens a path; a pod with its namespace looks like one.
func (w *Machine) openPath(ref string) (*Space, error) {
	n, err := w.open(0, ref, ref)
	if !errors.Is(err, fs.ErrNotExist) || filepath.IsAbs(ref) {
		return n, err
	}
	if pod, podErr := w.openContainer(ref, container.Named(w.containers(), ref)); !errors.Is(podErr, ErrNobody) {
		return pod, podErr
	}
	return n, err
}

// openName opens what is neither a path nor says what it is.
func (w *Machine) openName(ref string) (*Space, error) {
	n, err := w.open(0, filepath.Join(netnsDir, ref), ref)
	if !errors.Is(err, fs.ErrNotExist) {
		return n, err
	}
	n, err = w.openContainer(ref, container.Named(w.containers(), ref))
	if !errors.Is(err, ErrNobody) {
		return n, err
	}
	if number, numberErr := strconv.Atoi(ref); numberErr == nil && number > 0 {
		if n, err := w.openProcess("pid:"+ref, ref); !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
	}
	return w.openContainer(ref, container.Numbered(w.containers(), ref))
}

func (w *Machine) openProcess(ref, pid string) (*Space, error) {
	number, err := strconv.Atoi(pid)
	if err != nil || number <= 0 {
		return nil, say.Err("namespace %q: %v", "命名空间 %q：%v", ref, errNoNumber)
	}
	place := processNetns(number)
	n, err := w.open(0, place.path, place.ref)
	if err == nil {
		n.Process, n.called = number, w.calledBy(n.NS.Inode(), number)
	}
	return n, err
}

// openContainer opens the one namespace that some containers are in.
func (w *Machine) openContainer(ref string, found []container.Container) (*Space, error) {
	var different []container.Container
	seen := map[uint64]bool{}
	for _, c := range found {
		inode, err := inodeOf(processNetns(c.PID).path)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			continue // it has ended
		}
		if !seen[inode] || inode == 0 {
			different = append(different, c)
		}
		seen[inode] = true
	}
	switch len(different) {
	case 0:
		return nil, say.Err("namespace %q: %v", "命名空间 %q：%v", ref, ErrNobody)
	case 1:
		return w.openProcess(fmt.Sprintf("pid:%d", different[0].PID), strconv.Itoa(different[0].PID))
	}
	return nil, &Ambiguous{Ref: ref, Found: different}
}

// Closed is the network of podman without a way out that a bridge is of, and an address.
func (w *Machine) Closed(bridge string, addr netip.Addr) (container.Network, bool) {
	for _, n := range w.networks() {
		if n.Internal && n.Bridge == bridge && n.Has(addr) {
			return n, true
		}
	}
	return container.Network{}, false
}

// containersOf has the containers and their networks read below a root folder.
func (w *Machine) containersOf(root string) {
	w.networks = sync.OnceValue(func() []container.Network { return container.Networks(root) })
	w.stopped = func(proto string, at netip.AddrPort) (string, int) { return container.Stopped(root, proto, at) }
	w.published = func(proto string, at netip.AddrPort) (container.Binding, bool) {
		return container.Published(root, proto, at)
	}
	w.containers = sync.OnceValue(func() []container.Container {
		all, err := container.Read(root)
		if err != nil {
			return nil // nobody has a name then, and namespaces have theirs
		}
		return all
	})
}

// calledBy finds what the container in a namespace is called, once somebody wants
// to know. Of several that share it that is the one of a process that was asked
// for, or else the one that was begun first: whose namespace it is.
func (w *Machine) calledBy(inode uint64, process int) func() string {
	return sync.OnceValue(func() string {
		called := ""
		for _, c := range w.containers() {
			in, err := inodeOf(processNetns(c.PID).path)
			if err == nil && in == inode && (called == "" || c.PID == process) {
				called = c.Called()
			}
		}
		return called
	})
}

// Titles are the titles of the open namespaces that have another name for
// commands, by that name.
func (w *Machine) Titles() map[string]string {
	titles := map[string]string{}
	for _, n := range w.nodes {
		if title := n.Title(); title != n.Name {
			titles[n.Name] = title
		}
	}
	return titles
}
