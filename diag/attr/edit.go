package attr

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// Find is the payload of an attribute; nil when there is none.
func Find(attrs []byte, kind uint16) []byte {
	for k, v := range All(attrs) {
		if k == kind {
			return v
		}
	}
	return nil
}

// Only are the attributes of some types.
func Only(attrs []byte, kinds ...uint16) []byte {
	return Keep(attrs, func(kind uint16) bool { return slices.Contains(kinds, kind) })
}

// Without are the attributes but those of some types.
func Without(attrs []byte, kinds ...uint16) []byte {
	return Keep(attrs, func(kind uint16) bool { return !slices.Contains(kinds, kind) })
}

// Keep keeps attributes as they are, flag bits and all.
func Keep(attrs []byte, keep func(kind uint16) bool) []byte {
	var kept []byte
	for b := attrs; len(b) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			break
		}
		kind := binary.NativeEndian.Uint16(b[2:])
		if keep(kind &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)) {
			kept = Append(kept, kind, b[unix.SizeofRtAttr:size])
		}
		b = b[min(Align(size), len(b)):]
	}
	return kept
}

// Nest appends an attribute that has others in it.
func Nest(b []byte, kind uint16, inner []byte) []byte {
	return Append(b, kind|unix.NLA_F_NESTED, inner)
}

// Text appends a name, which ends with a zero.
func Text(b []byte, kind uint16, s string) []byte { return Append(b, kind, append([]byte(s), 0)) }

// Number appends a number in the order of bytes of this machine.
func Number(b []byte, kind uint16, n uint32) []byte {
	return Append(b, kind, binary.NativeEndian.AppendUint32(nil, n))
}
