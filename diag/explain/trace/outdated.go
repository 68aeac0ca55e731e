package trace

import (
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
)

// recall makes a request that belongs to a connection of a namespace a packet of
// that. A source port that the kernel chooses belongs to none.
func (w *walk) recall(n *machine.Space, p packet, rules *netfilter.RuleSet, hook, iif, oif string) packet {
	if _, known := w.last[n]; !w.mended.Fresh && !known && p.isRequest() && !p.flow().Echo() && p.sport != 0 && (hook == "prerouting" || hook == "output") && n.Tracks() {
		p.filtered.IIF, p.filtered.OIF = iif, oif
		p.filtered = w.connections.Recall(n, p.flow(), p.filtered, rules, hook)
	}
	return p
}

// renewed is the finding of a connection that is lost, or may be, as it goes on, and would
// be treated otherwise if it began now.
func (w *walk) renewed() (Found, bool) {
	f := w.doubtful
	if len(w.faults) > 0 {
		f = &w.faults[0]
	}
	if f == nil || !w.connections.Any() {
		return Found{}, false
	}
	return Find(flows.LegRequest, w.connections.Finding(f.Detail())), true
}
