package drop

import (
	"encoding/binary"
	"strings"

	"nstutor/internal/say"
)

// The types that are looked into. The typedef is the function that the tracepoint
// calls, which DEFINE_TRACE makes (include/linux/tracepoint.h).
const (
	tracepoint = "btf_trace_kfree_skb"
	reasonEnum = "skb_drop_reason"
)

var structs = []string{"sk_buff", "net_device", "sock", "dst_entry", "net"}

// layout is where this kernel has what the program reads, in bytes from the
// beginning of each struct.
type layout struct {
	head, network         int  // of sk_buff: where its memory begins, and the network header in it
	dev, iif              int  // … the device it is on, and the number of that by which it came in
	sock, dst             int  // … its socket, and its route, with flags in the lowest bits
	ifindex, name, devNet int  // of net_device
	sockNet, dstDev, inum int  // of sock, of dst_entry, and of net: the inode of its file
	receiver              bool // the tracepoint tells which socket would have had the packet
	reasons               map[uint32]string
}

// place is where a member is wanted.
type place struct {
	to           *int
	strukt, path string
}

func (l *layout) places() []place {
	return []place{
		{&l.head, "sk_buff", "head"}, {&l.network, "sk_buff", "network_header"},
		{&l.dev, "sk_buff", "dev"}, {&l.iif, "sk_buff", "skb_iif"},
		{&l.sock, "sk_buff", "sk"}, {&l.dst, "sk_buff", "_skb_refdst"},
		{&l.ifindex, "net_device", "ifindex"}, {&l.name, "net_device", "name"}, {&l.devNet, "net_device", "nd_net.net"},
		{&l.sockNet, "sock", "__sk_common.skc_net.net"}, {&l.dstDev, "dst_entry", "dev"}, {&l.inum, "net", "ns.inum"},
	}
}

// readLayout finds everything in the kernel's type information. It fails with a
// *Missing where the tracepoint tells no reason.
func readLayout(btf []byte) (*layout, error) {
	t, err := readTypes(btf, append(structs, tracepoint, reasonEnum)...)
	if err != nil {
		return nil, err
	}
	l := &layout{reasons: t.enum(t.named[reasonEnum])}
	// The first argument is the tracepoint's own, then skb, location, reason, and
	// since 6.11 the socket.
	arguments := t.bare(t.bare(t.named[tracepoint]).refers).members
	if len(l.reasons) == 0 || arguments < 4 {
		return nil, &Missing{Need: NeedReasons}
	}
	l.receiver = arguments > 4
	for _, p := range l.places() {
		offset, ok := t.member(t.named[p.strukt], p.path)
		if !ok {
			return nil, say.Err("%v: struct %s has no %s", "%v：结构体 %s 没有 %s", errTypes, p.strukt, p.path)
		}
		*p.to = offset
	}
	return l, nil
}

// memberLimit is how many members are looked at to find one, of which sk_buff has
// some two hundred: what is damaged may lead in circles.
const memberLimit = 10_000

// member is where a struct has a member, in bytes. A path leads into members
// that are structs themselves; those without a name are looked through.
func (t *types) member(n int, path string) (offset int, ok bool) {
	left := memberLimit
	return t.within(n, path, &left)
}

func (t *types) within(n int, path string, left *int) (offset int, ok bool) {
	name, inner, deeper := strings.Cut(path, ".")
	e := t.bare(n)
	if e.kind != kindStruct && e.kind != kindUnion {
		return 0, false
	}
	for i := range e.members {
		if *left--; *left < 0 {
			return 0, false
		}
		// struct btf_member: name, type and offset in bits.
		b := e.rest[12*i:]
		is, of, bits := t.text(binary.NativeEndian.Uint32(b)), int(binary.NativeEndian.Uint32(b[4:])), binary.NativeEndian.Uint32(b[8:])
		if e.packed {
			bits &= 0xffffff
		}
		switch {
		case len(is) == 0:
			if offset, ok = t.within(of, path, left); ok {
				return int(bits/8) + offset, true
			}
		case string(is) == name && deeper:
			offset, ok = t.within(of, inner, left)
			return int(bits/8) + offset, ok
		case string(is) == name:
			return int(bits / 8), bits%8 == 0
		}
	}
	return 0, false
}

// enum are the names of an enum's values.
func (t *types) enum(n int) map[uint32]string {
	e := t.number(n)
	if e.kind != kindEnum {
		return nil
	}
	values := make(map[uint32]string, e.members)
	for i := range e.members {
		b := e.rest[8*i:]
		values[binary.NativeEndian.Uint32(b[4:])] = string(t.text(binary.NativeEndian.Uint32(b)))
	}
	return values
}
