package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// manyPods are the namespaces at the other ends of a node's veths.
type manyPods struct {
	q    *queryBed
	node *nsenter.Namespace
	pods map[string]*nsenter.Namespace // by the node's device
}

func newManyPods(t *testing.T, first, count int) *manyPods {
	t.Helper()
	p := &manyPods{&queryBed{t: t}, labtest.Netns(t, "node"), map[string]*nsenter.Namespace{}}
	p.add(first, count)
	t.Cleanup(func() {
		for dev := range p.pods {
			p.remove(dev)
		}
	})
	return p
}

func (p *manyPods) add(first, count int) {
	p.q.t.Helper()
	for i := first; i < first+count; i++ {
		name := fmt.Sprintf("many%d", i)
		pod, err := nsenter.Create(name, filepath.Join(netnsDir, name))
		p.q.must(err)
		p.q.wire(pod, "eth0", p.node, "v"+name)
		p.pods["v"+name] = pod
	}
}

func (p *manyPods) remove(dev string) {
	p.q.t.Helper()
	p.pods[dev].Close()
	p.q.must(nsenter.Delete(filepath.Join(netnsDir, dev[1:])))
	delete(p.pods, dev)
}

// find follows a device of the node in a Machine of its own.
func (p *manyPods) find(dev string) (name string, inode uint64, err error) {
	w := New()
	defer w.Close()
	n, err := p.q.peerOf(w, "node", dev)
	if err != nil {
		return "", 0, err
	}
	return n.Name, n.NS.Inode(), nil
}

func (p *manyPods) checkAll() {
	p.q.t.Helper()
	for dev, pod := range p.pods {
		if name, inode, err := p.find(dev); err != nil || inode != pod.Inode() || name != dev[1:] {
			p.q.t.Errorf("%s of the node leads to %q (%d), %v; want %q (%d)", dev, name, inode, err, dev[1:], pod.Inode())
		}
	}
}

func TestTheRightOneOfManyPodsIsFound(t *testing.T) {
	p := newManyPods(t, 0, 30)
	p.checkAll()
}

// TestNumbersThatWereGivenAnewLeadToTheLiving lets pods die: the kernel gives
// their numbers to the next ones.
func TestNumbersThatWereGivenAnewLeadToTheLiving(t *testing.T) {
	p := newManyPods(t, 0, 30)
	numbers := map[int]bool{}
	one := func(dev string) int {
		w := New()
		defer w.Close()
		n, err := w.Open("node")
		p.q.must(err)
		link, err := n.Link(dev)
		p.q.must(err)
		return link.PeerNetnsID
	}
	for _, i := range []int{3, 4, 5, 11, 20, 28} {
		dev := fmt.Sprintf("vmany%d", i)
		numbers[one(dev)] = true
		p.remove(dev)
	}
	soonOrFail(t, "the dead pods' devices go", func() bool {
		links, err := p.q.handle(p.node).LinkList()
		return err == nil && len(links) == 1+24
	})
	p.add(100, 10)
	again := 0
	for i := range 10 {
		if numbers[one(fmt.Sprintf("vmany%d", 100+i))] {
			again++
		}
	}
	if again == 0 {
		t.Error("no number was given anew: this test shows nothing")
	}
	p.checkAll()
}

func soonOrFail(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 s: " + what)
		}
	}
}

func TestNamesThatComeAndGoMeanwhileDisturbNothing(t *testing.T) {
	p := newManyPods(t, 0, 12)
	stop := make(chan struct{})
	var flicker sync.WaitGroup
	flicker.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := filepath.Join(netnsDir, fmt.Sprintf("flicker%d", i%3))
			if ns, err := nsenter.Create("flicker", name); err == nil {
				ns.Close()
				nsenter.Delete(name)
			}
		}
	})
	for range 5 {
		p.checkAll()
	}
	close(stop)
	flicker.Wait()
}

func TestAListOfNamesIsTakenAnewWhenItHelpsNoMore(t *testing.T) {
	p := newManyPods(t, 0, 3)
	w := New()
	defer w.Close()
	if n, err := p.q.peerOf(w, "node", "vmany1"); err != nil || n.Name != "many1" {
		t.Fatalf("%+v, %v", n, err)
	}
	p.add(3, 1)
	if n, err := p.q.peerOf(w, "node", "vmany3"); err != nil || n.Name != "many3" {
		t.Errorf("a pod that is newer than the list of names leads to %+v, %v", n, err)
	}
}

