package outdated

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Full is the finding of a connection that does not fit into the table of a namespace:
// nf_conntrack drops the first packet of what it cannot remember
// (nf_conntrack_in()). That is so only where a rule has turned tracking on. A known reply
// belongs to the connection of its request.
func Full(n *machine.Space, hook string, known bool) (cause.Finding, bool) {
	if known || hook != "prerouting" && hook != "output" || !n.Tracks() {
		return nil, false
	}
	use, err := table.ReadConntrack(n.NS)
	if err != nil || use.Max == 0 || use.Count < use.Max {
		return nil, false
	}
	return full.TableFull{At: cause.At(n.Name), Use: use, Raisable: machine.ConntrackRaisable(n)}, true
}
