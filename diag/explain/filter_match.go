package explain

import (
	"bytes"
	"strings"

	"nstutor/diag/netfilter"
)

// filterHeld says whether a condition holds.
type filterHeld int

const (
	filterNo filterHeld = iota
	filterMaybe
	filterYes
)

func filterIf(b bool) filterHeld {
	if b {
		return filterYes
	}
	return filterNo
}

// judge says whether a condition of a rule holds for the packet.
func (e *filterEval) judge(m *netfilter.Match, rule *netfilter.Rule, s *filterState) filterHeld {
	if !m.Known() {
		return e.judgeText(m.Text, rule, s)
	}
	if m.Key[0] == "@nh,48,16" && bytes.Equal(m.Mask, []byte{0x1f, 0xff}) && s.packet.Src.Is4() {
		return filterIf(m.Holds([]byte{0, 0})) // as iptables-nft asks for -f
	}
	if len(m.Key) == 1 {
		return e.judgeField(m, s)
	}
	values := make([]filterValue, len(m.Key))
	known := true
	for i, field := range m.Key {
		values[i] = e.value(field, s)
		if values[i].absent {
			return filterNo // the kernel leaves the rule where it cannot load the field, negated or not
		}
		known = known && values[i].bytes != nil
	}
	if known {
		raw := make([][]byte, len(values))
		for i, v := range values {
			raw[i] = v.bytes
		}
		return filterIf(m.Holds(raw...))
	}
	for _, tuple := range m.OneOf {
		if filterMayHold(tuple, values) {
			return filterMaybe
		}
	}
	return filterIf(m.Not)
}

// judgeField is judge for a condition on one field, which most are.
func (e *filterEval) judgeField(m *netfilter.Match, s *filterState) filterHeld {
	switch v := e.value(m.Key[0], s); {
	case v.absent:
		return filterNo
	case v.bytes != nil:
		return filterIf(m.Holds(v.bytes))
	case len(m.OneOf) > 0:
		return filterMaybe
	default:
		return filterIf(m.Not)
	}
}

// filterMayHold says whether the values that are known are in the tuple.
func filterMayHold(tuple netfilter.Tuple, values []filterValue) bool {
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

// filterConditions are the nf_tables expressions that may only end the rule,
// not the packet's way.
var filterConditions = map[string]bool{
	"quota": true, "connlimit": true, "exthdr": true, "socket": true, "rt": true, "osf": true, "numgen": true,
	"hash": true, "tunnel": true, "xfrm": true, "last": true, "dynset": true, "dup": true, "flow_offload": true,
	"inner": true, "bitwise": true, "byteorder": true, "cmp": true, "limit": true, "meta": true, "ct": true,
}

// judgeText judges what is only known by its text.
func (e *filterEval) judgeText(text string, rule *netfilter.Rule, s *filterState) filterHeld {
	switch text {
	case "[fragment]":
		return filterNo // only those behind the first have no transport header
	case "[! fragment]":
		return filterYes
	case "[expr payload set]":
		// It may have written anything anywhere.
		s.packet.conn.srcUnknown, s.packet.conn.dstUnknown = true, true
		*s = s.assuming(e.lineOf(rule))
		return filterYes
	}
	if strings.HasPrefix(text, "[match ") {
		return e.extension(text, rule, s.packet)
	}
	if name, ok := strings.CutPrefix(strings.TrimSuffix(text, "]"), "[expr "); ok {
		name, _, _ = strings.Cut(name, " ")
		if !filterConditions[name] {
			// Such as queue, fwd or synproxy, which take the packet away.
			e.end(s.assuming(e.lineOf(rule)), VerdictDrop, rule, e.lineOf(rule), "")
		}
	}
	return filterMaybe
}

// lineOf is the rule's line, wherever in the table it is.
func (e *filterEval) lineOf(rule *netfilter.Rule) string {
	for i := range e.base.table.Chains {
		if chain := &e.base.table.Chains[i]; chain.Has(rule) {
			return e.base.table.RuleLine(chain, rule)
		}
	}
	return ""
}