// TestNamesThatMayNotBeOpenedAreCounted puts a name that nobody may read beside
// the others, and searches without the capability to read it anyway.
func TestNamesThatMayNotBeOpenedAreCounted(t *testing.T) {
	p := newManyPods(t, 0, 3)
	locked := filepath.Join(netnsDir, "locked")
	p.q.must(os.WriteFile(locked, nil, 0))
	t.Cleanup(func() { os.Remove(locked) })
	w := New()
	defer w.Close()
	n, err := w.Open("node")
	p.q.must(err)
	link, err := n.Link("vmany1")
	p.q.must(err)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends here
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capset(&header, &data[0]); err != nil {
			done <- err
			return
		}
		_, err := w.Peer(n, 4711)
		done <- err
	}()
	if err := <-done; !errors.Is(err, errUnseen) || w.Unseen() != 1 {
		t.Errorf("%v; %d unseen, want the locked one", err, w.Unseen())
	}
	if peer, err := w.Peer(n, link.PeerNetnsID); err != nil || peer.Name != "many1" {
		t.Errorf("vmany1 leads to %+v, %v", peer, err)
	}
}

func TestTheKernelTellsTheNamespaceOfAnyProcess(t *testing.T) {
	q := newQueryBed(t)
	one, err := q.r.Ask()
	q.must(err)
	link, err := q.r.Link("right")
	q.must(err)
	var pids []int
	for range 5 {
		pids = append(pids, q.process(q.b.NS))
	}
	outside := q.process(q.a.NS)
	ids := one.NetnsIDsOfProcesses(append([]int{outside, 999999999}, pids...))
	for i, id := range ids {
		if want := i >= 2; (id == link.PeerNetnsID) != want {
			t.Errorf("process %d of the list is in namespace %d, that of b is %d", i, id, link.PeerNetnsID)
		}
	}
	q.unname("b")
	w := New()
	defer w.Close()
	n, err := q.peerOf(w, "r", "right")
	if err != nil || n.NS.Inode() != q.b.NS.Inode() {
		t.Errorf("right of r leads to %+v, %v", n, err)
	}
}

func TestManyNamespacesAreAskedAboutAtOnce(t *testing.T) {
	q := newQueryBed(t)
	one, err := q.r.Ask()
	q.must(err)
	left, err := q.r.Link("left")
	q.must(err)
	right, err := q.r.Link("right")
	q.must(err)
	var fds, want []int
	for i := range 1000 {
		switch {
		case i%7 == 3:
			fds, want = append(fds, -1), append(want, -2)
		case i%2 == 0:
			fds, want = append(fds, int(q.a.NS.FD())), append(want, left.PeerNetnsID)
		default:
			fds, want = append(fds, int(q.b.NS.FD())), append(want, right.PeerNetnsID)
		}
	}
	for i, id := range one.NetnsIDs(fds) {
		if id != want[i] {
			t.Fatalf("namespace %d of the list has the number %d, want %d", i, id, want[i])
		}
	}
}

// TestAllThatANodeIsConnectedToIsFoundAtOnce looks at each place once for many wires,
// with and without names.
func TestAllThatANodeIsConnectedToIsFoundAtOnce(t *testing.T) {
	p := newManyPods(t, 0, 2*peersPart)
	nameless := p.pods["vmany3"]
	p.q.process(nameless)
	p.q.must(nsenter.Delete(filepath.Join(netnsDir, "many3")))
	defer func() { // remove gives back what it is called by
		file, err := os.Create(filepath.Join(netnsDir, "many3"))
		p.q.must(err)
		file.Close()
		p.q.must(unix.Mount(fmt.Sprintf("/proc/self/fd/%d", nameless.FD()), file.Name(), "", unix.MS_BIND, ""))
	}()
	w := New()
	defer w.Close()
	n, err := w.Open("node")
	p.q.must(err)
	found := map[uint64]bool{}
	for peer := range w.Connected(n, ByVeth) {
		if found[peer.NS.Inode()] {
			t.Errorf("%s comes twice", peer.Name)
		}
		found[peer.NS.Inode()] = true
	}
	for dev, pod := range p.pods {
		if !found[pod.Inode()] {
			t.Errorf("behind %s nobody is found", dev)
		}
	}
	if len(found) != 1+len(p.pods) {
		t.Errorf("%d namespaces, want the node and %d", len(found), len(p.pods))
	}
	for range w.Connected(n, ByVeth) {
		break // whoever needs no more asks for no more
	}
}
