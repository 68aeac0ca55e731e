package netfilter

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"
)

// Lot is a condition that holds for a part of all packets, and not for the others:
// numgen, jhash and symhash of nft, -m statistic of iptables. Which packets these are
// cannot be known, but what part they are can.
type Lot struct {
	// First and Span are the values that the Match's Key may have, each as likely: Span
	// of them from First on. Span is 0 where Share says how often the condition holds.
	First, Span uint64
	Share       float64
	// Flow tells that all packets of a connection have the same value (a hash of its
	// addresses); others draw anew for each packet.
	Flow bool
}

// Chance is how often the condition holds, from 0 to 1.
func (m Match) Chance() float64 {
	if m.Lot == nil {
		return 0
	}
	chance := m.Lot.Share
	if m.Lot.Span > 0 {
		held := uint64(0)
		first, last := m.Lot.First, m.Lot.First+m.Lot.Span-1
		for _, tuple := range m.OneOf {
			if len(tuple) != 1 {
				continue
			}
			if low, high := max(fields.Number(tuple[0].Lo), first), min(fields.Number(tuple[0].Hi), last); low <= high {
				held += high - low + 1
			}
		}
		chance = float64(min(held, m.Lot.Span)) / float64(m.Lot.Span)
	}
	if m.Not {
		return 1 - chance
	}
	return chance
}

// Choice is one entry of a map that a translation takes its address and port from.
type Choice struct {
	Match Match
	Addr  netip.Addr // invalid where the map has none
	Port  uint16     // 0: none
}

// pick is an entry of a map as a register has it.
type pick struct {
	match Match
	data  []byte
}

const (
	ngDreg, ngModulus, ngType, ngOffset = 1, 2, 3, 4

	hashSreg, hashDreg, hashLen, hashModulus, hashSeed, hashOffset, hashType = 1, 2, 3, 4, 5, 6, 7
)

func (d *decoder) numgen(a nfnl.Attrs) {
	kind := map[uint32]string{0: "inc", 1: "random"}[a.Uint32(ngType)]
	d.draw(a.Uint32(ngDreg), "numgen "+kind, a.Uint32(ngModulus), a.Uint32(ngOffset), "", false)
}

func (d *decoder) hash(a nfnl.Attrs) {
	const symmetric = 1 // NFT_HASH_SYM
	words, seed := "symhash", ""
	if a.Uint32(hashType) != symmetric {
		words = "jhash " + d.fields(a.Uint32(hashSreg), int(a.Uint32(hashLen)))
		if a.Has(hashSeed) {
			seed = fmt.Sprintf(" seed 0x%x", a.Uint32(hashSeed))
		}
	}
	d.draw(a.Uint32(hashDreg), words, a.Uint32(hashModulus), a.Uint32(hashOffset), seed, true)
}

// fields names what some bytes of the registers hold.
func (d *decoder) fields(register uint32, size int) string {
	var names []string
	for at := word(register); size > 0 && at < words; {
		o := d.word(at)
		step := attr.Align(max(o.size, 1))
		names, size, at = append(names, o.describe()), size-step, at+uint32(step)/4
	}
	return strings.Join(names, " . ")
}

// draw puts a value into a register that is as likely to be one as another.
func (d *decoder) draw(register uint32, words string, modulus, offset uint32, seed string, flow bool) {
	words += fmt.Sprintf(" mod %d%s", modulus, seed)
	if offset != 0 {
		words += fmt.Sprintf(" offset %d", offset)
	}
	if modulus == 0 {
		d.set(register, operand{from: words, nft: true, size: 4})
		return
	}
	d.set(register, operand{field: fields.Name(words), size: 4, host: true, lot: &Lot{First: uint64(offset), Span: uint64(modulus), Flow: flow}})
}

// picks are the entries of a map, with their data from a word on.
func picks(operands []operand, set *ruleSet, from int) (all []pick) {
	for i := range set.elements {
		e := &set.elements[i]
		if len(e.data) > from {
			all = append(all, pick{lookupMatch(operands, set, set.elements[i:i+1]), e.data[from:]})
		}
	}
	return all
}

// chooseAddr and choosePort give a translation the entries of a map.
func (v *Verdict) chooseAddr(o operand) {
	for _, p := range o.picks {
		size := len(p.data)
		switch {
		case v.family == "ip" && size >= 4:
			size = 4
		case v.family == "ip6" && size >= 16:
			size = 16
		}
		addr, _ := netip.AddrFromSlice(p.data[:size])
		v.Choices = append(v.Choices, Choice{Match: p.match, Addr: addr})
	}
}

func (v *Verdict) choosePort(o operand) {
	if len(v.Choices) == 0 {
		for _, p := range o.picks {
			v.Choices = append(v.Choices, Choice{Match: p.match})
		}
	}
	for i, p := range o.picks {
		if i < len(v.Choices) && len(p.data) >= 2 {
			v.Choices[i].Port = binary.BigEndian.Uint16(p.data)
		}
	}
}

// statistic is the part of all packets that -m statistic is for.
func statistic(x xt) *Lot {
	share := float64(x.u32(4)) / (1 << 31)
	if x.u16(0) != 0 {
		share = 1 / float64(uint64(x.u32(4))+1)
	}
	if x.u16(2)&1 != 0 {
		share = 1 - share
	}
	return &Lot{Share: share}
}
