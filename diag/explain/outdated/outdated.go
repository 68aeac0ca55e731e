// Package outdated tells of connections that the kernel goes on to treat as it did when
// they began, although the rules of nat would treat them otherwise now.
package outdated

import (
	"net/netip"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/say"
)

// Connections are those that a request belongs to on its way.
type Connections struct {
	last *remembered
	told *remembered // the first one that the rules would send, or have come, otherwise
}

// remembered is a connection of a namespace.
type remembered struct {
	node  *machine.Space
	flow  flows.Flow
	entry conntrack.Entry
	now   string // where the rules would send it, "" for nowhere else than it was sent to
	from  bool   // now is what they would have it come from
}

// Any says whether a connection is one that the rules would treat otherwise now.
func (c *Connections) Any() bool { return c.told != nil }

// Recall makes a request that belongs to a connection of a namespace a packet of
// that: what becomes of its addresses was settled by the first one.
func (c *Connections) Recall(n *machine.Space, f flows.Flow, p eval.Packet, rules *netfilter.RuleSet, hook string) eval.Packet {
	t := conntrack.Tuple{Proto: f.Proto, Src: netip.AddrPortFrom(f.Src, f.SrcPort), Dst: netip.AddrPortFrom(f.Dst, f.DstPort)}
	entry, ok, err := conntrack.Get(n.NS, t)
	if err != nil || !ok {
		return p
	}
	c.last = &remembered{node: n, flow: f, entry: entry}
	if now, other := vip.Now(n, p, rules, hook, entry.Reply.Src); other && c.told == nil {
		c.last.now, c.told = now, c.last
	}
	return p.Remembered(eval.Connection{From: entry.Reply.Dst, To: entry.Reply.Src, Answered: entry.Answered, Mark: entry.Mark})
}

// Leaves looks at a packet that leaves a namespace: its connection may have begun before
// the rules that would give it a source now.
func (c *Connections) Leaves(n *machine.Space, p eval.Packet, rules *netfilter.RuleSet, hook string) {
	o := c.last
	if hook != "postrouting" || o == nil || o.node != n || c.told != nil || o.entry.Reply.Dst != o.entry.Original.Src {
		return
	}
	if now, another := vip.Source(n, p.Forgotten(), rules); another {
		o.now, o.from, c.told = now, true, o
	}
}

// Finding is that a connection is lost as it goes on, and why it is.
func (c *Connections) Finding(why say.Text) cause.Finding {
	o := c.told
	return service.Outdated{At: cause.At(o.node.Name), Flow: o.flow, Entry: o.entry, Now: o.now, From: o.from, Why: why}
}
