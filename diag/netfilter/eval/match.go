package eval

import (
	"bytes"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
)

// held says whether a condition holds.
type held int

const (
	no held = iota
	maybe
	yes
)

func when(b bool) held {
	if b {
		return yes
	}
	return no
}

// judge says whether a condition of a rule holds for the packet. A rule that would accept it
// at another time is remembered.
func (e *evaluator) judge(m *netfilter.Match, rule *netfilter.Rule, s *state) held {
	h := e.holds(m, rule, s)
	if h == no && rule != nil && rule.Verdict.Kind == netfilter.VerdictAccept && ofTime(m) {
		e.untimely = append(e.untimely, e.lineOf(rule))
	}
	if h == yes && rule != nil && sticks(m, rule) {
		s.stays = e.lineOf(rule)
	}
	return h
}

// sticks reports whether a condition sends on whoever was sent there before: a list of the
// match recent, or a set that kube-proxy keeps for the affinity of sessions.
func sticks(m *netfilter.Match, rule *netfilter.Rule) bool {
	if k := rule.Verdict.Kind; k != netfilter.VerdictJump && k != netfilter.VerdictGoto || m.Not {
		return false
	}
	return m.Unread != nil && m.Unread.Name == "match recent" || strings.HasPrefix(m.Set, "affinity-")
}

// holds is judge without that.
func (e *evaluator) holds(m *netfilter.Match, rule *netfilter.Rule, s *state) held {
	if m.Lot != nil {
		return e.judgeLot(m, rule)
	}
	if !m.Known() {
		return e.judgeUnread(m, rule, s)
	}
	if m.Key[0] == "@nh,48,16" && bytes.Equal(m.Mask, []byte{0x1f, 0xff}) && s.packet.Src.Is4() {
		return when(m.Holds([]byte{0, 0})) // as iptables-nft asks for -f
	}
	if len(m.Key) == 1 {
		return e.judgeField(m, s)
	}
	return e.load(m.Key, s).judge(m)
}

// loaded are the fields of a packet that a condition asks for.
type loaded struct {
	key    []fields.Name
	values []fieldValue
	raw    [][]byte // of all values; nil where some are not known
	absent bool     // one cannot be loaded: the kernel leaves the rule there, negated or not
}

// load looks the fields up, once for all conditions on them.
func (e *evaluator) load(key []fields.Name, s *state) loaded {
	l := loaded{key: key, values: make([]fieldValue, len(key)), raw: make([][]byte, len(key))}
	for i, field := range key {
		v := e.value(field, s)
		if l.values[i] = v; v.absent {
			l.absent = true
			return l
		}
		if v.bytes == nil {
			l.raw = nil
		}
		if l.raw != nil {
			l.raw[i] = v.bytes
		}
	}
	return l
}

// judge says whether a condition on the fields holds.
func (l loaded) judge(m *netfilter.Match) held {
	if l.absent {
		return no
	}
	if l.raw != nil {
		return when(m.Holds(l.raw...))
	}
	for _, tuple := range m.OneOf {
		if mayHold(tuple, l.values) {
			return maybe
		}
	}
	return when(m.Not)
}

// judgeField is judge for a condition on one field, which most are.
func (e *evaluator) judgeField(m *netfilter.Match, s *state) held {
	switch v := e.value(m.Key[0], s); {
	case v.absent:
		return no
	case v.bytes != nil:
		return when(m.Holds(v.bytes))
	case len(m.OneOf) > 0:
		return maybe
	default:
		return when(m.Not)
	}
}

// mayHold says whether the values that are known are in the tuple.
func mayHold(tuple fields.Tuple, values []fieldValue) bool {
	if len(tuple) != len(values) {
		return false
	}
	for i, r := range tuple {
		v := values[i].bytes
		if v != nil && (len(v) != len(r.Lo) || bytes.Compare(v, r.Lo) < 0 || bytes.Compare(v, r.Hi) > 0) {
			return false
		}
	}
	return true
}

// conditions are the nf_tables expressions that may only end the rule,
// not the packet's way.
var conditions = map[string]bool{
	"quota": true, "connlimit": true, "exthdr": true, "socket": true, "rt": true, "osf": true, "numgen": true,
	"hash": true, "tunnel": true, "xfrm": true, "last": true, "dynset": true, "dup": true, "flow_offload": true,
	"inner": true, "bitwise": true, "byteorder": true, "cmp": true, "limit": true, "meta": true, "ct": true,
}

// judgeUnread judges what was not taken apart into fields.
func (e *evaluator) judgeUnread(m *netfilter.Match, rule *netfilter.Rule, s *state) held {
	part := m.Unread
	if part == nil {
		return maybe
	}
	if judge, ok := extensions[part.Name]; ok {
		if holds, known := judge(e, part.Data, s.packet); known {
			return when(holds)
		}
		return maybe
	}
	switch part.Name {
	case "tproxy":
		return e.handed(part.Data, rule, s)
	case netfilter.Fragment:
		return when(m.Not) // only those behind the first have no transport header
	case netfilter.PayloadSet:
		if e.written(part, rule, s) {
			return yes
		}
		// It may have written anything anywhere.
		s.packet.conn.srcUnknown, s.packet.conn.dstUnknown = true, true
		*s = s.assuming(e.lineOf(rule))
		return yes
	}
	if _, isXT := part.Match(); !isXT && !conditions[part.Name] {
		// Such as queue or fwd, which take the packet away.
		e.end(s.assuming(e.lineOf(rule)), VerdictDrop, rule, e.lineOf(rule), "")
	}
	return maybe
}

// lineOf is the rule's line, wherever in the table it is.
func (e *evaluator) lineOf(rule *netfilter.Rule) string {
	for i := range e.base.table.Chains {
		if chain := &e.base.table.Chains[i]; chain.Has(rule) {
			return e.base.table.RuleLine(chain, rule)
		}
	}
	return ""
}
