package watch_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table/watch"
	"nstutor/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestAWatcherIsCompleteAfterLosingAnnouncements, and goes on listening.
func TestAWatcherIsCompleteAfterLosingAnnouncements(t *testing.T) {
	const flood = 4000
	ns := labtest.Netns(t, "flooded")
	h, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "lo", Index: 1}}); err != nil {
		t.Fatal(err)
	}
	w, err := watch.New(ns, watch.Options{Buffer: 1, NeighPoll: time.Hour, SysctlPoll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	<-w.Updates()
	add := func(i int) {
		dst := &net.IPNet{IP: net.IPv4(10, 0, byte(i>>8), byte(i)), Mask: net.CIDRMask(32, 32)}
		if err := h.RouteAdd(&netlink.Route{LinkIndex: 1, Scope: netlink.SCOPE_LINK, Dst: dst}); err != nil {
			t.Fatal(err)
		}
	}
	until := func(routes int) {
		t.Helper()
		timeout := time.After(20 * time.Second)
		for {
			select {
			case s, open := <-w.Updates():
				if !open {
					t.Fatalf("the watcher ended: %v", w.Err())
				}
				if len(s.MainRoutes(4)) == routes {
					return
				}
			case <-timeout:
				t.Fatalf("no update shows %d routes", routes)
			}
		}
	}
	for i := range flood {
		add(i)
	}
	until(flood)
	if w.Overruns() == 0 {
		t.Error("the receive buffer was large enough: the test tests nothing")
	}
	add(flood)
	until(flood + 1)
}

// FuzzAnnouncement: no announcement may end the program.
func FuzzAnnouncement(f *testing.F) {
	f.Add(slices.Repeat([]byte{16, 0, 0, 0, unix.RTM_NEWLINK, 0, 0, 0}, 2))
	f.Fuzz(func(t *testing.T, b []byte) { watch.Concerned(b) })
}
