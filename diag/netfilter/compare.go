package netfilter

import (
	"bytes"
	"slices"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"

	"golang.org/x/sys/unix"
)

// canonical is a value as long as the operand's field and in network order; a
// shorter one is of the field's first bytes.
func (o operand) canonical(b []byte) []byte {
	out := fields.NetworkOrder(b, o.host)
	if size := fields.Known[o.field].Size; len(out) < size {
		out = append(out, make([]byte, size-len(out))...)
	} else if size > 0 {
		out = out[:size]
	}
	return out
}

// match is the condition that the operand is in one of the ranges, which are
// as the kernel has them.
func (o operand) match(not bool, ranges ...fields.Range) Match {
	if o.field == "" {
		return Match{Text: o.from, nft: o.nft}
	}
	m := Match{Key: fields.Alone(o.field), Not: not, Lot: o.lot}
	compared := 0
	for _, r := range ranges {
		compared = len(r.Lo)
		lo := o.canonical(r.Lo)
		hi := lo
		if !bytes.Equal(r.Lo, r.Hi) {
			hi = o.canonical(r.Hi)
		}
		if o.xor != nil && !fields.AllZero(o.xor) {
			if !bytes.Equal(lo, hi) {
				return Match{Text: "[expr bitwise]"}
			}
			lo = fields.Xor(lo, o.canonical(o.xor))
			hi = lo
		}
		m.OneOf = append(m.OneOf, fields.Tuple{{Lo: lo, Hi: hi}})
	}
	switch size := fields.Known[o.field].Size; {
	case o.mask != nil:
		m.Mask = o.canonical(o.mask)
	case compared < size && !o.endsInside(ranges):
		m.Mask = o.canonical(bytes.Repeat([]byte{0xff}, compared))
	}
	if m.Mask != nil && fields.AllOnes(m.Mask) {
		m.Mask = nil
	}
	return m
}

// endsInside says that the values are whole device names, with their zero.
func (o operand) endsInside(ranges []fields.Range) bool {
	return fields.IsDevice(o.field) && !slices.ContainsFunc(ranges, func(r fields.Range) bool {
		return bytes.IndexByte(r.Lo, 0) < 0
	})
}

func (d *decoder) condition(m Match) { d.rule.Matches = append(d.rule.Matches, m) }

func (d *decoder) cmp(a nfnl.Attrs) {
	o := d.get(a.Uint32(unix.NFTA_CMP_SREG))
	v := a.Value(unix.NFTA_CMP_DATA)
	op := a.Uint32(unix.NFTA_CMP_OP)
	if op != unix.NFT_CMP_EQ && op != unix.NFT_CMP_NEQ && o.host && fields.LittleEndian {
		// The kernel compares bytes from the first on, so a number in the
		// machine's order has to be swapped before: nobody means this.
		d.condition(Match{Text: "[expr cmp]"})
		return
	}
	switch op {
	case unix.NFT_CMP_EQ, unix.NFT_CMP_NEQ:
		d.condition(o.match(op == unix.NFT_CMP_NEQ, fields.Exactly(v)))
	case unix.NFT_CMP_LT:
		d.bounded("<", o.match(false, fields.UpTo(fields.Step(v, -1))))
	case unix.NFT_CMP_LTE:
		d.bounded("<=", o.match(false, fields.UpTo(v)))
	case unix.NFT_CMP_GT:
		d.bounded(">", o.match(false, fields.From(fields.Step(v, 1))))
	case unix.NFT_CMP_GTE:
		d.bounded(">=", o.match(false, fields.From(v)))
	}
}

// bounded adds a condition with one bound; two in a row are a range.
func (d *decoder) bounded(sign string, m Match) {
	if n := len(d.rule.Matches); n > 0 && m.Known() {
		last := &d.rule.Matches[n-1]
		if slices.Equal(last.Key, m.Key) && last.bound == ">=" && sign == "<=" && last.Mask == nil && m.Mask == nil {
			last.OneOf, last.bound = []fields.Tuple{{{Lo: last.OneOf[0][0].Lo, Hi: m.OneOf[0][0].Hi}}}, ""
			return
		}
	}
	m.bound = sign
	d.condition(m)
}

