package table_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table/watch"
)

// TestAWatcherTellsWhatABridgeKnows: when it comes and when it goes, and only to whom
// has asked for that.
func TestAWatcherTellsWhatABridgeKnows(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	w := watchTest(t, host, watch.Options{Read: table.ReadOptions{Tables: table.AllTables | table.FDB}})
	first := watchFirst(t, w)
	if !slices.ContainsFunc(first.FDB, func(e table.FDBEntry) bool { return e.Dev == "port-a" && e.Master == "br0" && e.Local }) {
		t.Errorf("the port's own address is missing: %+v", first.FDB)
	}
	const line = "02:00:00:00:01:01 dev port-b master br0 static"
	entry := &netlink.Neigh{LinkIndex: snapIndex(t, host, "port-b"), Family: unix.AF_BRIDGE, Flags: unix.NTF_MASTER, State: unix.NUD_NOARP, HardwareAddr: snapMAC("02:00:00:00:01:01")}
	snapOK(t, snapHandle(t, host).NeighAppend(entry))
	next := watchUntil(t, w, "the entry", func(s *table.Snapshot) bool { return hasLine(s.FDB, line) })
	if changes := table.Diff(first, next); len(changes) != 1 || changes[0].String() != "+ fdb "+line {
		t.Errorf("the changes are %v", changes)
	}
	snapOK(t, snapHandle(t, host).NeighDel(entry))
	watchUntil(t, w, "that it went", func(s *table.Snapshot) bool { return !hasLine(s.FDB, line) })
	snap, err := table.Read(t.Context(), host, table.ReadOptions{})
	if snapOK(t, err); snap.FDB != nil {
		t.Errorf("nobody asked for %+v", snap.FDB)
	}
}

// TestTheFDBIsWhatBridgeShows of the entries that are not the devices' own.
func TestTheFDBIsWhatBridgeShows(t *testing.T) {
	host, _, _ := bridgeWorld(t)
	bridgeCommand(t, host, "bridge fdb add 02:00:00:00:01:01 dev port-a master static")
	var got, want []string
	for deadline := time.Now().Add(2 * time.Second); ; {
		snap, err := table.Read(t.Context(), host, table.ReadOptions{Tables: table.FDB})
		snapOK(t, err)
		got, want = nil, nil
		for _, e := range snap.FDB {
			got = append(got, e.Line())
		}
		for _, line := range bridgeCommand(t, host, "bridge fdb show") {
			if words := strings.Fields(line); !slices.Contains(words, "self") {
				want = append(want, line)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got\n%q, want\n%q", got, want)
		}
	}
}
