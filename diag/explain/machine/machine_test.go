package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// process starts a program that does nothing in ns, and returns its number.
func (q *queryBed) process(ns *nsenter.Namespace) int {
	q.t.Helper()
	cmd := exec.Command("sleep", "1000")
	q.must(ns.Do(cmd.Start))
	q.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid
}

// unname does `ip netns del`: what is open stays alive.
func (q *queryBed) unname(name string) {
	q.t.Helper()
	q.must(nsenter.Delete(filepath.Join(netnsDir, name)))
}

func TestOneNamespaceIsOneNodeWhateverItIsCalled(t *testing.T) {
	q := newQueryBed(t)
	pid := q.process(q.a.NS)
	for _, ref := range []string{"a", "/run/netns/a", fmt.Sprintf("pid:%d", pid), fmt.Sprintf("/proc/%d/ns/net", pid)} {
		n, err := q.world.Open(ref)
		if err != nil || n != q.a {
			t.Errorf("Open(%q) = %v, %v", ref, n, err)
		}
	}
}

func TestANodeHasTheNameACommandNeeds(t *testing.T) {
	q := newQueryBed(t)
	named, unnamed := q.process(q.a.NS), q.process(q.b.NS)
	q.unname("b")
	link := fmt.Sprintf("/proc/%d/ns/net", unnamed)
	for _, c := range []struct{ ref, name string }{
		{"a", "a"}, {"/run/netns/../netns/a", "a"}, {fmt.Sprintf("pid:%d", named), "a"},
		{"", ""}, {"/proc/self/ns/net", ""}, {"pid:" + fmt.Sprint(unnamed), "pid:" + fmt.Sprint(unnamed)}, {link, link},
	} {
		w := New()
		n, err := w.Open(c.ref)
		if err != nil || n.Name != c.name {
			t.Errorf("Open(%q): %+v, %v; want the name %q", c.ref, n, err, c.name)
		}
		w.Close()
	}
}

func TestOpenSaysWhatIsNotThere(t *testing.T) {
	w := New()
	defer w.Close()
	for _, ref := range []string{"absent", "/absent/path", "pid:999999999", "pid:x", "pid:-1", ".."} {
		n, err := w.Open(ref)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", ref)) {
			t.Errorf("Open(%q) = %v, %v", ref, n, err)
		}
	}
	if _, err := w.Open("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a name that is not there: %v", err)
	}
}

// peerOf follows a veth in a Machine of its own.
func (q *queryBed) peerOf(w *Machine, from, dev string) (*Space, error) {
	q.t.Helper()
	n, err := w.Open(from)
	q.must(err)
	link, err := n.Link(dev)
	q.must(err)
	if link.PeerNetnsID < 0 {
		q.t.Fatalf("%s in %s has no peer elsewhere: %+v", dev, from, link)
	}
	return w.Peer(n, link.PeerNetnsID)
}

func TestPeersAreFoundByNameAndByProcess(t *testing.T) {
	q := newQueryBed(t)
	for _, c := range []struct{ from, dev, peer string }{
		{"a", "eth0", "r"}, {"r", "left", "a"}, {"r", "right", "b"},
	} {
		w := New()
		n, err := q.peerOf(w, c.from, c.dev)
		if err != nil || n.Name != c.peer {
			t.Errorf("%s of %s leads to %+v, %v; want %s", c.dev, c.from, n, err, c.peer)
		}
		if again, _ := q.peerOf(w, c.from, c.dev); again != n {
			t.Errorf("the second time it leads to %+v", again)
		}
		w.Close()
	}
	pid := q.process(q.b.NS)
	q.unname("b")
	w := New()
	defer w.Close()
	n, err := q.peerOf(w, "r", "right")
	if want := fmt.Sprintf("pid:%d", pid); err != nil || n.Name != want || n.NS.Inode() != q.b.NS.Inode() {
		t.Errorf("right of r leads to %+v, %v; want %s", n, err, want)
	}
	if here, err := w.Peer(n, -1); here != n || err != nil {
		t.Errorf("the number of no other namespace leads to %+v, %v", here, err)
	}
}

func TestANamespaceWithoutNameOrProcessIsUnseen(t *testing.T) {
	q := newQueryBed(t)
	q.unname("b")
	w := New()
	defer w.Close()
	if n, err := q.peerOf(w, "r", "right"); !errors.Is(err, errUnseen) {
		t.Errorf("right of r leads to %+v, %v", n, err)
	}
	r, err := w.Open("r")
	q.must(err)
	if n, err := w.Peer(r, 4711); !errors.Is(err, errUnseen) {
		t.Errorf("a number that was never given leads to %+v, %v", n, err)
	}
	if n, err := w.Peer(r, -2); !errors.Is(err, errUnseen) {
		t.Errorf("a namespace without a number leads to %+v, %v", n, err)
	}
}

// TestProcessesThatMayNotBeLookedAtAreCounted searches with a thread that gave
// up its capabilities, which the processes of this lab have.
func TestProcessesThatMayNotBeLookedAtAreCounted(t *testing.T) {
	q := newQueryBed(t)
	q.process(q.b.NS)
	q.unname("b")
	w := New()
	defer w.Close()
	r, err := w.Open("r")
	q.must(err)
	link, err := r.Link("right")
	q.must(err)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends here
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capset(&header, &data[0]); err != nil {
			done <- err
			return
		}
		_, err := w.Peer(r, link.PeerNetnsID)
		done <- err
	}()
	if err := <-done; !errors.Is(err, errUnseen) || w.Unseen() == 0 {
		t.Errorf("%v; %d unseen", err, w.Unseen())
	}
}

func TestCloseLetsNamespacesGo(t *testing.T) {
	ns := labtest.Netns(t, "gone")
	w := New()
	n, err := w.Open("gone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Link("lo"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if n.NS.Context().Err() == nil || ns.Context().Err() != nil {
		t.Error("the World's own Namespace should be closed, and nobody else's")
	}
	if _, err := n.Sysctl("net/ipv4/ip_forward"); !errors.Is(err, nsenter.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestANameThatLooksLikeAProcessIsNone: a command for it would be typed in the
// namespace of that process.
func TestANameThatLooksLikeAProcessIsNone(t *testing.T) {
	ns := labtest.Netns(t, "pid:1")
	w := New()
	defer w.Close()
	n, err := w.Open("/run/netns/pid:1")
	if err != nil || n.NS.Inode() != ns.Inode() || n.Name != "/run/netns/pid:1" {
		t.Errorf("Open: %+v, %v; want the path for its name", n, err)
	}
}
