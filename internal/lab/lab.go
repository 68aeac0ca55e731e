// Package lab is the isolated network of the course: it is born in namespaces
// of its own, and the kernel takes all of it away when the process dies.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// ErrNoNamespace says that no namespace of that name is under /run/netns.
var ErrNoNamespace = say.Err("no such network namespace", "没有这个网络命名空间")

// NotThere is what ip(8) says of a namespace that is not there (netns_get_fd of
// iproute2 and the error of open).
func NotThere(netns string) string {
	return fmt.Sprintf("Cannot open network namespace %q: No such file or directory", netns)
}

// Lab is the running lab: the named namespaces under /run/netns and the
// processes that were started in them. Its methods may be called from any
// goroutine.
type Lab struct {
	opts    Options
	changes chan struct{}
	watcher watcher

	mu     sync.Mutex
	spaces map[string]*nsenter.Namespace
	procs  map[string]*Process
	dns    *nameServer
	notes  map[string]bool
	shells int             // that were opened
	before []func()        // what BeforeClose was given
	held   []func()        // what Hold was given
	asIs   map[string]bool // namespaces that LeaveAsIs was given
}

// Options are the ways in which a lab can differ.
type Options struct {
	// Fast shortens the kernel's ARP timers, so that a neighbour that does not
	// answer is FAILED after 0.3 s instead of 3 s.
	Fast bool
}

// New builds the starting topology inside the current mount namespace, which
// must be a lab's own (see Enter and Inside).
func New(ctx context.Context, opts Options) (*Lab, error) {
	watcher, err := watchNames(netnsDir)
	if err != nil {
		return nil, say.Err("watch %s: %v", "监视 %s：%v", netnsDir, err)
	}
	l := &Lab{
		opts:    opts,
		changes: make(chan struct{}, 1),
		watcher: watcher,
		spaces:  map[string]*nsenter.Namespace{},
		procs:   map[string]*Process{},
		notes:   map[string]bool{},
		asIs:    map[string]bool{},
	}
	hear()
	go l.follow()
	if err := l.Reset(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Changes receives a value after namespaces came or went. It holds one value:
// look at Names after each.
func (l *Lab) Changes() <-chan struct{} { return l.changes }

// Names lists the namespaces under /run/netns: host and inet first, the others
// in alphabetical order.
func (l *Lab) Names() []string {
	entries, err := os.ReadDir(netnsDir)
	if err != nil {
		return nil
	}
	rank := map[string]int{Host: -2, Inet: -1}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	sort.SliceStable(names, func(i, j int) bool { return rank[names[i]] < rank[names[j]] })
	return names
}

// NS returns the open namespace called name. Asking again is cheap. The error
// is ErrNoNamespace when there is none.
func (l *Lab) NS(name string) (*nsenter.Namespace, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open(name)
}

func (l *Lab) open(name string) (*nsenter.Namespace, error) {
	path, err := PathOf(name)
	if err != nil {
		return nil, err
	}
	if ns, ok := l.spaces[name]; ok {
		if ino, err := nsenter.InodeAt(path); err == nil && ino == ns.Inode() {
			return ns, nil
		}
		l.forget(name)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, say.At(name, ErrNoNamespace)
	}
	ns, err := nsenter.Open(name, path)
	if err != nil {
		return nil, err
	}
	sealSys(ns)
	// Whoever made it: it is pinned when it is first seen, under its first name.
	if !l.named(ns.Inode()) && !l.asIs[name] {
		Pin(ns)
	}
	l.spaces[name] = ns
	return ns, nil
}

// named says whether the namespace with this inode is open under some name.
func (l *Lab) named(inode uint64) bool {
	for _, ns := range l.spaces {
		if ns.Inode() == inode {
			return true
		}
	}
	return false
}

// Namespaces maps the inode of every named namespace to its name.
func (l *Lab) Namespaces() map[uint64]string {
	names := map[uint64]string{}
	for _, name := range l.Names() {
		if ns, err := l.NS(name); err == nil {
			names[ns.Inode()] = name
		}
	}
	return names
}

// PathOf is where name is mounted. Names are what `ip netns` accepts.
func PathOf(name string) (string, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/') || len(name) > 255 {
		return "", say.Err("%q is not a name for a network namespace", "%q 不能用作网络命名空间的名称", name)
	}
	return filepath.Join(netnsDir, name), nil
}

// forget closes what is held of a namespace, so that the kernel can free it.
func (l *Lab) forget(name string) {
	if ns, ok := l.spaces[name]; ok {
		delete(l.spaces, name)
		ns.Close()
	}
}

// follow keeps up with namespaces that come and go by other hands: one that
// was deleted must be let go at once, one that came is pinned like ours.
func (l *Lab) follow() {
	for change := range l.watcher.changes() {
		if change.gone {
			l.mu.Lock()
			if _, err := os.Stat(filepath.Join(netnsDir, change.name)); err != nil {
				l.forget(change.name)
			}
			l.mu.Unlock()
		} else {
			go l.welcome(change.name)
		}
		l.notify()
	}
}

func (l *Lab) notify() {
	select {
	case l.changes <- struct{}{}:
	default:
	}
}

// Close ends the processes of the lab and lets go of its namespaces.
func (l *Lab) Close() {
	l.watcher.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, shut := range l.before {
		shut()
	}
	l.before = nil
	l.empty()
}

// BeforeClose has shut called when the lab is closed, before anything in it ends.
func (l *Lab) BeforeClose(shut func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = append(l.before, shut)
}

// Hold has shut called when the network of the lab goes, with a reset or the lab.
func (l *Lab) Hold(shut func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, shut)
}

// LeaveAsIs has a namespace of that name, which is about to be made, keep the settings
// that its maker gives it, until the next Reset.
func (l *Lab) LeaveAsIs(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asIs[name] = true
}

// empty takes everything out of the lab: processes, namespaces, files, notes.
func (l *Lab) empty() {
	for _, shut := range l.held {
		shut()
	}
	l.held = nil
	for name, p := range l.procs {
		p.Stop()
		delete(l.procs, name)
	}
	if l.dns != nil {
		l.dns.Close()
		l.dns = nil
	}
	for name := range l.spaces {
		l.forget(name)
	}
	for _, name := range l.Names() {
		if path, err := PathOf(name); err == nil {
			nsenter.Delete(path)
		}
	}
	clear(l.notes)
	clear(l.asIs)
	entries, _ := os.ReadDir("/etc/netns")
	for _, e := range entries {
		os.RemoveAll(filepath.Join("/etc/netns", e.Name()))
	}
}

// Note remembers something about this lab that the kernel does not keep, such
// as that the learner has looked at a table. Reset forgets it.
func (l *Lab) Note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes[what] = true
}

// Noted says whether what was noted since the last Reset.
func (l *Lab) Noted(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notes[what]
}

// Unnote forgets what.
func (l *Lab) Unnote(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.notes, what)
}
