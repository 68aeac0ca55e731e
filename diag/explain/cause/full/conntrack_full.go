package full

import (
	"fmt"
	"strconv"

	"nstutor/diag/explain/cause"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ConntrackFull: the table of connections is full, and new flows are dropped.
const ConntrackFull cause.Code = "conntrack-full"

var _ = cause.Register(cause.Cause{
	Code:  ConntrackFull,
	Words: say.T("the table of connections is full, and new flows are dropped", "连接跟踪表已满，新的流被丢弃"),
	Table: []string{"sysctl", "net.netfilter"},
})

// TableFull is a table of connections without room.
type TableFull struct {
	cause.At
	Use table.ConntrackUse
	// Raisable says that the maximum can be set here: only the first namespace can,
	// and for all. In another, the entries have to go.
	Raisable bool
}

// Code is ConntrackFull.
func (TableFull) Code() cause.Code { return ConntrackFull }

// Detail says so.
func (TableFull) Detail() say.Text {
	return say.T("the connection table is full, and what begins a new connection is dropped", "连接跟踪表（conntrack）已满，开始新连接的包都被丢弃")
}

// Evidence are both numbers.
func (f TableFull) Evidence() []say.Text {
	return cause.Lines(
		fmt.Sprintf("net.netfilter.nf_conntrack_count = %d", f.Use.Count),
		fmt.Sprintf("net.netfilter.nf_conntrack_max = %d", f.Use.Max),
	)
}

// Fix makes room: where somebody has lowered the maximum, there are more than that.
func (f TableFull) Fix() []change.Change {
	if f.Raisable {
		return []change.Change{change.Sysctl{Netns: f.Netns(), Path: "net/netfilter/nf_conntrack_max", Value: strconv.Itoa(2 * max(f.Use.Max, f.Use.Count))}}
	}
	return []change.Change{change.FlushConntrack{Netns: f.Netns()}}
}
