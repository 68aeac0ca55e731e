package explain

import (
	"fmt"
	"os"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// untracked notes that the connection of a packet does not fit into the table:
// nf_conntrack drops the first packet of what it cannot remember
// (nf_conntrack_in()). That is so only where a rule has turned tracking on.
func (w *walk) untracked(n *machine.Space, e echo, rules *netfilter.RuleSet, hook string) {
	if hook != "prerouting" && hook != "output" {
		return
	}
	if _, known := w.last[n]; known && e.leg == LegReply && e.outer == nil {
		return // it belongs to the connection of its request
	}
	use, err := table.ReadConntrack(n.NS)
	if err != nil || use.Max == 0 || use.Count < use.Max || !tracks(rules) {
		return
	}
	w.fault(n, e, StageFilter, "", Fault{
		Code: cause.ConntrackFull, Netns: n.Name,
		Detail: say("the connection table is full, and what begins a new connection is dropped"),
		Evidence: []string{
			fmt.Sprintf("net.netfilter.nf_conntrack_count = %d", use.Count),
			fmt.Sprintf("net.netfilter.nf_conntrack_max = %d", use.Max),
		},
		fix: []change.Command{roomier(n, use)},
	})
}

// roomier makes room in the table. Only the first namespace can raise the
// maximum, which counts for all; in another, the entries have to go.
func roomier(n *machine.Space, use table.ConntrackUse) change.Command {
	const max = "net/netfilter/nf_conntrack_max"
	writable := false
	err := n.NS.Do(func() error {
		info, err := os.Stat("/proc/sys/" + max)
		writable = err == nil && info.Mode()&0o200 != 0
		return err
	})
	if err == nil && writable {
		return change.SysctlSet(n.Name, fmt.Sprint(2*use.Max), "net", "netfilter", "nf_conntrack_max")
	}
	return change.In(n.Name, "conntrack", "-F")
}

// tracks reports whether a rule of the namespace needs connection tracking.
func tracks(rules *netfilter.RuleSet) bool {
	tables := make([]*netfilter.Table, 0, len(rules.Tables))
	for i := range rules.Tables {
		tables = append(tables, &rules.Tables[i])
	}
	return eval.Tracks(tables)
}
