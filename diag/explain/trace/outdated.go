package trace

import (
	"net/netip"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// outdated is a connection that the kernel remembers to have gone elsewhere than
// the rules would send it by now.
type outdated struct {
	node  *machine.Space
	flow  flows.Flow
	entry conntrack.Entry
	now   string // where they would send it, "" for nowhere else than it was sent to
}

// recall makes a request that belongs to a connection of a namespace a packet of
// that: where it goes was settled by the first one. A source port that the kernel
// chooses belongs to none.
func (w *walk) recall(n *machine.Space, p packet, rules *netfilter.RuleSet, hook string) packet {
	_, known := w.last[n]
	if w.mended.Fresh || known || !p.isRequest() || p.flow().Echo() || p.sport == 0 || hook != "prerouting" && hook != "output" || !n.Tracks() {
		return p
	}
	t := conntrack.Tuple{Proto: p.proto(), Src: netip.AddrPortFrom(p.src, p.sport), Dst: netip.AddrPortFrom(p.dst, p.dport)}
	entry, ok, err := conntrack.Get(n.NS, t)
	if err != nil || !ok {
		return p
	}
	before := p.filtered
	p.filtered = p.filtered.Remembered(eval.Connection{From: entry.Reply.Dst, To: entry.Reply.Src, Answered: entry.Answered, Mark: entry.Mark})
	if w.outdated == nil {
		if now, other := vip.Now(n, before, rules, hook, entry.Reply.Src); other {
			w.outdated = &outdated{n, p.flow(), entry, now}
		}
	}
	return p
}

// renewed is the finding of a connection that is lost where it goes and would go
// elsewhere if it began now.
func (w *walk) renewed() (Found, bool) {
	o := w.outdated
	if o == nil || len(w.faults) == 0 {
		return Found{}, false
	}
	return Find(LegRequest, service.Outdated{At: at(o.node), Flow: o.flow, Entry: o.entry, Now: o.now, Why: w.faults[0].Detail()}), true
}
