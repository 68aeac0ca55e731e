package judge

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
	"nstutor/diag/netfilter/eval"
)

// straight is the finding of an answer that a rule stops because it comes straight to the address
// of one behind n: the request has left with that address, and with one of n's the answer would
// come back.
func (j *Judge) straight(n *machine.Space, p journey.Packet, r eval.Result) (cause.Finding, bool) {
	i := slices.IndexFunc(j.Passed, func(passed journey.Passage) bool { return passed.Space == n && passed.Packet.Src == p.Dst })
	if !p.IsReply() || i < 0 || p.Origin == nil || !translated.WouldHelp(n, j.Passed[i].Route, p.Origin, p.Dst, p.Src) {
		return nil, false
	}
	out := j.Passed[i].Route
	own, err := n.Env().MasqueradeAddr(out.DevName, p.Src)
	rules, unread := n.Rules()
	if err != nil || unread != nil {
		return nil, false
	}
	as := r.Packet
	if as.Dst = own; eval.Traverse(rules, "prerouting", as, n.Env()).Drops() {
		return nil, false
	}
	return source.Straight{At: at(n), Src: p.Dst, Net: j.LeftFrom(n, p.Dst), Out: out.DevName, Line: out.Line, Stop: r, Exempt: j.exemptAt(n)}, true
}
