package lab_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// inNewNetns runs fn on a thread of a new network namespace. The thread ends
// with it.
func inNewNetns(fn func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			result <- err
			return
		}
		result <- fn()
	}()
	return <-result
}

// cable lays a veth pair from host into the namespace called name.
func cable(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	h, err := namespace(t, l, lab.Host).Handle()
	if err != nil {
		t.Fatal(err)
	}
	err = h.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "veth-" + name, TxQLen: -1}, PeerName: "eth0",
		PeerNamespace: netlink.NsFd(int(namespace(t, l, name).FD())),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func hasLink(t *testing.T, l *lab.Lab, netns, dev string) bool {
	t.Helper()
	_, ok := read(t, namespace(t, l, netns)).Link(dev)
	return ok
}

// TestDeletedNamespaceIsFreed shows by its cable that the kernel frees a
// namespace whoever deletes it: nothing of the lab may hold it.
func TestDeletedNamespaceIsFreed(t *testing.T) {
	for who, del := range map[string]func(*lab.Lab, string) error{
		"the lab": (*lab.Lab).DelNetns,
		"another hand": func(_ *lab.Lab, name string) error {
			path := "/run/netns/" + name
			return errors.Join(unix.Unmount(path, unix.MNT_DETACH), os.Remove(path))
		},
	} {
		t.Run(who, func(t *testing.T) {
			l := newLab(t)
			if err := l.AddNetns("ns1"); err != nil {
				t.Fatal(err)
			}
			cable(t, l, "ns1")
			ns := namespace(t, l, "ns1")
			read(t, ns)
			if !hasLink(t, l, lab.Host, "veth-ns1") {
				t.Fatal("no cable")
			}
			if err := del(l, "ns1"); err != nil {
				t.Fatal(err)
			}
			soon(t, time.Second, "the cable goes with the namespace", func() bool {
				return !hasLink(t, l, lab.Host, "veth-ns1")
			})
			if _, err := l.NS("ns1"); !errors.Is(err, lab.ErrNoNamespace) {
				t.Errorf("asking for a deleted namespace: %v", err)
			}
			if ns.Context().Err() == nil {
				t.Error("the namespace's context has not ended")
			}
		})
	}
}

func TestNamespaceOfTheSameNameIsTheNewOne(t *testing.T) {
	l := newLab(t)
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	old := namespace(t, l, "ns1")
	if err := l.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	now := namespace(t, l, "ns1")
	if now == old || now.Context().Err() != nil {
		t.Error("the old namespace is still handed out")
	}
	if again := namespace(t, l, "ns1"); again != now {
		t.Error("asking twice opened the namespace twice")
	}
	if name := l.Namespaces()[now.Inode()]; name != "ns1" {
		t.Errorf("inode %d is %q", now.Inode(), name)
	}
	if err := l.AddNetns("ns1"); !errors.Is(err, os.ErrExist) {
		t.Errorf("adding a namespace twice: %v", err)
	}
}

func TestComingAndGoingIsAnnounced(t *testing.T) {
	l := newLab(t)
	drain := func() {
		select {
		case <-l.Changes():
		default:
		}
	}
	announced := func(what string) {
		t.Helper()
		select {
		case <-l.Changes():
		case <-time.After(time.Second):
			t.Errorf("%s was not announced", what)
		}
	}
	drain()
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	announced("a new namespace")
	soon(t, time.Second, "the announcements end", func() bool {
		select {
		case <-l.Changes():
			return false
		default:
			return true
		}
	})
	if err := l.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	announced("a deleted namespace")
}

func TestNamesAreInTheOrderOfTheTour(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"zeta", "alpha", "ns1"} {
		if err := l.AddNetns(name); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"host", "inet", "alpha", "ns1", "zeta"}
	if got := l.Names(); !slices.Equal(got, want) {
		t.Errorf("names are %v, want %v", got, want)
	}
}

var nonsense = []string{"", ".", "..", "a/b", "/etc/passwd", "../../etc/passwd", strings.Repeat("x", 256), "nul\x00"}

func TestNonsenseIsNoName(t *testing.T) {
	l := newLab(t)
	for _, name := range nonsense {
		if err := l.AddNetns(name); err == nil {
			t.Errorf("AddNetns(%q) succeeded", name)
		}
		if err := l.DelNetns(name); err == nil {
			t.Errorf("DelNetns(%q) succeeded", name)
		}
		if _, err := l.NS(name); err == nil {
			t.Errorf("NS(%q) succeeded", name)
		}
		if _, err := l.Spawn(name, "p", "pause"); err == nil {
			t.Errorf("Spawn in %q succeeded", name)
		}
		if _, err := l.Command(t.Context(), name, "true"); err == nil {
			t.Errorf("Command in %q succeeded", name)
		}
	}
	for _, name := range []string{"ns1", "pod a", "-x", "名前", "a.b"} {
		if err := l.AddNetns(name); err != nil {
			t.Errorf("AddNetns(%q): %v", name, err)
		}
	}
}

// FuzzNamesStayBelowRunNetns runs in a lab too, each of its workers.
func FuzzNamesStayBelowRunNetns(f *testing.F) {
	for _, name := range nonsense {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if _, err := os.Stat("/run/nstutor/bin/web"); err != nil {
			t.Fatalf("a fuzzing worker is outside of the lab: %v", err)
		}
		path, err := lab.PathOf(name)
		if err == nil && path != "/run/netns/"+name {
			t.Errorf("%q is %s", name, path)
		}
	})
}

func TestManyHandsMayUseOneLab(t *testing.T) {
	l := newLab(t)
	results := make(chan error)
	const hands = 8
	for i := range hands {
		go func() {
			name := fmt.Sprintf("ns%d", i)
			results <- func() error {
				for range 5 {
					if err := l.AddNetns(name); err != nil {
						return err
					}
					if _, err := l.NS(lab.Host); err != nil {
						return err
					}
					l.Namespaces()
					if err := l.DelNetns(name); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range hands {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if names := l.Names(); len(names) != 2 {
		t.Errorf("left: %v", names)
	}
}
