package trace

import (
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
)

// recall makes a request that belongs to a connection of a namespace a packet of
// that. A source port that the kernel chooses belongs to none.
func (w *walk) recall(n *machine.Space, p journey.Packet, rules *netfilter.RuleSet, hook, iif, oif string) journey.Packet {
	if _, known := w.Last[n]; !w.Mended.Fresh && !known && p.IsRequest() && !p.Flow().Echo() && p.SrcPort != 0 && (hook == "prerouting" || hook == "output") && n.Tracks() {
		p.Filtered.IIF, p.Filtered.OIF = iif, oif
		p.Filtered = w.Connections.Recall(n, p.Flow(), p.Filtered, rules, hook)
	}
	return p
}

// renewed is the finding of a connection that is lost, or may be, as it goes on, and would
// be treated otherwise if it began now.
func (w *walk) renewed() (journey.Found, bool) {
	f := w.doubtful
	if len(w.Faults) > 0 {
		f = &w.Faults[0]
	}
	if f == nil || !w.Connections.Any() {
		return journey.Found{}, false
	}
	return journey.Find(flows.LegRequest, w.Connections.Finding(f.Detail())), true
}
