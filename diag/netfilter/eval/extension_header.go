package eval

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// xtHops is struct ipt_ttl_info, and ip6t_hl_info: how to compare, and with what (ttl_mt(),
// hl_mt6()).
func (e *evaluator) xtHops(data []byte, p Packet) (holds, known bool) {
	const equal, unequal, less, greater = 0, 1, 2, 3
	if len(data) < 2 || p.TTL == 0 {
		return false, false
	}
	has, asked := p.TTL, int(data[1])
	switch data[0] {
	case equal:
		return has == asked, true
	case unequal:
		return has != asked, true
	case less:
		return has < asked, true
	case greater:
		return has > asked, true
	}
	return false, false
}

// xtIPRange is struct xt_iprange_mtinfo: the first and last source, the first and last
// destination, 16 bytes each, and flags (iprange_mt4(), iprange_mt6()).
func (e *evaluator) xtIPRange(data []byte, p Packet) (holds, known bool) {
	const source, dest, inverse, flagsAt = 1, 2, 4, 64 // inverse is 1<<4 of the source, 1<<5 of the destination
	if len(data) <= flagsAt {
		return false, false
	}
	known = true
	for i, side := range []struct {
		addr    netip.Addr
		unknown bool
	}{{p.Src, p.conn.srcUnknown}, {p.Dst, p.conn.dstUnknown}} {
		if data[flagsAt]&(source<<i) == 0 {
			continue
		}
		if side.unknown || !side.addr.IsValid() {
			known = false
			continue
		}
		size := side.addr.BitLen() / 8
		low, _ := netip.AddrFromSlice(data[32*i:][:size])
		high, _ := netip.AddrFromSlice(data[32*i+16:][:size])
		if within := low.Compare(side.addr) <= 0 && side.addr.Compare(high) <= 0; within == (data[flagsAt]&(source<<(i+inverse)) != 0) {
			return false, true
		}
	}
	return known, known
}

// xtPktType is struct xt_pkttype_info: the type and inverse, and pkttype_mt(). What is
// for one host is of type PACKET_HOST for whoever passes it through his rules.
func (e *evaluator) xtPktType(data []byte, p Packet) (holds, known bool) {
	if len(data) < 8 || p.Dst.IsMulticast() || p.conn.dstUnknown || e.addrType(p.Dst).number == unix.RTN_BROADCAST {
		return false, false
	}
	return (binary.NativeEndian.Uint32(data) == unix.PACKET_HOST) != (binary.NativeEndian.Uint32(data[4:]) != 0), true
}
