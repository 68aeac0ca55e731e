package nsenter_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// create makes a namespace for one test.
func create(t *testing.T, name string) *nsenter.Namespace {
	t.Helper()
	path := "/run/netns/" + name
	ns, err := nsenter.Create(name, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ns.Close()
		nsenter.Delete(path)
	})
	return ns
}

// here is the namespace of the calling thread, as /proc calls it.
func here(t *testing.T) string {
	t.Helper()
	link, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func called(ns *nsenter.Namespace) string { return fmt.Sprintf("net:[%d]", ns.Inode()) }

// threadsIn counts the threads of this process that live in ns.
func threadsIn(t *testing.T, ns *nsenter.Namespace) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == called(ns) {
			n++
		}
	}
	return n
}

func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 2s: " + what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestDoRunsInsideAndNobodyElseDoes(t *testing.T) {
	outside := here(t)
	a, b := create(t, "a"), create(t, "b")
	for range 100 {
		for _, ns := range []*nsenter.Namespace{a, b} {
			var inside string
			if err := ns.Do(func() error { inside = here(t); return nil }); err != nil {
				t.Fatal(err)
			}
			if inside != called(ns) {
				t.Fatalf("Do of %s ran in %s", ns.Name(), inside)
			}
		}
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if now := here(t); now != outside {
				t.Errorf("an ordinary goroutine runs in %s", now)
			}
		})
	}
	all.Wait()
	if n := threadsIn(t, a); n != 1 {
		t.Errorf("%d threads live in a", n)
	}
}

func TestDoHandsErrorsAndPanicsBack(t *testing.T) {
	ns := create(t, "a")
	if err := ns.Do(func() error { return unix.EADDRINUSE }); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("error: %v", err)
	}
	if err := ns.Do(func() error { panic("oh") }); err == nil || err.Error() != "a: panic: oh" {
		t.Errorf("panic: %v", err)
	}
	if err := ns.Do(func() error { return nil }); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestClosedNamespaceIsLetGo(t *testing.T) {
	ns := create(t, "a")
	if _, err := ns.Handle(); err != nil {
		t.Fatal(err)
	}
	ns.Close()
	ns.Close()
	if ns.Context().Err() == nil {
		t.Error("the context goes on")
	}
	for what, err := range map[string]error{
		"Do":          ns.Do(func() error { t.Error("Do ran"); return nil }),
		"Handle":      second(ns.Handle()),
		"ReadSysctl":  second(ns.ReadSysctl("net/ipv4/ip_forward")),
		"WriteSysctl": ns.WriteSysctl("net/ipv4/ip_forward", "1"),
	} {
		if !errors.Is(err, nsenter.ErrClosed) || !strings.HasPrefix(err.Error(), "a: ") {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	soon(t, "its thread has ended", func() bool { return threadsIn(t, ns) == 0 })
}

func second[T any](_ T, err error) error { return err }

// TestKernelFreesAClosedNamespace sees it by a cable whose other end goes away.
func TestKernelFreesAClosedNamespace(t *testing.T) {
	a, b := create(t, "a"), create(t, "b")
	h, err := a.Handle()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Handle(); err != nil {
		t.Fatal(err)
	}
	err = h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "cable", TxQLen: -1},
		PeerName: "cable", PeerNamespace: netlink.NsFd(int(b.FD()))})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := nsenter.Delete("/run/netns/b"); err != nil {
		t.Fatal(err)
	}
	soon(t, "the cable is gone", func() bool {
		_, err := h.LinkByName("cable")
		return errors.As(err, new(netlink.LinkNotFoundError))
	})
}

func TestHandleIsOneAndSpeaksOfItsNamespace(t *testing.T) {
	a, b := create(t, "a"), create(t, "b")
	for _, ns := range []*nsenter.Namespace{a, b} {
		h, err := ns.Handle()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ns.Handle()
		if err != nil || again != h {
			t.Errorf("the second handle is another: %v", err)
		}
		if err := h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br-" + ns.Name(), TxQLen: -1}}); err != nil {
			t.Fatal(err)
		}
		links, err := h.LinkList()
		if err != nil || len(links) != 2 || links[1].Attrs().Name != "br-"+ns.Name() {
			t.Errorf("%s: %v %v", ns.Name(), links, err)
		}
	}
}

func TestSysctlsAreTheNamespacesOwn(t *testing.T) {
	a, b := create(t, "a"), create(t, "b")
	const key = "net/ipv4/ip_default_ttl"
	if err := a.WriteSysctl(key, "33"); err != nil {
		t.Fatal(err)
	}
	for ns, want := range map[*nsenter.Namespace]string{a: "33", b: "64"} {
		if got, err := ns.ReadSysctl(key); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", ns.Name(), got, err, want)
		}
	}
	if _, err := a.ReadSysctl("net/ipv4/no_such"); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "a: ") {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := a.WriteSysctl(key, "nonsense"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a value that is nonsense: %v", err)
	}
}

func TestOnlyNamespacesAreOpened(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/run/netns/no-such", plain, t.TempDir(), "/proc/self/ns/mnt"} {
		if ns, err := nsenter.Open("x", path); err == nil {
			t.Errorf("%s was opened as namespace %d", path, ns.Inode())
		} else if !strings.Contains(err.Error(), `"x"`) {
			t.Errorf("%s: the error does not name the namespace: %v", path, err)
		}
	}
}

func TestCreateRefusesWhatIsThere(t *testing.T) {
	create(t, "a")
	if _, err := nsenter.Create("a", "/run/netns/a"); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := nsenter.Create("x", "/run/no-such-folder/x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without its folder: %v", err)
	}
	if err := nsenter.Delete("/run/netns/no-such"); err == nil {
		t.Error("deleting what is not there succeeded")
	}
}

func TestInodeAtAndCurrentAgree(t *testing.T) {
	ns := create(t, "a")
	inode, err := nsenter.InodeAt("/run/netns/a")
	if err != nil || inode != ns.Inode() {
		t.Errorf("inode %d %v, want %d", inode, err, ns.Inode())
	}
	current, err := nsenter.Open("here", "/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer current.Close()
	if called(current) != here(t) || current.Name() != "here" {
		t.Errorf("current is %s %s", current.Name(), called(current))
	}
	if _, err := nsenter.InodeAt("/run/netns/no-such"); err == nil {
		t.Error("a namespace that is not there has an inode")
	}
}

func TestManyOpenAndClose(t *testing.T) {
	create(t, "a")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				ns, err := nsenter.Open("a", "/run/netns/a")
				if err != nil {
					t.Error(err)
					return
				}
				all.Go(func() { ns.Do(func() error { return nil }) })
				if _, err := ns.Handle(); err != nil {
					t.Error(err)
				}
				ns.Close()
			}
		})
	}
	all.Wait()
}
