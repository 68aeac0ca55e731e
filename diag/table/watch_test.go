package table_test

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table/watch"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// watchTest watches ns with options in which no poll can be the reason for an
// update, unless the test asks for it.
func watchTest(t *testing.T, ns *nsenter.Namespace, opts watch.Options) *watch.Watcher {
	t.Helper()
	opts.NeighPoll = cmp.Or(opts.NeighPoll, time.Hour)
	opts.SysctlPoll = cmp.Or(opts.SysctlPoll, time.Hour)
	w, err := watch.New(ns, opts)
	snapOK(t, err)
	t.Cleanup(w.Close)
	return w
}

// watchUntil takes updates until one is as wanted.
func watchUntil(t *testing.T, w *watch.Watcher, what string, wanted func(*table.Snapshot) bool) *table.Snapshot {
	t.Helper()
	timeout := time.After(20 * time.Second)
	var last *table.Snapshot
	for {
		select {
		case s, open := <-w.Updates():
			if !open {
				t.Fatalf("the watcher ended while waiting for %s: %v", what, w.Err())
			}
			if last = s; wanted(s) {
				return s
			}
		case <-timeout:
			t.Fatalf("no update shows %s; the last one:\n%v", what, last)
		}
	}
}

func watchFirst(t *testing.T, w *watch.Watcher) *table.Snapshot {
	t.Helper()
	return watchUntil(t, w, "anything", func(*table.Snapshot) bool { return true })
}

func hasLine[T interface{ Line() string }](rows []T, line string) bool {
	return slices.Contains(table.SnapshotLines(rows), line)
}

func TestWatcherShowsAChangeOfEveryTable(t *testing.T) {
	a, b := snapPair(t)
	w := watchTest(t, a, watch.Options{})
	first := watchFirst(t, w)
	snapWants(t, table.SnapshotLines(first.MainRoutes(4)), "172.20.1.0/24 dev eth0 proto kernel scope link src 172.20.1.10")

	snapAddr(t, a, "eth0", "10.0.0.1/24")
	watchUntil(t, w, "the address and its route", func(s *table.Snapshot) bool {
		return hasLine(s.Addrs, "2: eth0    inet 10.0.0.1/24 scope global eth0") &&
			hasLine(s.Routes, "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1")
	})

	rule := netlink.NewRule()
	rule.Family, rule.Priority, rule.Table = unix.AF_INET, 100, 100
	snapOK(t, snapHandle(t, a).RuleAdd(rule))
	watchUntil(t, w, "the rule", func(s *table.Snapshot) bool { return hasLine(s.PolicyRules, "100:\tfrom all lookup 100") })

	snapOK(t, snapHandle(t, a).NeighSet(&netlink.Neigh{
		LinkIndex: 2, State: unix.NUD_PERMANENT, IP: net.IPv4(172, 20, 1, 1), HardwareAddr: snapMAC("02:00:00:00:00:01")}))
	watchUntil(t, w, "the neighbour", func(s *table.Snapshot) bool {
		return hasLine(s.Neighbours, "172.20.1.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT")
	})

	snapDown(t, b, "veth-a")
	watchUntil(t, w, "the lost carrier", func(s *table.Snapshot) bool {
		eth0, _ := s.Link("eth0")
		return eth0.Has("NO-CARRIER") && hasLine(s.Routes, "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 linkdown")
	})

	// The kernel says nothing of the routes that it takes away with this.
	snapDown(t, a, "eth0")
	watchUntil(t, w, "the device down and without routes", func(s *table.Snapshot) bool {
		eth0, _ := s.Link("eth0")
		return !eth0.Up() && len(s.MainRoutes(4)) == 0
	})
}

func TestWatcherShowsSysctlWritesAtOnce(t *testing.T) {
	a, _ := snapPair(t)
	w := watchTest(t, a, watch.Options{})
	watchFirst(t, w)
	for _, key := range []string{"net.ipv4.conf.eth0.proxy_arp", "net.ipv4.conf.eth0.forwarding", "net.ipv4.conf.all.rp_filter", "net.ipv4.ip_forward"} {
		snapOK(t, a.WriteSysctl(table.SysctlPath(key), "1"))
		s := watchUntil(t, w, key, func(s *table.Snapshot) bool { return hasLine(s.Sysctls, key+" = 1") })
		if key == "net.ipv4.ip_forward" {
			snapWants(t, table.SnapshotLines(s.Sysctls), "net.ipv4.conf.default.forwarding = 1")
		}
	}
}

func TestWatcherPollsTheSysctlsThatAreNotAnnounced(t *testing.T) {
	a, _ := snapPair(t)
	w := watchTest(t, a, watch.Options{SysctlPoll: 20 * time.Millisecond})
	watchFirst(t, w)
	snapOK(t, a.WriteSysctl("net/ipv4/conf/eth0/arp_ignore", "2"))
	watchUntil(t, w, "arp_ignore", func(s *table.Snapshot) bool { return hasLine(s.Sysctls, "net.ipv4.conf.eth0.arp_ignore = 2") })
}

