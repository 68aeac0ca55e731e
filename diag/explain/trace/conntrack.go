package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
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
	if err != nil || use.Max == 0 || use.Count < use.Max || !n.Tracks() {
		return
	}
	w.fault(n, p, StageFilter, "", cause.TableFull{At: at(n), Use: use, Raisable: machine.ConntrackRaisable(n)})
}
