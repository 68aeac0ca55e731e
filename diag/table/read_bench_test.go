package table_test

import (
	"fmt"
	"net"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

var benchSizes = []int{10, 100, 1000}

// BenchmarkSnapshot reads, formats and compares namespaces of growing size: the
// time per row must stay the same.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) { benchmarkSnapshot(b, n, 0) })
	}
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("neighbours=%d", n), func(b *testing.B) { benchmarkSnapshot(b, 0, n) })
	}
}

func benchmarkSnapshot(b *testing.B, routes, neighbours int) {
	ns, _ := snapPair(b)
	h, eth0 := snapHandle(b, ns), snapIndex(b, ns, "eth0")
	for i := range routes {
		dst := &net.IPNet{IP: net.IPv4(10, 0, byte(i>>8), byte(i)), Mask: net.CIDRMask(32, 32)}
		snapOK(b, h.RouteAdd(&netlink.Route{LinkIndex: eth0, Scope: netlink.SCOPE_LINK, Dst: dst}))
	}
	for i := range neighbours {
		snapOK(b, h.NeighAdd(&netlink.Neigh{LinkIndex: eth0, State: unix.NUD_PERMANENT,
			IP: net.IPv4(10, 0, byte(i>>8), byte(i)), HardwareAddr: broadcastMAC}))
	}
	r, err := table.OpenReader(ns, table.ReadOptions{})
	snapOK(b, err)
	defer r.Close()
	last, err := r.Refresh(b.Context(), &table.Snapshot{}, table.AllTables)
	snapOK(b, err)
	for b.Loop() {
		s, err := r.Refresh(b.Context(), last, table.AllTables)
		snapOK(b, err)
		if changes := table.Diff(last, s); len(changes) > 0 {
			b.Fatal(changes)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(routes, neighbours)), "ns/row")
}
