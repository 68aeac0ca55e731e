package absent

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// From is the finding of a packet that meets no route, or one that rejects it, where
// others of the same table lead to its destination and are for other sources alone.
func From(n *machine.Space, src netip.Addr, reply bool, l cause.Lookup) (cause.Finding, bool) {
	if l.Dst.Is4() {
		return nil, false
	}
	snap, err := n.Snapshot(table.Routes)
	if err != nil {
		return nil, false
	}
	f := source.ForOthers{At: cause.At(n.Name), Lookup: l, Src: src, Reply: reply}
	for _, r := range snap.Routes {
		rejects := l.Answer.Entry
		narrower := rejects.Type != "" && (rejects.Dst.Bits() > r.Dst.Bits() || rejects.Table != r.Table)
		if r.Table == machine.MainTable && r.Type == "unicast" && r.From.Bits() > 0 && !r.From.Contains(src) && r.Dst.Contains(l.Dst) && !r.Dead && !narrower {
			f.Routes = append(f.Routes, r)
		}
	}
	return f, len(f.Routes) > 0
}
