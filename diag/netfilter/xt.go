package netfilter

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/diag/netfilter/spelled"

	"golang.org/x/sys/unix"
)

// xt is a match or target of x_tables: its name, its revision, and the
// struct that the kernel module keeps, in the machine's byte order. nf_tables
// holds the same ones, for iptables-nft.
type xt struct {
	family byte
	name   string
	rev    int
	data   []byte
}

func (x xt) u8(at int) byte {
	if at < len(x.data) {
		return x.data[at]
	}
	return 0
}

func (x xt) u16(at int) uint16 {
	if at+2 <= len(x.data) {
		return binary.NativeEndian.Uint16(x.data[at:])
	}
	return 0
}

func (x xt) u32(at int) uint32 {
	if at+4 <= len(x.data) {
		return binary.NativeEndian.Uint32(x.data[at:])
	}
	return 0
}

func (x xt) bytes(at, size int) []byte {
	out := make([]byte, size)
	if at < len(x.data) {
		copy(out, x.data[at:])
	}
	return out
}

// xtMatches decode the extensions' structs (linux/netfilter/xt_*.h) into
// conditions. nil means that there is more in it than is known.
var xtMatches = map[string]func(xt) []Match{
	"tcp 0": xtTCP, "udp 0": xtUDP, "icmp 0": xtICMP, "icmp6 0": xtICMP,
	"addrtype 1": xtAddrType, "conntrack 3": xtConntrack, "conntrack 2": xtConntrack, "state 0": xtState,
	"mark 1": xtMark, "connmark 1": xtMark, "multiport 1": xtMultiport,
	"statistic 0": xtStatistic, "limit 0": xtLimit, "physdev 0": xtPhysdev, "comment 0": func(xt) []Match { return []Match{} },
	"ip 0": ebtIP, "arp 0": ebtARP,
}

func (d *decoder) xtMatch(a nfnl.Attrs) {
	d.compat = true
	d.addXTMatch(xt{d.family, a.Text(unix.NFTA_MATCH_NAME), int(a.Uint32(unix.NFTA_MATCH_REV)), a.Get(unix.NFTA_MATCH_INFO)})
}

func (d *decoder) addXTMatch(x xt) {
	d.rule.Exprs = append(d.rule.Exprs, Expr{Name: "match " + x.name, Rev: x.rev, Data: x.data})
	if x.name == "comment" {
		d.rule.Comment, d.rule.commentAfter = attr.String(x.data), len(d.rule.Matches)
	}
	var matches []Match
	if decode, ok := xtMatches[fmt.Sprintf("%s %d", x.name, x.rev)]; ok {
		matches = decode(x)
	}
	if matches == nil {
		matches = []Match{{Text: spelled.Match(x.name, x.data, d.ipsets.name), Unread: new(d.rule.Exprs[len(d.rule.Exprs)-1])}}
	}
	for _, m := range matches {
		m.module = cmp.Or(m.module, x.name)
		d.condition(m)
	}
}

