// Package nsenter runs Go code inside a network namespace without ever
// letting a thread of the wrong namespace back into the scheduler.
package nsenter

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// ErrClosed is returned by a Namespace that was closed, usually because
// somebody deleted the namespace it stood for.
var ErrClosed = say.Err("network namespace is closed", "网络命名空间已关闭")

// The main goroutine keeps the main thread, so that a pinned thread is never
// the main one: that one cannot end, and would hold its namespace for ever.
func init() { runtime.LockOSThread() }

// Namespace is an open network namespace: a descriptor that keeps it alive,
// one thread that lives inside it, and one rtnetlink socket.
//
// While a Namespace is open the kernel cannot free the namespace, even after
// `ip netns del`: Close it as soon as its name is gone.
type Namespace struct {
	name string
	fd   netns.NsHandle
	ino  uint64

	jobs   chan func()
	ctx    context.Context
	cancel context.CancelFunc
	exited chan struct{}

	mu     sync.Mutex
	handle *netlink.Handle
}

// Open opens the namespace at path (such as /run/netns/ns1 or
// /proc/4711/ns/net) and calls it name.
func Open(name, path string) (*Namespace, error) {
	opened, err := OpenFile(path)
	if err != nil {
		return nil, say.Err("open network namespace %q: %v", "打开网络命名空间 %q：%v", name, err)
	}
	fd := netns.NsHandle(opened)
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		fd.Close()
		return nil, say.Err("open network namespace %q: %v", "打开网络命名空间 %q：%v", name, err)
	}
	n := &Namespace{
		name: name, fd: fd, ino: st.Ino,
		jobs:   make(chan func()),
		exited: make(chan struct{}),
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	entered := make(chan error, 1)
	go n.live(entered)
	if err := <-entered; err != nil {
		n.cancel()
		fd.Close()
		return nil, say.Err("enter network namespace %q: %v", "进入网络命名空间 %q：%v", name, err)
	}
	return n, nil
}

// ErrNoNamespace says that what is at a path is no namespace.
var ErrNoNamespace = say.Err("it is not a network namespace", "它不是网络命名空间")

// OpenFile opens the file of a namespace, and nothing else: whoever may write to
// /run/netns can put a FIFO there, and to open that one waits for its writer.
func OpenFile(path string) (fd int, err error) { return OpenFileAt(unix.AT_FDCWD, path) }

// OpenFileAt is OpenFile for a path below an open directory.
func OpenFileAt(dir int, path string) (fd int, err error) {
	fd, err = unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if st.Type != unix.NSFS_MAGIC {
		unix.Close(fd)
		return -1, ErrNoNamespace
	}
	return fd, nil
}

// live is the pinned thread. It ends without unlocking, so the runtime ends
// the thread with it.
func (n *Namespace) live(entered chan<- error) {
	defer close(n.exited)
	runtime.LockOSThread()
	var err error
	// Where the thread is already, an ordinary user may be too.
	if here, hereErr := InodeAt("/proc/thread-self/ns/net"); hereErr != nil || here != n.ino {
		err = netns.Set(n.fd)
	}
	entered <- err
	if err != nil {
		return
	}
	for {
		select {
		case job := <-n.jobs:
			job()
		case <-n.ctx.Done():
			return
		}
	}
}

// Name is what the namespace was opened as.
func (n *Namespace) Name() string { return n.name }

// Inode is the nsfs inode, the number in `readlink /proc/PID/ns/net`.
func (n *Namespace) Inode() uint64 { return n.ino }

// FD is the open descriptor of the namespace; it belongs to n.
func (n *Namespace) FD() netns.NsHandle { return n.fd }

// Context ends when the namespace is closed. Sockets opened inside keep the
// namespace alive: close them when it ends.
func (n *Namespace) Context() context.Context { return n.ctx }

// Do runs fn on the thread inside the namespace and returns its error.
// Sockets, files below /proc/sys/net and child processes that fn opens or
// starts belong to the namespace; goroutines it starts do not. A panic in fn
// comes back as an error. fn must not call Do on the same Namespace, and must
// not block for long: everybody shares the one thread.
func (n *Namespace) Do(fn func() error) error {
	result := make(chan error, 1)
	job := func() {
		defer func() {
			if p := recover(); p != nil {
				result <- say.Err("%s: panic: %v", "%s：程序出错（panic）：%v", n.name, p)
			}
		}()
		result <- fn()
	}
	select {
	case n.jobs <- job:
		return <-result
	case <-n.ctx.Done():
		return say.At(n.name, ErrClosed)
	}
}

// In runs fn inside ns, or right here when ns is nil: the caller's own namespace.
func In(ns *Namespace, fn func() error) error {
	if ns == nil {
		return fn()
	}
	return ns.Do(fn)
}

// Handle returns the namespace's rtnetlink handle, opened on first use.
func (n *Namespace) Handle() (*netlink.Handle, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return nil, say.At(n.name, ErrClosed)
	}
	if n.handle == nil {
		err := n.Do(func() (err error) {
			n.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE)
			return err
		})
		if err != nil {
			return nil, say.At(n.name, say.At("rtnetlink", err))
		}
	}
	return n.handle, nil
}

// ReadSysctl reads a file below /proc/sys, given as a path such as
// "net/ipv4/ip_forward", as the namespace has it.
func (n *Namespace) ReadSysctl(path string) (string, error) {
	var value string
	err := n.Do(func() error {
		data, err := os.ReadFile("/proc/sys/" + path)
		if err != nil {
			return err
		}
		for len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\t') {
			data = data[:len(data)-1]
		}
		value = string(data)
		return nil
	})
	if err != nil {
		return "", say.At(n.name, err)
	}
	return value, nil
}

// WriteSysctl writes a file below /proc/sys inside the namespace.
func (n *Namespace) WriteSysctl(path, value string) error {
	err := n.Do(func() error {
		return os.WriteFile("/proc/sys/"+path, []byte(value), 0)
	})
	if err != nil {
		return say.At(n.name, err)
	}
	return nil
}

// WriteSetting writes a file below /proc/sys as the namespace of this thread has it. It
// does without the poller that an os.File would be registered with: a lab has some 70
// settings. The error is an errno.
func WriteSetting(path, value string) error {
	fd, err := unix.Open("/proc/sys/"+path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(value))
	return err
}

// handleGrace is how long a closed namespace's rtnetlink socket stays: requests
// that are under way on it end in well under a millisecond, and a netlink.Handle
// whose socket were taken from under it would open one in the wrong namespace.
const handleGrace = 100 * time.Millisecond

// Close lets go of the namespace: its thread has ended when Close returns, and
// its rtnetlink socket closes a moment later. From then on nothing of n keeps
// the namespace alive.
func (n *Namespace) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return
	}
	n.cancel()
	<-n.exited
	if n.handle != nil {
		time.AfterFunc(handleGrace, n.handle.Close)
		n.handle = nil
	}
	n.fd.Close()
}
