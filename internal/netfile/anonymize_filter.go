package netfile

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/replica"
	"nstutor/internal/replica/nftables"
)

// The types of nft(8) that sets have (datatype.h of libnftables).
const (
	typeAddr, typeAddr6, typeMAC, typeName = 7, 8, 9, 41

	typeBits  = 6          // that a type takes in one that is put together
	typeKnown = 42         // and below
	verdicts  = 0xffffff00 // NFT_DATA_VERDICT
)

// setID finds a set.
type setID struct {
	family     byte
	table, set string
}

// filter replaces what is in a packet filter. Rules that it does not understand are
// left out, with the sets that it does not.
func (d *disguise) filter(f nftables.Ruleset) (new nftables.Ruleset) {
	types := map[setID][]uint32{} // of the key and of the data
	for _, t := range objects {
		to := t.in(&new)
		for _, o := range *t.in(&f) {
			r, _ := t.of.rowOf(o.Attrs)
			r.in = slices.DeleteFunc(r.in, func(n node) bool { return n.name == "note" })
			id := setID{o.Family, wordIn(r.in, "table"), wordIn(r.in, "set")}
			ok := true
			switch t.word {
			case "nft-set":
				if ok = understood(r.in); ok {
					types[id] = []uint32{numberIn(r.in, "key-type"), numberIn(r.in, "data-type")}
				}
			case "nft-elements":
				kinds := types[id]
				ok = kinds != nil && d.elements(r.in, kinds)
			case "nft-rule":
				ok = d.rule(o.Family, r.in, types, id.table)
			case "nft-object":
				ok = false
			}
			if ok = ok && d.nodes(revealed(r.in)); ok {
				*to = append(*to, nftables.Object{Family: o.Family, Attrs: t.of.message(r)})
			} else {
				d.leave(replica.Filtering, d.mark(id.table))
			}
		}
	}
	return new
}

// revealed are attributes with those values taken for bytes that say nothing which
// have been replaced already.
func revealed(all []node) []node {
	for i := range all {
		if all[i].name == "value" || all[i].name == "info" {
			if all[i].kind == raw {
				all[i].kind = blob
			}
		}
		revealed(all[i].in)
	}
	return all
}

