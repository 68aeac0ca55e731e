package diag

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"
)

// canonical is a value as long as the operand's field and in network order; a
// shorter one is of the field's first bytes.
func (o ruleOperand) canonical(b []byte) []byte {
	out := ruleNetworkOrder(b, o.host)
	if size := ruleFields[o.field].size; len(out) < size {
		out = append(out, make([]byte, size-len(out))...)
	} else if size > 0 {
		out = out[:size]
	}
	return out
}

// match is the condition that the operand is in one of the ranges, which are
// as the kernel has them.
func (o ruleOperand) match(not bool, ranges ...RuleRange) RuleMatch {
	if o.field == "" {
		return RuleMatch{Text: o.from}
	}
	m := RuleMatch{Key: ruleKey(o.field), Not: not}
	compared := 0
	for _, r := range ranges {
		compared = len(r.Lo)
		lo := o.canonical(r.Lo)
		hi := lo
		if !bytes.Equal(r.Lo, r.Hi) {
			hi = o.canonical(r.Hi)
		}
		if o.xor != nil && !ruleAllZero(o.xor) {
			if !bytes.Equal(lo, hi) {
				return RuleMatch{Text: "[expr bitwise]"}
			}
			lo = ruleXor(lo, o.canonical(o.xor))
			hi = lo
		}
		m.OneOf = append(m.OneOf, RuleTuple{{lo, hi}})
	}
	switch size := ruleFields[o.field].size; {
	case o.mask != nil:
		m.Mask = o.canonical(o.mask)
	case compared < size && !o.endsInside(ranges):
		m.Mask = o.canonical(bytes.Repeat([]byte{0xff}, compared))
	}
	if m.Mask != nil && ruleAllOnes(m.Mask) {
		m.Mask = nil
	}
	return m
}

// endsInside says that the values are whole device names, with their zero.
func (o ruleOperand) endsInside(ranges []RuleRange) bool {
	return ruleIsDevice(o.field) && !slices.ContainsFunc(ranges, func(r RuleRange) bool {
		return bytes.IndexByte(r.Lo, 0) < 0
	})
}

func (d *ruleDecoder) condition(m RuleMatch) { d.rule.Matches = append(d.rule.Matches, m) }

func (d *ruleDecoder) cmp(a nftAttrs) {
	o := d.get(a.u32(unix.NFTA_CMP_SREG))
	v := a.value(unix.NFTA_CMP_DATA)
	op := a.u32(unix.NFTA_CMP_OP)
	if op != unix.NFT_CMP_EQ && op != unix.NFT_CMP_NEQ && o.host && ruleLittleEndian {
		// The kernel compares bytes from the first on, so a number in the
		// machine's order has to be swapped before: nobody means this.
		d.condition(RuleMatch{Text: "[expr cmp]"})
		return
	}
	switch op {
	case unix.NFT_CMP_EQ, unix.NFT_CMP_NEQ:
		d.condition(o.match(op == unix.NFT_CMP_NEQ, RuleRange{v, v}))
	case unix.NFT_CMP_LT:
		d.bounded("<", o.match(false, RuleRange{make([]byte, len(v)), ruleStep(v, -1)}))
	case unix.NFT_CMP_LTE:
		d.bounded("<=", o.match(false, RuleRange{make([]byte, len(v)), v}))
	case unix.NFT_CMP_GT:
		d.bounded(">", o.match(false, RuleRange{ruleStep(v, 1), bytes.Repeat([]byte{0xff}, len(v))}))
	case unix.NFT_CMP_GTE:
		d.bounded(">=", o.match(false, RuleRange{v, bytes.Repeat([]byte{0xff}, len(v))}))
	}
}

