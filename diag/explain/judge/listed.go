package judge

import (
	"slices"
	"strings"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/ipset"
)

// listed is the element of a set for which a rule stops a packet; or else the one that a rule
// lacks which would let it pass.
func listed(n *machine.Space, hook string, r eval.Result, look eval.Look) (e remedy.Element) {
	l, ok := r.Listed(hook, n.Env())
	if !ok {
		at := slices.IndexFunc(look.Near, func(near eval.Near) bool { return near.Listed != nil && !near.Listed.In })
		if at < 0 {
			return e
		}
		l = *look.Near[at].Listed
		e.Line = l.Line()
	}
	e.Netns, e.Set, e.Table, e.In, e.Text = n.Name, l.Set, l.Table, l.In, l.Element
	alone := l.Alone
	if l.Asked != nil {
		found, err := ipset.Find(n.NS, *l.Asked)
		if err != nil {
			return remedy.Element{}
		}
		e.Set, e.Table, e.Text, e.Left, alone = found.Set, nil, found.Text, found.Left, found.Alone
		if _, has := l.Asked.First(); e.Text == "" && !e.In {
			e.Text = has
		}
	}
	// Who is kept out by his address is let in; or else the rule with the element names the
	// flow's port, so that it is not more than that.
	e.Fits = alone && (e.In && ofSource(l) || !e.In && namesPort(l))
	return e
}

// ofSource reports whether it is the source of packets that a rule asks a set for.
func ofSource(l eval.Listed) bool {
	if l.Asked != nil {
		return len(l.Asked.FromSrc) == 1 && l.Asked.FromSrc[0]
	}
	return slices.ContainsFunc(l.Rule.Matches, func(m netfilter.Match) bool {
		return m.Set == l.Set && len(m.Key) == 1 && strings.HasSuffix(string(m.Key[0]), " saddr")
	})
}

// namesPort reports whether a rule, with the set that it asks for, is for one port.
func namesPort(l eval.Listed) bool {
	for _, m := range l.Rule.Matches {
		if slices.ContainsFunc(m.Key, func(f fields.Name) bool { return strings.HasSuffix(string(f), " dport") }) && (m.Set == l.Set || len(m.OneOf) == 1) {
			return true
		}
	}
	return false
}
