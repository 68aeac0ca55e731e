package full

import (
	"fmt"
	"strconv"

	"nstutor/diag/explain/cause"

	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NeighboursFull: the kernel's table of neighbours is full.
const NeighboursFull cause.Code = "neighbours-full"

var _ = cause.Register(cause.Cause{
	Code:  NeighboursFull,
	Words: say.T("the kernel's table of neighbours is full", "内核的邻居表已满"),
	Table: []string{"ip", "neigh"},
})

// NoRoom is a next hop that may not come into the table of neighbours, which is one
// for all namespaces.
type NoRoom struct {
	cause.NextHop
	Table machine.NeighbourTable
}

// Code is NeighboursFull.
func (NoRoom) Code() cause.Code { return NeighboursFull }

// Detail says so.
func (n NoRoom) Detail() say.Text {
	return say.T("the machine's table of neighbours is full (%[2]d entries, at most %[3]d): there may be no room for %[1]s",
		"整台机器的邻居表已满（%[2]d 条，上限 %[3]d）：可能放不下 %[1]s", n.Addr, n.Table.Entries, n.Table.Max)
}

// Evidence are the numbers.
func (n NoRoom) Evidence() []say.Text {
	return n.With(fmt.Sprintf("arp_cache: entries %d, table_fulls %d", n.Table.Entries, n.Table.Overflows),
		fmt.Sprintf("net.ipv4.neigh.default.gc_thresh3 = %d", n.Table.Max))
}

// Fix raises the limit, where that can be done.
func (n NoRoom) Fix() []change.Change {
	if !n.Table.Seen {
		return nil
	}
	return []change.Change{change.Sysctl{Netns: n.Table.Owner, Path: "net/ipv4/neigh/default/gc_thresh3", Value: strconv.Itoa(4 * n.Table.Max)}}
}
