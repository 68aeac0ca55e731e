package netfile

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"slices"
)

// addressMap gives each address another: two that have their first n bits in
// common have so afterwards, and no two become one (the prefix-preserving map of Xu
// and others, 2002). Networks that mean something keep their first bits.
type addressMap struct {
	key   []byte
	edges []kept
	known map[netip.Addr]netip.Addr
}

// kept is a run of bits that stay: those of an address, from one place to another,
// for addresses that begin like it.
type kept struct {
	addr     netip.Addr
	from, to int
}

// meaningful are networks that stay what they are (RFC 6890): of the private ones
// the hosts are replaced, of the others nothing.
var meaningful = []struct {
	prefix netip.Prefix
	whole  bool
}{
	{netip.MustParsePrefix("0.0.0.0/8"), true}, {netip.MustParsePrefix("127.0.0.0/8"), true}, {netip.MustParsePrefix("169.254.0.0/16"), true},
	{netip.MustParsePrefix("224.0.0.0/3"), true}, // groups, and what nobody has
	{netip.MustParsePrefix("10.0.0.0/8"), false}, {netip.MustParsePrefix("172.16.0.0/12"), false}, {netip.MustParsePrefix("192.168.0.0/16"), false},
	{netip.MustParsePrefix("100.64.0.0/10"), false},
	{netip.MustParsePrefix("::/120"), true}, {netip.MustParsePrefix("ff00::/8"), true},
	{netip.MustParsePrefix("::ffff:0:0/96"), false}, {netip.MustParsePrefix("64:ff9b::/96"), false},
	{netip.MustParsePrefix("fe80::/64"), false}, {netip.MustParsePrefix("fd00::/8"), false}, {netip.MustParsePrefix("2000::/3"), false},
}

// keepEdges keeps the first and the last address of a network the first and the
// last.
func (m *addressMap) keepEdges(p netip.Prefix) {
	first := p.Masked().Addr()
	last := first.AsSlice()
	for bit := p.Bits(); bit < first.BitLen(); bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	for _, e := range []kept{{first, p.Bits(), first.BitLen()}, {end, p.Bits(), first.BitLen()}} {
		if p.Bits() < first.BitLen() && !slices.Contains(m.edges, e) {
			m.edges = append(m.edges, e)
		}
	}
}

// of is the address that stands for another.
func (m *addressMap) of(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	if to, ok := m.known[a]; ok {
		return to
	}
	to := a.AsSlice()
	for bit := range a.BitLen() {
		if !m.keeps(a, bit) && m.flips(a, bit) {
			to[bit/8] ^= 0x80 >> (bit % 8)
		}
	}
	other, _ := netip.AddrFromSlice(to)
	if m.known == nil {
		m.known = map[netip.Addr]netip.Addr{}
	}
	m.known[a] = other
	return other
}

// alike reports whether two addresses have their first bits in common.
func alike(a, b netip.Addr, bits int) bool {
	return a.BitLen() == b.BitLen() && netip.PrefixFrom(b, bits).Contains(a)
}

// keeps reports whether a bit stays, which the bits before it decide.
func (m *addressMap) keeps(a netip.Addr, bit int) bool {
	for _, s := range meaningful {
		addr, bits := s.prefix.Addr(), s.prefix.Bits()
		if bit < bits && alike(a, addr, bit) || s.whole && bit >= bits && alike(a, addr, bits) {
			return true
		}
	}
	return slices.ContainsFunc(m.edges, func(e kept) bool { return e.from <= bit && bit < e.to && alike(a, e.addr, bit) })
}

// flips is a coin for the bits before one, thrown with the key.
func (m *addressMap) flips(a netip.Addr, bit int) bool {
	h := hmac.New(sha256.New, m.key)
	h.Write(append([]byte{byte(bit)}, netip.PrefixFrom(a, bit).Masked().Addr().AsSlice()...))
	return h.Sum(nil)[0]&1 != 0
}
