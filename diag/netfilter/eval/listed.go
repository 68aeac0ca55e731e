package eval

import (
	"bytes"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/ipset"
)

// Listed is a set with a name that a rule asks about a packet.
type Listed struct {
	Place
	Set     string          // of nft; empty: it is an ipset
	Asked   *ipset.Question // … by this
	In      bool            // the packet is in it
	Has     string          // what the packet has there, as nft writes it
	Element string          // of nft, what the packet is in, or Has where it is in none
	Alone   bool            // the element is for this packet's values alone
}

// Listed is the set that the rule which decided goes by, if it does.
func (r Result) Listed(hook string, env Env) (l Listed, ok bool) {
	if r.Decided == nil || r.Table == nil {
		return l, false
	}
	e, s := newEvaluator(hook, env, nil, nil), state{packet: r.Packet}
	chain := e.named(r)
	for i := range r.Decided.Matches {
		if l, ok = e.listed(&r.Decided.Matches[i], &s); ok {
			l.Place = Place{r.Table, chain, r.Decided}
			return l, chain != nil
		}
	}
	return l, false
}

// listed is what a condition on a set with a name asks.
func (e *evaluator) listed(m *netfilter.Match, s *state) (l Listed, ok bool) {
	if m.Unread != nil && m.Unread.Name == "match set" {
		q, not, ok := question(m.Unread.Data, s.packet)
		if !ok {
			return l, false
		}
		held := e.judgeUnread(m, nil, s)
		l.Asked, l.In = &q, (held == yes) != not
		return l, held != maybe
	}
	if m.Set == "" || !m.Known() || m.Mask != nil {
		return l, false
	}
	values := e.load(m.Key, s)
	if values.raw == nil || values.absent {
		return l, false
	}
	var has []string
	for i, field := range m.Key {
		has = append(has, fields.Text(field, values.raw[i]))
	}
	l.Set, l.Has = m.Set, strings.Join(has, " . ")
	l.Element, l.Alone = l.Has, true
	for _, tuple := range m.OneOf {
		if tuple.Contains(values.raw) {
			l.In, l.Element = true, fields.TupleText(m.Key, tuple)
			for _, r := range tuple {
				l.Alone = l.Alone && bytes.Equal(r.Lo, r.Hi)
			}
			break
		}
	}
	return l, true
}
