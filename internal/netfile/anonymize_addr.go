package netfile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
)

// addressMap gives each IPv4 address another: two that have their first n bits in
// common have so afterwards, and no two become one (the prefix-preserving map of Xu
// and others, 2002). Networks that mean something keep their first bits.
type addressMap struct {
	key   []byte
	edges []kept
}

// kept is a run of bits that stay: those of an address, from one place to another,
// for addresses that begin like it.
type kept struct {
	addr     uint32
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
}

// keepEdges keeps the first and the last address of a network the first and the
// last.
func (m *addressMap) keepEdges(p netip.Prefix) {
	if !p.Addr().Is4() {
		return
	}
	first := number4(p.Masked().Addr())
	m.edges = append(m.edges, kept{first, p.Bits(), 32}, kept{first | uint32(1<<(32-p.Bits())-1), p.Bits(), 32})
}

func number4(a netip.Addr) uint32 { b := a.As4(); return binary.BigEndian.Uint32(b[:]) }

// of is the address that stands for another. Those of IPv6 are nobody's.
func (m *addressMap) of(a netip.Addr) netip.Addr {
	if !a.Is4() {
		return netip.IPv6Unspecified()
	}
	from := number4(a)
	to := from
	for bit := range 32 {
		if !m.keeps(from, bit) && m.flips(from, bit) {
			to ^= 1 << (31 - bit)
		}
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, to)))
}

// alike reports whether two addresses have their first bits in common.
func alike(a, b uint32, bits int) bool { return bits == 0 || (a^b)>>(32-bits) == 0 }

// keeps reports whether a bit stays, which the bits before it decide.
func (m *addressMap) keeps(a uint32, bit int) bool {
	for _, s := range meaningful {
		addr, bits := number4(s.prefix.Addr()), s.prefix.Bits()
		if bit < bits && alike(a, addr, bit) || s.whole && bit >= bits && alike(a, addr, bits) {
			return true
		}
	}
	for _, e := range m.edges {
		if e.from <= bit && bit < e.to && alike(a, e.addr, bit) {
			return true
		}
	}
	return false
}

// flips is a coin for the bits before one, thrown with the key.
func (m *addressMap) flips(a uint32, bit int) bool {
	h := hmac.New(sha256.New, m.key)
	head := a
	if bit < 32 {
		head = a &^ (1<<(32-bit) - 1)
	}
	if bit == 0 {
		head = 0
	}
	h.Write(binary.BigEndian.AppendUint32([]byte{byte(bit)}, head))
	return h.Sum(nil)[0]&1 != 0
}
