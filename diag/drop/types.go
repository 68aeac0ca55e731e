package drop

import (
	"bytes"
	"encoding/binary"

	"nstutor/internal/say"
)

// errTypes says that the kernel's type information is not what it should be.
var errTypes = say.Err("the kernel's type information cannot be read", "无法读取内核的类型信息")

// The kinds of types that are looked into (Documentation/bpf/btf.rst).
const (
	kindPointer   = 2
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindTypedef   = 8
	kindVolatile  = 9
	kindConst     = 10
	kindRestrict  = 11
	kindFuncProto = 13
	kindTypeTag   = 18
)

// trailing is how many bytes follow a type of a kind: some, and some for each of
// its members.
var trailing = [20]struct{ fixed, each int }{
	1: {4, 0}, 3: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12}, kindEnum: {0, 8}, kindFuncProto: {0, 8},
	14: {4, 0}, 15: {0, 12}, 17: {4, 0}, 19: {0, 12},
}

// The sizes of struct btf_header and of struct btf_type.
const (
	btfMagic      = 0xeb9f
	btfHeaderSize = 24
	btfTypeSize   = 12
)

// types is the kernel's description of its own types, in BTF. It is read here
// and not by ebpf/btf, which makes a value of every type that sk_buff leads to,
// and that is most of the kernel: a look at the few that are wanted takes a tenth
// of the time. A test compares the two.
type types struct {
	raw   []byte // of all types
	names []byte // one after the other, each with a zero behind it
	every []int  // where in raw every stride-th type begins
	count int    // of types, with void, which has the number 0 and is not in raw
	named map[string]int
}

// stride is how many types are passed at most to come to one: a list of all of
// them would be as large as a part of raw.
const stride = 64

// entry is one type.
type entry struct {
	name    uint32 // its offset among the names; 0: it has none
	kind    int
	members int
	packed  bool // the offsets of members have the sizes of bit fields in them
	refers  int  // the number of the type that it refers to, or its size
	rest    []byte
}

// readTypes finds the types of some names, which are structs, enums or typedefs.
// What is not there has the number 0.
func readTypes(btf []byte, wanted ...string) (*types, error) {
	if len(btf) < btfHeaderSize || binary.NativeEndian.Uint16(btf) != btfMagic {
		return nil, say.Err("%v: no BTF of this machine's byte order", "%v：没有符合本机字节序的 BTF", errTypes)
	}
	word := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(btf[at:])) }
	part := func(at int) ([]byte, bool) {
		begin := word(4) + word(at)
		end := begin + word(at+4)
		if end > uint64(len(btf)) {
			return nil, false
		}
		return btf[begin:end], true
	}
	raw, ok := part(8)
	names, alsoOK := part(16)
	if !ok || !alsoOK || len(names) == 0 || names[len(names)-1] != 0 {
		return nil, say.Err("%v: cut off", "%v：内容不完整", errTypes)
	}
	t := &types{raw: raw, names: names, count: 1, named: make(map[string]int, len(wanted))}
	for _, name := range wanted {
		t.named[name] = 0
	}
	return t, t.index()
}

// index notes where types begin, and the numbers of the wanted ones.
func (t *types) index() error {
	for at := 0; at < len(t.raw); t.count++ {
		if (t.count-1)%stride == 0 {
			t.every = append(t.every, at)
		}
		if len(t.raw)-at < btfTypeSize {
			return say.Err("%v: cut off", "%v：内容不完整", errTypes)
		}
		e := t.at(at)
		if e.kind >= len(trailing) {
			return say.Err("%v: a type of the unknown kind %d", "%v：类型 %d 未知", errTypes, e.kind)
		}
		if e.kind == kindStruct || e.kind == kindEnum || e.kind == kindTypedef {
			name := t.text(e.name)
			if number, ok := t.named[string(name)]; ok && number == 0 {
				t.named[string(name)] = t.count
			}
		}
		if at += e.size(); at > len(t.raw) {
			return say.Err("%v: cut off", "%v：内容不完整", errTypes)
		}
	}
	return nil
}

// size is how many bytes a type takes.
func (e entry) size() int {
	return btfTypeSize + trailing[e.kind].fixed + e.members*trailing[e.kind].each
}

// at is the type at an offset.
func (t *types) at(offset int) entry {
	b := t.raw[offset:]
	info := binary.NativeEndian.Uint32(b[4:])
	return entry{
		name: binary.NativeEndian.Uint32(b), kind: int(info >> 24 & 0x1f), members: int(info & 0xffff), packed: info>>31 != 0,
		refers: int(binary.NativeEndian.Uint32(b[8:])), rest: b[btfTypeSize:],
	}
}

// number is a type by its number; void and what is none have the kind 0.
func (t *types) number(n int) entry {
	if n <= 0 || n >= t.count {
		return entry{}
	}
	at := t.every[(n-1)/stride]
	for range (n - 1) % stride {
		at += t.at(at).size()
	}
	return t.at(at)
}

// bare is a type without the names and qualifiers around it.
func (t *types) bare(n int) entry {
	const depth = 16 // a ring of typedefs has no end
	for range depth {
		switch e := t.number(n); e.kind {
		case kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag:
			n = e.refers
		default:
			return e
		}
	}
	return entry{}
}

// text is the name at an offset.
func (t *types) text(offset uint32) []byte {
	if uint64(offset) >= uint64(len(t.names)) {
		return nil
	}
	name := t.names[offset:]
	return name[:bytes.IndexByte(name, 0)]
}
