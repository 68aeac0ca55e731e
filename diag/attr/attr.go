// Package attr takes apart and builds the attributes of netlink messages
// (struct rtattr in rtnetlink(7), struct nlattr in netlink(7)).
package attr

import (
	"encoding/binary"
	"iter"
	"net/netip"

	"golang.org/x/sys/unix"
)

// DumpTries is how often a dump is begun again because the table changed
// meanwhile, before the caller is told.
const DumpTries = 50

// All walks the attributes in b: their types without the flag bits, and
// their payloads. It stops at the first malformed one.
func All(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= unix.SizeofRtAttr {
			size := int(binary.NativeEndian.Uint16(b))
			if size < unix.SizeofRtAttr || size > len(b) {
				return
			}
			kind := binary.NativeEndian.Uint16(b[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
			if !yield(kind, b[unix.SizeofRtAttr:size]) {
				return
			}
			b = b[min(Align(size), len(b)):]
		}
	}
}

// Align is n rounded up to the attributes' alignment of four bytes.
func Align(n int) int { return (n + 3) &^ 3 }

// Uint32 is the payload as a number, 0 when it is too short for one.
func Uint32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(b)
}

// Int is the payload as a signed number, 0 when it is too short for one.
func Int(b []byte) int { return int(int32(Uint32(b))) }

// Uint8 is the payload's first byte, 0 when it has none.
func Uint8(b []byte) int {
	if len(b) < 1 {
		return 0
	}
	return int(b[0])
}

// String is the payload up to its terminating zero.
func String(b []byte) string { return unix.ByteSliceToString(b) }

// Addr is the payload as an address, invalid when it has not 4 or 16 bytes.
func Addr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Prefix is an address with its prefix length; for an absent address it is
// the unspecified one of the family.
func Prefix(b []byte, bits byte, family byte) netip.Prefix {
	a := Addr(b)
	switch {
	case a.IsValid():
	case family == unix.AF_INET6:
		a = netip.IPv6Unspecified()
	default:
		a = netip.IPv4Unspecified()
	}
	return netip.PrefixFrom(a, int(bits))
}

// Append appends an attribute, padded.
func Append(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(append(b, value...), make([]byte, Align(len(value))-len(value))...)
}