// bounded adds a condition with one bound; two in a row are a range.
func (d *ruleDecoder) bounded(sign string, m RuleMatch) {
	if n := len(d.rule.Matches); n > 0 && m.Known() {
		last := &d.rule.Matches[n-1]
		if slices.Equal(last.Key, m.Key) && last.bound == ">=" && sign == "<=" && last.Mask == nil && m.Mask == nil {
			last.OneOf, last.bound = []RuleTuple{{{last.OneOf[0][0].Lo, m.OneOf[0][0].Hi}}}, ""
			return
		}
	}
	m.bound = sign
	d.condition(m)
}

func (d *ruleDecoder) inRange(a nftAttrs) {
	o := d.get(a.u32(unix.NFTA_RANGE_SREG))
	r := RuleRange{a.value(unix.NFTA_RANGE_FROM_DATA), a.value(unix.NFTA_RANGE_TO_DATA)}
	d.condition(o.match(a.u32(unix.NFTA_RANGE_OP) == unix.NFT_RANGE_NEQ, r))
}

func (d *ruleDecoder) lookup(a nftAttrs) {
	name := a.text(unix.NFTA_LOOKUP_SET)
	set, ok := d.sets(ruleSetKey{d.family, d.table, name})
	if !ok {
		d.condition(RuleMatch{Text: "[lookup " + name + "]"})
		return
	}
	operands := d.operands(a.u32(unix.NFTA_LOOKUP_SREG), set)
	m := lookupMatch(operands, set, set.elements)
	m.Not = a.u32(unix.NFTA_LOOKUP_FLAGS)&unix.NFT_LOOKUP_F_INV != 0
	if !a.has(unix.NFTA_LOOKUP_DREG) {
		d.condition(m)
		return
	}
	if a.u32(unix.NFTA_LOOKUP_DREG) != unix.NFT_REG_VERDICT {
		d.set(a.u32(unix.NFTA_LOOKUP_DREG), ruleOperand{from: nftKey(m) + " map " + set.reference(), size: 4})
		return
	}
	d.rule.Verdict = RuleVerdict{Kind: VerdictMap, From: nftKey(m) + " vmap " + set.reference()}
	for i := range set.elements {
		e := &set.elements[i]
		if e.verdict != nil {
			d.rule.Verdict.Map = append(d.rule.Verdict.Map, RuleCase{lookupMatch(operands, set, set.elements[i:i+1]), *e.verdict})
		}
	}
}

// operands are the registers that a set's key is made of.
func (d *ruleDecoder) operands(register uint32, set *ruleSet) []ruleOperand {
	types := ruleTypeFields(set.keyType)
	at := word(register)
	var operands []ruleOperand
	for range types {
		o := d.word(at)
		operands = append(operands, o)
		at += uint32(max(nlAlign(o.size)/4, 1))
	}
	return operands
}

func lookupMatch(operands []ruleOperand, set *ruleSet, elements []ruleElement) RuleMatch {
	m := RuleMatch{}
	if !set.anonymous {
		m.Set = set.key.name
	}
	for _, o := range operands {
		if o.field == "" || o.xor != nil && !ruleAllZero(o.xor) || o.mask != nil && len(operands) > 1 {
			m.Text = o.from
			if m.Text == "" {
				m.Text = "[lookup " + set.key.name + "]"
			}
			return m
		}
		m.Key = append(m.Key, o.field)
	}
	for _, e := range elements {
		if e.catchall {
			m.OneOf = append(m.OneOf, anyRuleTuple(m.Key))
			continue
		}
		if len(operands) > 1 {
			m.OneOf = append(m.OneOf, e.tuple(m.Key))
			continue
		}
		r := RuleRange{e.from, e.to}
		if e.to == nil {
			r.Hi = e.from
		}
		one := operands[0].match(false, r)
		m.Mask = one.Mask
		m.OneOf = append(m.OneOf, one.OneOf...)
	}
	return m
}

// anyRuleTuple holds every value of the fields.
func anyRuleTuple(key []RuleField) RuleTuple {
	var tuple RuleTuple
	for _, f := range key {
		size := ruleFields[f].size
		tuple = append(tuple, RuleRange{make([]byte, size), bytes.Repeat([]byte{0xff}, size)})
	}
	return tuple
}
