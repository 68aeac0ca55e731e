package netfile

import (
	"encoding/binary"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// node is an attribute of a row.
type node struct {
	id    uint16
	name  string // of the field, or its number
	kind  kind
	value []byte
	bare  bool // a nest without NLA_F_NESTED, as older parts of the kernel tell it
	in    []node
	head  []uint64 // of one of several next hops
}

// row is a message: the numbers at its beginning, and its attributes.
type row struct {
	head []uint64
	in   []node
}

// most bounds what an attribute may hold: its length is 16 bits.
const most = 1<<16 - 64

// rowOf takes a message apart. One that is shorter than its head is none.
func (s *schema) rowOf(message []byte) (r row, ok bool) {
	if len(message) < s.headSize() {
		return r, false
	}
	r.head = s.headOf(message)
	r.in = s.nodes(message[s.headSize():])
	return r, true
}

func (s *schema) headOf(b []byte) (head []uint64) {
	for _, p := range s.head {
		head = append(head, integer(binary.NativeEndian, b[:p.size]))
		b = b[p.size:]
	}
	return head
}

// message puts a row together again.
func (s *schema) message(r row) []byte {
	return appendNodes(s.appendHead(nil, r.head), r.in)
}

func (s *schema) appendHead(b []byte, head []uint64) []byte {
	for i, p := range s.head {
		b = append(b, bytesOf(binary.NativeEndian, head[i], p.size)...)
	}
	return b
}

// nodes are attributes by their fields.
func (s *schema) nodes(attrs []byte) (all []node) {
	before := "" // the word before a nest
	for b := attrs; len(b) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			break
		}
		kind := binary.NativeEndian.Uint16(b[2:])
		value := b[unix.SizeofRtAttr:size]
		b = b[min(attr.Align(size), len(b)):]
		f := s.byID(kind &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER))
		if f == nil && s.closed || f != nil && f.sparse && !slices.ContainsFunc(value, func(c byte) bool { return c != 0 }) {
			continue
		}
		n := node{id: kind &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER), value: slices.Clone(value), bare: kind&unix.NLA_F_NESTED == 0}
		n.name = strconv.Itoa(int(n.id))
		if f != nil {
			f.fill(&n, before)
		}
		if n.kind == word {
			before = attr.String(value)
		}
		all = append(all, n)
	}
	return all
}

// fill gives an attribute its name, and takes its value apart, if it is what it
// should be.
func (f *field) fill(n *node, before string) {
	if f.name != "" {
		n.name = f.name
	}
	switch {
	case f.kind == nest:
		n.kind, n.in, n.value = nest, f.inner(before).nodes(n.value), nil
	case f.kind == array && len(n.value)%4 == 0:
		n.kind = array
		for _, at := range f.in.fields {
			if end := 4 * int(at.id); end <= len(n.value) {
				n.in = append(n.in, node{id: at.id, name: at.name, kind: number, value: n.value[end-4 : end]})
			}
		}
		n.value = nil
	case f.kind == hops:
		n.kind, n.in, n.value = hops, hopsOf(f.in, n.value), nil
	case f.kind != array && fits(f.kind, n.value):
		n.kind = f.kind
	}
}

// inner is the schema of a nest.
func (f *field) inner(before string) *schema {
	if f.by == nil {
		return f.in
	}
	if s := f.by[before]; s != nil {
		return s
	}
	return f.by[""]
}

// hopsOf takes struct rtnexthop apart, one after the other.
func hopsOf(s *schema, b []byte) (all []node) {
	for len(b) >= unix.SizeofRtNexthop {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		all = append(all, node{name: "hop", kind: hops, head: s.headOf(b[2:]), in: s.nodes(b[unix.SizeofRtNexthop:size])})
		b = b[min(attr.Align(size), len(b)):]
	}
	return all
}

func appendNodes(b []byte, all []node) []byte {
	for _, n := range all {
		id, value := n.id, n.value
		switch n.kind {
		case nest:
			value = appendNodes(nil, n.in)
			if !n.bare {
				id |= unix.NLA_F_NESTED
			}
		case array:
			for _, in := range n.in {
				value = append(value, make([]byte, 4*int(in.id-1)-len(value))...) // what has no name says nothing
				value = append(value, in.value...)
			}
		case hops:
			for _, h := range n.in {
				one := appendNodes(hop.appendHead([]byte{0, 0}, h.head), h.in)
				binary.NativeEndian.PutUint16(one, uint16(len(one)))
				value = append(value, one...)
			}
		}
		b = attr.Append(b, id, value)
	}
	return b
}