func TestWatcherSeesANeighbourIncompleteAndThenFailed(t *testing.T) {
	a, _ := snapPair(t)
	snapOK(t, a.WriteSysctl("net/ipv4/neigh/eth0/retrans_time_ms", "200"))
	w := watchTest(t, a, watch.Options{NeighPoll: 20 * time.Millisecond})
	watchFirst(t, w)
	var conn net.Conn
	snapOK(t, a.Do(func() (err error) {
		conn, err = net.Dial("udp4", "172.20.1.1:9")
		return err
	}))
	defer conn.Close()
	conn.Write([]byte("anyone?"))
	watchUntil(t, w, "INCOMPLETE", func(s *table.Snapshot) bool { return hasLine(s.Neighbours, "172.20.1.1 dev eth0 INCOMPLETE") })
	watchUntil(t, w, "FAILED", func(s *table.Snapshot) bool { return hasLine(s.Neighbours, "172.20.1.1 dev eth0 FAILED") })
}

// The median must be a few milliseconds; how many depends on what else the
// machine is doing, so the bound is generous.
func TestWatcherIsFast(t *testing.T) {
	a, _ := snapPair(t)
	w := watchTest(t, a, watch.Options{})
	watchFirst(t, w)
	var delays []time.Duration
	for i := range 30 {
		dst := fmt.Sprintf("10.%d.0.0/16", i)
		start := time.Now()
		snapRoute(t, a, dst, "eth0", nil)
		watchUntil(t, w, dst, func(s *table.Snapshot) bool { return hasLine(s.Routes, dst+" dev eth0 scope link") })
		delays = append(delays, time.Since(start))
	}
	slices.Sort(delays)
	t.Logf("from the change to the update: median %v, worst %v", delays[len(delays)/2], delays[len(delays)-1])
	if median := delays[len(delays)/2]; median > 50*time.Millisecond {
		t.Errorf("median %v", median)
	}
}

func TestWatcherReplacesWhatNobodyTook(t *testing.T) {
	a, _ := snapPair(t)
	w := watchTest(t, a, watch.Options{})
	for i := range 50 {
		snapRoute(t, a, fmt.Sprintf("10.%d.0.0/16", i), "eth0", nil)
	}
	watchUntil(t, w, "all routes", func(s *table.Snapshot) bool { return len(s.MainRoutes(4)) == 51 })
	if n := len(w.Updates()); n > 1 {
		t.Errorf("%d updates wait", n)
	}
}

func TestIdleWatcherSendsNothingAndCostsNothing(t *testing.T) {
	labtest.Slow(t)
	a, _ := snapPair(t)
	w, err := watch.New(a, watch.Options{}) // with its real polls
	snapOK(t, err)
	defer w.Close()
	watchFirst(t, w)
	var before, after unix.Rusage
	snapOK(t, unix.Getrusage(unix.RUSAGE_SELF, &before))
	select {
	case s := <-w.Updates():
		t.Errorf("an update without a change:\n%v", s)
	case <-time.After(2 * time.Second):
	}
	snapOK(t, unix.Getrusage(unix.RUSAGE_SELF, &after))
	spent := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	t.Logf("idle for 2s: %v of processor time", spent)
	if spent > 60*time.Millisecond {
		t.Errorf("spent %v of processor time in 2s", spent)
	}
}

func TestClosingTheNamespaceEndsItsWatcher(t *testing.T) {
	ns := labtest.Netns(t, "watch-close")
	w := watchTest(t, ns, watch.Options{})
	watchFirst(t, w)
	ns.Close()
	for range w.Updates() {
	}
	if err := w.Err(); err != nil {
		t.Errorf("error %v after an ordinary end", err)
	}
	if _, err := watch.New(ns, watch.Options{}); !errors.Is(err, nsenter.ErrClosed) {
		t.Errorf("NewWatcher on a closed namespace: %v", err)
	}
}

func TestWatcherLeavesNothingBehind(t *testing.T) {
	a, _ := snapPair(t)
	snapHandle(t, a)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 20 {
		w, err := watch.New(a, watch.Options{Coalesce: time.Nanosecond})
		snapOK(t, err)
		watchFirst(t, w)
		w.Close()
		w.Close()
		if _, open := <-w.Updates(); open {
			_, open = <-w.Updates() // the one that nobody took
			if open {
				t.Fatal("the channel is open after Close")
			}
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > goroutines || openFiles(t) > files {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before %d; %d files, before %d", runtime.NumGoroutine(), goroutines, openFiles(t), files)
		}
		runtime.Gosched()
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	snapOK(t, err)
	return len(entries)
}
