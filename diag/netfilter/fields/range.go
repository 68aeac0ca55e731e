package fields

import "bytes"

// Tuple has a range for each field of some.
type Tuple []Range

// Range is from Lo to Hi, both included. Values are in network byte order
// whatever order the kernel keeps them in, and as long as the field: 16 bytes
// for a device name, 4 for a mark or a connection tracking state.
type Range struct{ Lo, Hi []byte }

// Exactly is the range of one value.
func Exactly(v []byte) Range { return Range{v, v} }

// UpTo is from zero to v.
func UpTo(v []byte) Range { return Range{make([]byte, len(v)), v} }

// From is from v to the last value of its length.
func From(v []byte) Range { return Range{v, bytes.Repeat([]byte{0xff}, len(v))} }

// Contains says whether each of the values is in its range.
func (t Tuple) Contains(values [][]byte) bool {
	if len(t) != len(values) {
		return false
	}
	for i, r := range t {
		v := values[i]
		if len(v) != len(r.Lo) || bytes.Compare(v, r.Lo) < 0 || bytes.Compare(v, r.Hi) > 0 {
			return false
		}
	}
	return true
}

// And is a with only the bits of b.
func And(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range out {
		if i < len(b) {
			out[i] = a[i] & b[i]
		}
	}
	return out
}

// Xor is a with the bits of b turned over.
func Xor(a, b []byte) []byte {
	out := bytes.Clone(a)
	for i := range out {
		if i < len(b) {
			out[i] ^= b[i]
		}
	}
	return out
}

// AllZero says whether no bit of b is set.
func AllZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// AllOnes says whether each bit of b is set.
func AllOnes(b []byte) bool { return bytes.Count(b, []byte{0xff}) == len(b) }

// Step is b plus or minus one, as a number in network byte order.
func Step(b []byte, by int) []byte {
	out := bytes.Clone(b)
	for i := len(out) - 1; i >= 0; i-- {
		before := out[i]
		out[i] += byte(by)
		if by > 0 && before != 0xff || by < 0 && before != 0 {
			break
		}
	}
	return out
}

// PrefixLen is the number of leading one bits, if there are no others.
func PrefixLen(mask []byte) (int, bool) {
	n := 0
	for n < len(mask)*8 && mask[n/8]&(0x80>>(n%8)) != 0 {
		n++
	}
	for i := n; i < len(mask)*8; i++ {
		if mask[i/8]&(0x80>>(i%8)) != 0 {
			return 0, false
		}
	}
	return n, true
}
