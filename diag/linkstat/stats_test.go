package linkstat

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// wired is a namespace with the two ends of a wire, both up.
func wired(t *testing.T) (*nsenter.Namespace, *netlink.Handle, [2]netlink.Link) {
	t.Helper()
	ns := labtest.Netns(t, "a")
	var h *netlink.Handle
	var ends [2]netlink.Link
	err := ns.Do(func() (err error) {
		if h, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return err
		}
		if err = h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "one"}, PeerName: "other"}); err != nil {
			return err
		}
		for i, name := range []string{"one", "other"} {
			if ends[i], err = h.LinkByName(name); err != nil {
				return err
			}
			if err = h.LinkSetUp(ends[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return ns, h, ends
}

// TestWhatHappensToDevicesIsCounted: the one that is switched, the one that loses its
// carrier by that, and one that goes.
func TestWhatHappensToDevicesIsCounted(t *testing.T) {
	ns, h, ends := wired(t)
	until(t, ns, "other", true)
	before, err := Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	flags, err := Flags(ns)
	if err != nil {
		t.Fatal(err)
	}
	watch, err := Open(ns)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := h.LinkSetDown(ends[0]); err != nil {
			t.Fatal(err)
		}
		until(t, ns, "other", false)
		if err := h.LinkSetUp(ends[0]); err != nil {
			t.Fatal(err)
		}
		until(t, ns, "other", true)
	}
	after, err := Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.LinkDel(ends[0]); err != nil {
		t.Fatal(err)
	}
	told := watch.Close(flags)
	if one := told["one"]; one.Off != 3 || one.Gone != 1 {
		t.Errorf("the one that was switched three times and deleted: %+v", one)
	}
	if other := told["other"]; other.Lost != 3 || other.Off > 0 || other.Gone != 1 {
		t.Errorf("the one that lost its carrier: %+v", other)
	}
	if lo, ok := told["lo"]; ok {
		t.Errorf("lo, which nobody touched: %+v", lo)
	}
	moved := map[Counter]uint64{}
	for _, m := range after.Since(before) {
		moved[m.Counter] = m.By
	}
	for _, dev := range []string{"one", "other"} {
		if n := moved[Counter{dev, "", CarrierChanges}]; n < 6 {
			t.Errorf("%s: %d carrier changes", dev, n)
		}
	}
}

// until waits until the kernel has told of a device's carrier that it is there, or is
// not: it tells when it comes to it (linkwatch_schedule_work()).
func until(t *testing.T, ns *nsenter.Namespace, dev string, there bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); runtime.Gosched() {
		flags, err := Flags(ns)
		if err != nil {
			t.Fatal(err)
		}
		if flags[dev]&unix.IFF_RUNNING != 0 == there {
			return
		}
	}
	t.Fatalf("%s: is its carrier there? It is not told", dev)
}

// TestWhatAQueueDropsIsCounted: by its own counter, and by no other.
func TestWhatAQueueDropsIsCounted(t *testing.T) {
	ns, h, ends := wired(t)
	err := h.QdiscAdd(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: ends[0].Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
		Rate:       1, Buffer: 1000, Limit: 100,
	})
	if err != nil {
		t.Skipf("there is no tbf here: %v", err)
	}
	before, err := Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		labtest.Inject(t, ns, "one", make([]byte, 90))
	}
	after, err := Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	dropped := uint64(0)
	for _, m := range after.Since(before) {
		switch {
		case m.Dev != "one":
			t.Errorf("%+v", m)
		case m.Of == "tbf" && m.What == "dropped":
			dropped = m.By
		}
	}
	if dropped < 15 {
		t.Errorf("%d dropped of 20", dropped)
	}
}

// TestDevicesThatComeMeanwhileAreNoError: the kernel tells that its list is not of one
// moment, and it is asked again.
func TestDevicesThatComeMeanwhileAreNoError(t *testing.T) {
	ns, h, _ := wired(t)
	for i := range 40 { // more than one answer has room for
		if err := h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("a%d", i)}, PeerName: fmt.Sprintf("b%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	ended, busy := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-ended:
				busy <- nil
				return
			default:
			}
			link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "comes"}, PeerName: "goes"}
			if err := errors.Join(h.LinkAdd(link), h.LinkDel(link)); err != nil {
				busy <- err
				return
			}
		}
	}()
	for range 200 {
		if _, err := Read(ns); err != nil {
			t.Error(err)
			break
		}
	}
	close(ended)
	if err := <-busy; err != nil {
		t.Fatal(err)
	}
}
