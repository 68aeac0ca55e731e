package netfilter

import (
	"bytes"
	"fmt"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"

	"golang.org/x/sys/unix"
)

// decoder reads the expressions of one rule after the other, in their order.
// They are a little program: some load a register, others compare one or act on
// it.
type decoder struct {
	family byte
	table  string
	sets   func(ruleSetKey) (*ruleSet, bool)
	ipsets *ipsets
	regs   [words]operand
	rule   Rule

	asked   int  // matches that were asked about
	compat  bool // has an x_tables match or target
	counted bool // has a counter
}

// begin makes ready for the next rule. What the last one was put into is used
// again, unless end handed it out.
func (d *decoder) begin() {
	clear(d.regs[:])
	d.rule = Rule{Matches: d.rule.Matches[:0], Exprs: d.rule.Exprs[:0], Effects: d.rule.Effects[:0]}
	d.asked, d.compat, d.counted = 0, false, false
}

// end hands the rule out.
func (d *decoder) end() *Rule {
	rule := d.rule
	rule.Matches = append([]Match(nil), rule.Matches...)
	rule.Exprs = append([]Expr(nil), rule.Exprs...)
	rule.Effects = append([]Effect(nil), rule.Effects...)
	return &rule
}

// missed asks about the conditions that were added. Those behind an effect, or
// behind a condition that is not known, are not asked about.
func (d *decoder) missed(misses func(*Match) bool) bool {
	if misses == nil || len(d.rule.Effects) > 0 {
		return false
	}
	for d.asked < len(d.rule.Matches) && d.rule.Matches[d.asked].Known() {
		if misses(&d.rule.Matches[d.asked]) {
			return true
		}
		d.asked++
	}
	return false
}

// operand is what a register holds.
type operand struct {
	field     fields.Name
	size      int
	mask, xor []byte // applied to the field, as long as it and in its order
	host      bool   // in the machine's byte order
	data      []byte // a constant, when field is empty
	from      string // where it comes from, when neither: "ip saddr map @m"
	nft       bool   // from is in nft's words
	lot       *Lot   // when what is in field is drawn
	picks     []pick // entries of the map that from speaks of
}

// expressions are the parts of a rule that are understood.
var expressions = map[string]expression{
	"payload": {"payload", (*decoder).payload}, "meta": {"meta", (*decoder).meta}, "ct": {"ct", (*decoder).ct}, "fib": {"fib", (*decoder).fib},
	"bitwise": {"bitwise", (*decoder).bitwise}, "byteorder": {"byteorder", (*decoder).byteorder},
	"cmp": {"cmp", (*decoder).cmp}, "range": {"range", (*decoder).inRange}, "lookup": {"lookup", (*decoder).lookup},
	"immediate": {"immediate", (*decoder).immediate}, "counter": {"counter", (*decoder).counter},
	"nat": {"nat", (*decoder).nat}, "masq": {"masq", (*decoder).masq}, "redir": {"redir", (*decoder).redir}, "reject": {"reject", (*decoder).reject},
	"queue": {"queue", (*decoder).queue}, "notrack": {"notrack", (*decoder).notrack}, "log": {"log", (*decoder).log}, "limit": {"limit", (*decoder).limit},
	"numgen": {"numgen", (*decoder).numgen}, "hash": {"hash", (*decoder).hash},
	"tproxy": {"tproxy", (*decoder).tproxy}, "rt": {"rt", (*decoder).rt}, "exthdr": {"exthdr", (*decoder).exthdr},
	"connlimit": {"connlimit", (*decoder).connlimit}, "synproxy": {"synproxy", (*decoder).synproxy},
	"match": {"match", (*decoder).xtMatch}, "target": {"target", (*decoder).xtTarget},
}

type expression struct {
	name   string
	decode func(*decoder, nfnl.Attrs)
}

// expression takes in one expression. What is not known stands as a condition,
// because it may be one.
func (d *decoder) expression(kind, data []byte) {
	if known, ok := expressions[string(bytes.TrimSuffix(kind, []byte{0}))]; ok {
		d.rule.Exprs = append(d.rule.Exprs, Expr{Name: known.name, Data: data})
		known.decode(d, data)
		return
	}
	name := attr.String(kind)
	d.rule.Exprs = append(d.rule.Exprs, Expr{Name: name, Data: data})
	d.unknown(name, data)
	attrs := nfnl.Attrs(data)
	if len(attrs.Get(1)) == 4 { // most of them have their destination register first
		d.set(attrs.Uint32(1), operand{from: "[expr " + name + "]", size: 4})
	}
}

func (d *decoder) unknown(name string, data []byte) {
	d.condition(Match{Text: "[expr " + name + "]", Unread: &Expr{Name: name, Data: data}})
}

// words is how many registers of 4 bytes there are.
const words = 20

// word is where a register begins: the four old ones have 16 bytes each, and
// overlay the sixteen of 4 bytes (nft_parse_register()).
func word(register uint32) uint32 {
	if register <= unix.NFT_REG_4 {
		return register * 4
	}
	return register - unix.NFT_REG32_00 + 4
}

func (d *decoder) set(register uint32, o operand) {
	if at := word(register); at < words {
		d.regs[at] = o
	}
}

func (d *decoder) get(register uint32) operand { return d.word(word(register)) }

func (d *decoder) word(at uint32) operand {
	if at < words {
		return d.regs[at]
	}
	return operand{}
}