func port(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// xtPorts are a source and a destination port range, as for tcp and udp.
func xtPorts(x xt, proto string, invSource, invDest bool) []Match {
	matches := []Match{}
	for i, side := range []struct {
		field fields.Name
		not   bool
	}{{fields.Name(proto + " sport"), invSource}, {fields.Name(proto + " dport"), invDest}} {
		lo, hi := x.u16(4*i), x.u16(4*i+2)
		if lo != 0 || hi != 0xffff || side.not {
			m := ruleEqual(side.field, port(lo))
			m.OneOf[0][0].Hi, m.Not = port(hi), side.not
			matches = append(matches, m)
		}
	}
	return matches
}

// xtTCP is struct xt_tcp: spts, dpts, option, flg_mask, flg_cmp, invflags.
func xtTCP(x xt) []Match {
	const invSource, invDest, invFlags, invOption = 1, 2, 4, 8
	option, mask, value, inv := x.u8(8), x.u8(9), x.u8(10), x.u8(11)
	if option != 0 || inv&invOption != 0 {
		return nil
	}
	matches := xtPorts(x, "tcp", inv&invSource != 0, inv&invDest != 0)
	if mask != 0 || inv&invFlags != 0 {
		m := ruleEqual("tcp flags", []byte{value})
		m.Mask, m.Not = []byte{mask}, inv&invFlags != 0
		matches = append(matches, m)
	}
	return matches
}

func xtUDP(x xt) []Match {
	return xtPorts(x, "udp", x.u8(8)&1 != 0, x.u8(8)&2 != 0)
}

// xtICMP is struct ipt_icmp: type, first and last code, inverse.
func xtICMP(x xt) []Match {
	proto := "icmp"
	if x.family == unix.NFPROTO_IPV6 {
		proto = "icmpv6"
	}
	kind, low, high, inverse := x.u8(0), x.u8(1), x.u8(2), x.u8(3)&1 != 0
	allCodes := low == 0 && high == 0xff
	switch {
	case kind == 0xff && proto == "icmp" && !inverse:
		return []Match{} // any
	case inverse && !allCodes:
		return nil
	}
	m := ruleEqual(fields.Name(proto+" type"), []byte{kind})
	m.Not = inverse
	if allCodes {
		return []Match{m}
	}
	code := ruleEqual(fields.Name(proto+" code"), []byte{low})
	code.OneOf[0][0].Hi = []byte{high}
	return []Match{m, code}
}

// xtAddrType is struct xt_addrtype_info_v1: masks of source and destination
// types, flags.
func xtAddrType(x xt) []Match {
	const invSource, invDest, in, out = 1, 2, 4, 8
	flags := x.u32(4)
	device := ""
	switch {
	case flags&in != 0:
		device = " . iif"
	case flags&out != 0:
		device = " . oif"
	}
	matches := []Match{}
	for i, side := range []string{"saddr", "daddr"} {
		types := x.u16(2 * i)
		if types == 0 {
			continue
		}
		m := Match{Key: []fields.Name{fields.Name("fib " + side + device + " type")}, Not: flags&[]uint32{invSource, invDest}[i] != 0}
		for bit := range uint32(16) {
			if types&(1<<bit) != 0 {
				m.OneOf = append(m.OneOf, fields.Tuple{fields.Exactly(u32(bit))})
			}
		}
		matches = append(matches, m)
	}
	return matches
}

// xtConntrack is struct xt_conntrack_mtinfo3, as far as it is about states.
func xtConntrack(x xt) []Match {
	const matchFlags, inverse, states, state = 146, 148, 150, 1
	const alias = 1 << 13                // it was asked for as -m state
	const plain, untracked = 0xf, 1 << 8 // the other bits are SNAT and DNAT, which nf_tables has in ct status
	mask, flags := x.u16(states), x.u16(matchFlags)
	if flags&^alias != state || mask&^(plain|untracked) != 0 {
		return nil
	}
	bits := uint32(mask & plain)
	if mask&untracked != 0 {
		bits |= 0x40
	}
	m := xtStateMatch(bits, x.u16(inverse)&state != 0)
	if flags&alias != 0 {
		m.module = "state"
	}
	return []Match{m}
}

// xtState is struct xt_state_info: a mask, in which 1<<6 is untracked.
func xtState(x xt) []Match { return []Match{xtStateMatch(x.u32(0), false)} }

func xtStateMatch(mask uint32, inverse bool) Match {
	m := ruleEqual("ct state", u32(0))
	m.Mask, m.Not = u32(mask), !inverse
	return m
}

// xtMark is struct xt_mark_mtinfo1, and xt_connmark's: mark, mask, invert.
func xtMark(x xt) []Match {
	field := fields.Name("meta mark")
	if x.name == "connmark" {
		field = "ct mark"
	}
	m := ruleEqual(field, u32(x.u32(0)))
	m.Not = x.u8(8) != 0
	if mask := x.u32(4); mask != 0xffffffff {
		m.Mask = u32(mask)
	}
	return []Match{m}
}

// xtMultiport is struct xt_multiport_v1: flags, count, ports[15], pflags[15], invert.
func xtMultiport(x xt) []Match {
	field, ok := map[byte]fields.Name{0: "th sport", 1: "th dport"}[x.u8(0)]
	if !ok {
		return nil // either port
	}
	m := Match{Key: []fields.Name{field}, Not: x.u8(47) != 0}
	for i := 0; i < int(x.u8(1)) && i < 15; i++ {
		r := fields.Exactly(port(x.u16(2 + 2*i)))
		if x.u8(32+i) != 0 {
			i++
			r.Hi = port(x.u16(2 + 2*i))
		}
		m.OneOf = append(m.OneOf, fields.Tuple{r})
	}
	return []Match{m}
}

// xtStatistic is struct xt_statistic_info: mode, flags, then a probability of
// 2^31 or every, packet.
func xtStatistic(x xt) []Match {
	not := ""
	if x.u16(2)&1 != 0 {
		not = "! "
	}
	if x.u16(0) == 0 {
		return []Match{{Text: fmt.Sprintf("-m statistic --mode random %s--probability %.11f", not, float64(x.u32(4))/(1<<31)), Lot: statistic(x)}}
	}
	return []Match{{Text: fmt.Sprintf("-m statistic --mode nth %s--every %d --packet %d", not, x.u32(4)+1, x.u32(8)), Lot: statistic(x)}}
}

// xtLimit is struct xt_rateinfo: the time between packets in units of 0.1 ms,
// and the burst. The unit of time is chosen as iptables does.
func xtLimit(x xt) []Match {
	const second = 10000
	units := []struct {
		name string
		time uint32
	}{{"day", 86400 * second}, {"hour", 3600 * second}, {"min", 60 * second}, {"sec", second}}
	every := x.u32(0)
	if every == 0 {
		return nil
	}
	i := 1
	for i < len(units) && every <= units[i].time && units[i].time/every >= units[i].time%every {
		i++
	}
	text := fmt.Sprintf("-m limit --limit %d/%s", units[i-1].time/every, units[i-1].name)
	if burst := x.u32(4); burst != 5 {
		text += fmt.Sprintf(" --limit-burst %d", burst)
	}
	return []Match{{Text: text}}
}

// xtPhysdev is struct xt_physdev_info: in and out port of the bridge with
// their masks, inverse bits, and which of them count.
func xtPhysdev(x xt) []Match {
	const in, out, bridged, isIn, isOut = 1, 2, 4, 8, 16
	invert, which := x.u8(64), x.u8(65)
	text := []string{"-m physdev"}
	option := func(bit byte, words ...string) {
		if which&bit != 0 {
			if invert&bit != 0 {
				text = append(text, "!")
			}
			text = append(text, words...)
		}
	}
	option(isIn, "--physdev-is-in")
	option(in, "--physdev-in", attr.String(x.bytes(0, 16)))
	option(isOut, "--physdev-is-out")
	option(out, "--physdev-out", attr.String(x.bytes(32, 16)))
	option(bridged, "--physdev-is-bridged")
	return []Match{{Text: strings.Join(text, " "), Unread: &Expr{Name: "match physdev", Data: x.data}}}
}
