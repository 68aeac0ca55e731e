package replica

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// find is the payload of an attribute; nil when there is none.
func find(attrs []byte, kind uint16) []byte {
	for k, v := range attr.All(attrs) {
		if k == kind {
			return v
		}
	}
	return nil
}

// only are the attributes of some types.
func only(attrs []byte, kinds ...uint16) []byte {
	return sift(attrs, func(kind uint16) bool { return among(kinds, kind) })
}

// without are the attributes but those of some types.
func without(attrs []byte, kinds ...uint16) []byte {
	return sift(attrs, func(kind uint16) bool { return !among(kinds, kind) })
}

func among(kinds []uint16, kind uint16) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// sift keeps attributes as they are, flag bits and all.
func sift(attrs []byte, keep func(kind uint16) bool) []byte {
	var kept []byte
	for b := attrs; len(b) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			break
		}
		kind := binary.NativeEndian.Uint16(b[2:])
		if keep(kind &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)) {
			kept = attr.Append(kept, kind, b[unix.SizeofRtAttr:size])
		}
		b = b[min(attr.Align(size), len(b)):]
	}
	return kept
}

// nest appends an attribute that has others in it.
func nest(b []byte, kind uint16, inner []byte) []byte {
	return attr.Append(b, kind|unix.NLA_F_NESTED, inner)
}

func text(b []byte, kind uint16, s string) []byte { return attr.Append(b, kind, append([]byte(s), 0)) }

func number(b []byte, kind uint16, n uint32) []byte {
	return attr.Append(b, kind, binary.NativeEndian.AppendUint32(nil, n))
}
