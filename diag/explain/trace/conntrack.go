package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// untracked notes that the connection of a packet does not fit into the table:
// nf_conntrack drops the first packet of what it cannot remember
// (nf_conntrack_in()). That is so only where a rule has turned tracking on.
func (w *walk) untracked(n *machine.Space, p packet, rules *netfilter.RuleSet, hook string) {
	if hook != "prerouting" && hook != "output" {
		return
	}
	if _, known := w.last[n]; known && p.isReply() {
		return // it belongs to the connection of its request
	}
	use, err := table.ReadConntrack(n.NS)
	if err != nil || use.Max == 0 || use.Count < use.Max || !tracks(rules) {
		return
	}
	w.fault(n, p, StageFilter, "", cause.TableFull{At: at(n), Use: use, Raisable: machine.ConntrackRaisable(n)})
}

// tracks reports whether a rule of the namespace needs connection tracking.
func tracks(rules *netfilter.RuleSet) bool {
	tables := make([]*netfilter.Table, 0, len(rules.Tables))
	for i := range rules.Tables {
		tables = append(tables, &rules.Tables[i])
	}
	return eval.Tracks(tables)
}