func find(all []node, name string) *node {
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

func wordIn(all []node, name string) string {
	if n := find(all, name); n != nil {
		return attr.String(n.value)
	}
	return ""
}

func numberIn(all []node, name string) uint32 {
	if n := find(all, name); n != nil {
		return uint32(integer(binary.BigEndian, n.value))
	}
	return 0
}

// valueIn is the value of a nest of data.
func valueIn(all []node, name string) *node {
	if n := find(all, name); n != nil {
		return find(n.in, "value")
	}
	return nil
}

// understood reports whether a set's keys and data are replaced one by one: ranges
// of addresses are not.
func understood(set []node) bool {
	keys := parts(numberIn(set, "key-type"))
	if numberIn(set, "flags")&unix.NFT_SET_INTERVAL != 0 && slices.ContainsFunc(keys, isAddr) {
		return false
	}
	data := numberIn(set, "data-type")
	all := keys
	if numberIn(set, "flags")&unix.NFT_SET_MAP != 0 && data != verdicts {
		all = append(all, parts(data)...)
	}
	return !slices.ContainsFunc(all, func(t uint32) bool { return t == 0 || t == typeMAC || t >= typeKnown })
}

func isAddr(t uint32) bool { return t == typeAddr || t == typeAddr6 }

// parts are the types of what a type is put together of.
func parts(of uint32) (all []uint32) {
	if of < 1<<typeBits {
		return []uint32{of}
	}
	for ; of > 0; of >>= typeBits {
		all = append([]uint32{of & (1<<typeBits - 1)}, all...)
	}
	return all
}

func (d *disguise) elements(all []node, types []uint32) bool {
	list := find(all, "elements")
	if list == nil {
		return true
	}
	for i := range list.in {
		for j, name := range []string{"key", "data"} {
			if v := valueIn(list.in[i].in, name); v != nil && !d.concatenated(v, parts(types[j])) {
				return false
			}
		}
	}
	return true
}

// concatenated replaces what is in one value after the other, each padded to four
// bytes.
func (d *disguise) concatenated(v *node, types []uint32) bool {
	b := v.value
	for _, t := range types {
		size := 4
		if t == typeName || t == typeAddr6 {
			size = 16 // IFNAMSIZ as well
		}
		if len(b) < size && !isAddr(t) && t != typeName {
			return len(b) > 0 || t == 0
		}
		if len(b) < size {
			return false
		}
		switch t {
		case typeAddr, typeAddr6:
			copy(b, d.addrs.of(attr.Addr(b[:size])).AsSlice())
		case typeName:
			d.nameIn(b[:size])
		}
		b = b[size:]
	}
	return len(b) == 0
}

// nameIn replaces the name of a device in bytes padded with zeros.
func (d *disguise) nameIn(b []byte) {
	name := d.device(attr.String(b))
	clear(b)
	copy(b, name)
}

// held is what a register has in it.
type held struct {
	is   byte // 'a': addresses of IPv4, '6': one of IPv6, 'd': a device's name, '?': what is not understood; 0: numbers
	bits int  // of the first address that count
}

// rule replaces what the expressions of a rule compare with.
func (d *disguise) rule(family byte, r []node, sets map[setID][]uint32, table string) bool {
	do := find(r, "do")
	if do == nil {
		return true
	}
	translated := map[uint32]bool{} // registers with addresses that nat writes
	for _, e := range do.in {
		if of := find(e.in, "of"); of != nil && wordIn(e.in, "name") == "nat" {
			translated[numberIn(of.in, "addr-min")], translated[numberIn(of.in, "addr-max")] = true, true
		}
	}
	regs := map[uint32]held{}
	for _, e := range do.in {
		of := find(e.in, "of")
		if of == nil {
			continue
		}
		if !d.expression(family, wordIn(e.in, "name"), of.in, regs, translated, sets, table) {
			return false
		}
	}
	return true
}

func (d *disguise) expression(family byte, name string, of []node, regs map[uint32]held, translated map[uint32]bool, sets map[setID][]uint32, table string) bool {
	switch name {
	case "payload":
		regs[numberIn(of, "dreg")] = loaded(numberIn(of, "base"), numberIn(of, "offset"), numberIn(of, "len"))
	case "meta":
		h := held{}
		if slices.Contains([]uint32{unix.NFT_META_IIFNAME, unix.NFT_META_OIFNAME, unix.NFT_META_BRI_IIFNAME, unix.NFT_META_BRI_OIFNAME}, numberIn(of, "key")) {
			h.is = 'd'
		}
		regs[numberIn(of, "dreg")] = h
	case "ct":
		const src, dst, srcIP, dstIP = 8, 9, 19, 20 // NFT_CT_*
		h := held{}
		if slices.Contains([]uint32{src, dst, srcIP, dstIP}, numberIn(of, "key")) {
			h = held{'a', 32}
		}
		regs[numberIn(of, "dreg")] = h
	case "bitwise":
		h := regs[numberIn(of, "sreg")]
		if m := valueIn(of, "mask"); (h.is == 'a' || h.is == '6') && m != nil {
			if h.bits = leading(m.value); h.bits < 0 {
				return false
			}
		}
		regs[numberIn(of, "dreg")] = h
	case "cmp":
		return d.compared(valueIn(of, "data"), regs[numberIn(of, "sreg")])
	case "range":
		return regs[numberIn(of, "sreg")].is == 0
	case "immediate":
		v := valueIn(of, "data")
		if v != nil && translated[numberIn(of, "dreg")] {
			return d.concatenated(v, []uint32{map[int]uint32{4: typeAddr, 16: typeAddr6}[len(v.value)]})
		}
		return v == nil || len(v.value) <= 4
	case "lookup":
		return sets[setID{family, table, wordIn(of, "set")}] != nil
	case "match", "target":
		return d.extension(family, wordIn(of, "name"), numberIn(of, "rev"), find(of, "info"))
	}
	return true // what has bytes in it that nobody knows is found out by them
}

// loaded is what a part of a packet is. The addresses of an IPv4 header are its bytes
// 12 to 19, those of IPv6 its bytes 8 to 39.
func loaded(base, offset, size uint32) held {
	switch {
	case base == unix.NFT_PAYLOAD_NETWORK_HEADER && (offset == 12 || offset == 16) && offset+size <= 20:
		return held{'a', int(size) * 8}
	case base == unix.NFT_PAYLOAD_NETWORK_HEADER && (offset == 8 && size > 2 || offset == 24) && size <= 16:
		return held{'6', int(size) * 8}
	case base == unix.NFT_PAYLOAD_NETWORK_HEADER && size > 2, base == unix.NFT_PAYLOAD_LL_HEADER && size > 2:
		return held{is: '?'}
	}
	return held{}
}

// leading is how many bits a mask begins with, if there are no others; else it is -1.
func leading(m []byte) (bits int) {
	full := make([]byte, len(m))
	for bits < len(m)*8 && m[bits/8]&(0x80>>(bits%8)) != 0 {
		full[bits/8] |= 0x80 >> (bits % 8)
		bits++
	}
	if !bytes.Equal(full, m) {
		return -1
	}
	return bits
}

// compared replaces the value of a comparison.
func (d *disguise) compared(v *node, with held) bool {
	switch {
	case v == nil:
		return false
	case with.is == 'a' && len(v.value) == 8:
		return d.concatenated(v, []uint32{typeAddr, typeAddr})
	case with.is == 'a' && len(v.value) <= 4:
		return d.begins(v, with.bits, 4)
	case with.is == '6' && len(v.value) <= 16:
		return d.begins(v, with.bits, 16)
	case with.is == 'd' && len(v.value) == unix.IFNAMSIZ:
		d.nameIn(v.value)
		return true
	case with.is == 'd':
		// The beginning of a name, without the zero that ends one.
		return slices.Contains(stems, string(v.value))
	}
	return with.is == 0 && len(v.value) <= 4
}

// begins replaces the beginning of an address of so many bytes.
func (d *disguise) begins(v *node, bits, size int) bool {
	full := append(slices.Clone(v.value), make([]byte, size-len(v.value))...)
	p, err := d.addrs.of(attr.Addr(full)).Prefix(min(bits, size*8))
	if err != nil {
		return false
	}
	copy(v.value, p.Addr().AsSlice())
	return true
}

// plainExtensions are those of iptables that have no address and no name in them.
var plainExtensions = []string{"tcp", "udp", "icmp", "icmp6", "multiport", "mark", "connmark", "addrtype", "limit", "statistic", "state", "set", "REJECT", "MARK", "CONNMARK"}

// Where the addresses are in those that have some: struct xt_conntrack_mtinfo3, and
// struct nf_nat_ipv4_multi_range_compat and struct nf_nat_range2 by revision.
const conntrackAddrs = 128

func (d *disguise) extension(family byte, name string, rev uint32, info *node) bool {
	if info == nil {
		return true
	}
	b := info.value
	switch {
	case slices.Contains(plainExtensions, name):
		return true
	case name == "comment":
		clear(b)
		return true
	case name == "conntrack":
		return len(b) > conntrackAddrs && bytes.Equal(b[:conntrackAddrs], make([]byte, conntrackAddrs))
	case name == "DNAT" || name == "SNAT" || name == "MASQUERADE" || name == "REDIRECT" || name == "NETMAP":
		flags, places := 0, []int{4, 20}
		if rev == 0 && len(b) <= 24 {
			flags, places = 4, []int{8, 12}
		}
		size := 4
		if family == unix.AF_INET6 {
			size = 16
		}
		if len(b) < places[1]+size {
			return false
		}
		const mapped = 1 // NF_NAT_RANGE_MAP_IPS
		if binary.NativeEndian.Uint32(b[flags:])&mapped != 0 {
			for _, at := range places {
				copy(b[at:], d.addrs.of(attr.Addr(b[at:at+size])).AsSlice())
			}
		}
		return true
	}
	return false
}