// network and transport are the protocols that the conditions so far demand.
func (d *decoder) network() string {
	if d.family == unix.NFPROTO_IPV4 || d.family == unix.NFPROTO_IPV6 || d.family == unix.NFPROTO_ARP {
		return Families[d.family]
	}
	for _, m := range d.rule.Matches {
		value, ok := m.single()
		if !ok || m.Not {
			continue
		}
		switch m.Key[0] {
		case "meta nfproto":
			return map[byte]string{unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6"}[value[0]]
		case "meta protocol", "ether type":
			return fields.EtherTypes[fields.Number(value)]
		}
	}
	return ""
}

func (d *decoder) transport() string {
	for _, m := range d.rule.Matches {
		value, ok := m.single()
		if !ok || m.Not {
			continue
		}
		switch m.Key[0] {
		case "meta l4proto", "ip protocol", "ip6 nexthdr":
			if value[0] == unix.IPPROTO_ICMPV6 {
				return "icmpv6"
			}
			return fields.Protocols[uint64(value[0])]
		}
	}
	return ""
}

func (d *decoder) payload(a nfnl.Attrs) {
	if a.Has(unix.NFTA_PAYLOAD_SREG) {
		d.write(a)
		return
	}
	size := a.Uint32(unix.NFTA_PAYLOAD_LEN)
	field := fields.OfPayload(a.Uint32(unix.NFTA_PAYLOAD_BASE), a.Uint32(unix.NFTA_PAYLOAD_OFFSET), size, d.network(), d.transport())
	d.set(a.Uint32(unix.NFTA_PAYLOAD_DREG), operand{field: field, size: int(size)})
}

func (d *decoder) load(register uint32, field fields.Name, key string) {
	info, ok := fields.Known[field]
	if !ok {
		d.set(register, operand{from: key, nft: true, size: 4})
		return
	}
	d.set(register, operand{field: field, size: info.Size, host: info.Host})
}

func (d *decoder) meta(a nfnl.Attrs) {
	key := a.Uint32(unix.NFTA_META_KEY)
	if a.Has(unix.NFTA_META_SREG) {
		d.assign(a.Uint32(unix.NFTA_META_SREG), fields.Meta[key], fmt.Sprintf("[expr meta %d]", key))
		return
	}
	d.load(a.Uint32(unix.NFTA_META_DREG), fields.Meta[key], fmt.Sprintf("[expr meta %d]", key))
}

func (d *decoder) ct(a nfnl.Attrs) {
	key := a.Uint32(unix.NFTA_CT_KEY)
	unknown := fmt.Sprintf("[expr ct %d]", key)
	if a.Has(unix.NFTA_CT_SREG) {
		d.assign(a.Uint32(unix.NFTA_CT_SREG), fields.CT[key], unknown)
		return
	}
	register := a.Uint32(unix.NFTA_CT_DREG)
	if b := a.Get(unix.NFTA_CT_DIRECTION); len(b) > 0 {
		const srcIP, dstIP, srcIP6, dstIP6 = 19, 20, 21, 22 // NFT_CT_SRC_IP and on
		directed := map[uint32]operand{
			unix.NFT_CT_PROTO_SRC: {field: "proto-src", size: 2}, unix.NFT_CT_PROTO_DST: {field: "proto-dst", size: 2},
			srcIP: {field: "ip saddr", size: 4}, dstIP: {field: "ip daddr", size: 4},
			srcIP6: {field: "ip6 saddr", size: 16}, dstIP6: {field: "ip6 daddr", size: 16},
		}
		if o, ok := directed[key]; ok {
			o.field = fields.Name("ct "+[]string{"original", "reply"}[b[0]&1]+" ") + o.field
			d.set(register, o)
			return
		}
	}
	d.load(register, fields.CT[key], unknown)
}

func (d *decoder) fib(a nfnl.Attrs) {
	const addrType = 3 // NFT_FIB_RESULT_ADDRTYPE
	flags := a.Uint32(unix.NFTA_FIB_FLAGS)
	field := "fib"
	for i, name := range []string{"saddr", "daddr", "mark", "iif", "oif"} {
		switch {
		case flags&(1<<i) == 0:
		case field == "fib":
			field += " " + name
		default:
			field += " . " + name
		}
	}
	field += map[uint32]string{1: " oif", 2: " oifname", addrType: " type"}[a.Uint32(unix.NFTA_FIB_RESULT)]
	if flags&unix.NFTA_FIB_F_PRESENT != 0 {
		field += fields.Present
	}
	d.load(a.Uint32(unix.NFTA_FIB_DREG), fields.Name(field), "["+field+"]")
}

func (d *decoder) bitwise(a nfnl.Attrs) {
	o := d.get(a.Uint32(unix.NFTA_BITWISE_SREG))
	const op = 6 // NFTA_BITWISE_OP; 0 is mask and xor, others shift
	switch mask, xor := a.Value(unix.NFTA_BITWISE_MASK), a.Value(unix.NFTA_BITWISE_XOR); {
	case a.Uint32(op) != 0 || mask == nil || o.field == "" || o.lot != nil:
		o = operand{from: "[expr bitwise]", size: o.size}
	case o.mask == nil:
		o.mask, o.xor = bytes.Clone(mask), bytes.Clone(xor)
	default:
		o.xor = fields.Xor(fields.And(o.xor, mask), xor)
		o.mask = fields.And(o.mask, mask)
	}
	d.set(a.Uint32(unix.NFTA_BITWISE_DREG), o)
}

func (d *decoder) byteorder(a nfnl.Attrs) {
	o := d.get(a.Uint32(unix.NFTA_BYTEORDER_SREG))
	if fields.LittleEndian && o.host && o.mask == nil {
		o.host = false
	} else if o.mask != nil || !fields.LittleEndian {
		o = operand{from: "[expr byteorder]", size: o.size}
	}
	d.set(a.Uint32(unix.NFTA_BYTEORDER_DREG), o)
}

func (d *decoder) counter(nfnl.Attrs) { d.counted = true }