func (d *decoder) inRange(a nfnl.Attrs) {
	o := d.get(a.Uint32(unix.NFTA_RANGE_SREG))
	r := fields.Range{Lo: a.Value(unix.NFTA_RANGE_FROM_DATA), Hi: a.Value(unix.NFTA_RANGE_TO_DATA)}
	d.condition(o.match(a.Uint32(unix.NFTA_RANGE_OP) == unix.NFT_RANGE_NEQ, r))
}

func (d *decoder) lookup(a nfnl.Attrs) {
	name := a.Text(unix.NFTA_LOOKUP_SET)
	set, ok := d.sets(ruleSetKey{d.family, d.table, name})
	if !ok {
		d.condition(Match{Text: "[lookup " + name + "]"})
		return
	}
	operands := d.operands(a.Uint32(unix.NFTA_LOOKUP_SREG), set)
	m := lookupMatch(operands, set, nil) // of a map the key alone is wanted
	if !a.Has(unix.NFTA_LOOKUP_DREG) {
		m = lookupMatch(operands, set, set.elements)
		m.Not = a.Uint32(unix.NFTA_LOOKUP_FLAGS)&unix.NFT_LOOKUP_F_INV != 0
		d.condition(m)
		return
	}
	if a.Uint32(unix.NFTA_LOOKUP_DREG) != unix.NFT_REG_VERDICT {
		d.set(a.Uint32(unix.NFTA_LOOKUP_DREG), operand{from: fields.KeyText(m.Key) + " map " + set.reference(operands), nft: true, size: 4, picks: picks(operands, set, 0)})
		if at := word(a.Uint32(unix.NFTA_LOOKUP_DREG)); at+1 < words { // an address, and a port behind it
			d.regs[at+1] = operand{from: fields.KeyText(m.Key) + " map " + set.reference(operands), nft: true, size: 4, picks: picks(operands, set, 4)}
		}
		return
	}
	d.rule.Verdict = Verdict{Kind: VerdictMap, From: fields.KeyText(m.Key) + " vmap " + set.reference(operands), Map: make([]Case, 0, len(set.elements))}
	for i, e := range set.elements {
		if e.verdict != nil {
			d.rule.Verdict.Map = append(d.rule.Verdict.Map, Case{lookupMatch(operands, set, set.elements[i:i+1]), *e.verdict})
		}
	}
}

// operands are the registers that a set's key is made of.
func (d *decoder) operands(register uint32, set *ruleSet) []operand {
	types := fields.OfType(set.keyType)
	at := word(register)
	var operands []operand
	for range types {
		o := d.word(at)
		operands = append(operands, o)
		at += uint32(max(attr.Align(o.size)/4, 1))
	}
	return operands
}

func lookupMatch(operands []operand, set *ruleSet, elements []ruleElement) Match {
	m := Match{}
	if !set.anonymous {
		m.Set = set.key.name
	}
	for _, o := range operands {
		if o.field == "" || o.xor != nil && !fields.AllZero(o.xor) || o.mask != nil && len(operands) > 1 {
			m.Text, m.nft = o.from, o.nft
			if m.Text == "" {
				m.Text = "[lookup " + set.key.name + "]"
			}
			return m
		}
		m.Key = append(m.Key, o.field)
		if len(operands) == 1 {
			m.Lot = o.lot
		} else if o.lot != nil {
			m.Text = "[lookup " + set.key.name + "]"
			return m
		}
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
		r := fields.Range{Lo: e.from, Hi: e.to}
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
func anyRuleTuple(key []fields.Name) fields.Tuple {
	var tuple fields.Tuple
	for _, f := range key {
		size := fields.Known[f].Size
		tuple = append(tuple, fields.From(make([]byte, size)))
	}
	return tuple
}
