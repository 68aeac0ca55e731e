package netfilter

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"

	"golang.org/x/sys/unix"
)

// nftVerdictKinds are the verdict codes of nf_tables and netfilter.
var nftVerdictKinds = map[int32]VerdictKind{
	0: VerdictDrop, 1: VerdictAccept, 3: VerdictQueue,
	unix.NFT_CONTINUE: VerdictContinue, unix.NFT_RETURN: VerdictReturn, unix.NFT_JUMP: VerdictJump, unix.NFT_GOTO: VerdictGoto,
}

func decodeNFTVerdict(a nfnl.Attrs) Verdict {
	code := int32(a.Uint32(unix.NFTA_VERDICT_CODE))
	kind, ok := nftVerdictKinds[code&0xff]
	if code < 0 {
		kind, ok = nftVerdictKinds[code]
	}
	if !ok {
		return Verdict{Kind: VerdictUnknown, Text: fmt.Sprintf("[verdict %d]", code)}
	}
	v := Verdict{Kind: kind, Chain: a.Text(unix.NFTA_VERDICT_CHAIN)}
	if kind == VerdictQueue { // NF_VERDICT_QMASK, NF_VERDICT_FLAG_QUEUE_BYPASS
		v.Queue = Queue{First: uint16(code >> 16), Last: uint16(code >> 16), Bypass: code&0x8000 != 0}
	}
	return v
}

// queue is one of nft, whose numbers may come from a register: those are not known.
func (d *decoder) queue(a nfnl.Attrs) {
	if a.Get(unix.NFTA_QUEUE_SREG_QNUM) != nil {
		d.rule.Verdict = Verdict{Kind: VerdictUnknown, Text: "[expr queue]"}
		return
	}
	first, flags := a.Uint16(unix.NFTA_QUEUE_NUM), a.Uint16(unix.NFTA_QUEUE_FLAGS)
	last := first + max(a.Uint16(unix.NFTA_QUEUE_TOTAL), 1) - 1
	d.rule.Verdict = Verdict{Kind: VerdictQueue, Queue: Queue{first, last, flags&unix.NFT_QUEUE_FLAG_BYPASS != 0, flags&unix.NFT_QUEUE_FLAG_CPU_FANOUT != 0}}
}

func (d *decoder) immediate(a nfnl.Attrs) {
	register, data := a.Uint32(unix.NFTA_IMMEDIATE_DREG), a.Nested(unix.NFTA_IMMEDIATE_DATA)
	if register == unix.NFT_REG_VERDICT {
		d.rule.Verdict = decodeNFTVerdict(data.Nested(unix.NFTA_DATA_VERDICT))
		return
	}
	value := data.Get(unix.NFTA_DATA_VALUE)
	d.set(register, operand{data: value, size: len(value)})
}

// assign is a statement that writes a register to a field, such as
// `meta mark set 0x1`.
func (d *decoder) assign(register uint32, field fields.Name, unknown string) {
	effect := Effect{After: len(d.rule.Matches)}
	o := d.get(register)
	markOnly := field == "meta mark" || field == "ct mark"
	switch {
	case markOnly && len(o.data) == 4:
		effect.Field, effect.Mask, effect.Xor = field, 0xffffffff, binary.NativeEndian.Uint32(o.data)
	case markOnly && o.field == field && len(o.mask) == 4 && len(o.xor) == 4:
		effect.Field = field
		effect.Mask, effect.Xor = ^binary.NativeEndian.Uint32(o.mask), binary.NativeEndian.Uint32(o.xor)
	case field == "":
		effect.Text = unknown
	case o.field != "" && o.mask == nil:
		effect.Text = string(field) + " set " + string(o.field)
		if markOnly && (o.field == "meta mark" || o.field == "ct mark") {
			effect.Field, effect.Mask, effect.From, effect.FromMask = field, 0xffffffff, o.field, 0xffffffff
		}
	case len(o.data) > 0:
		info := fields.Known[field]
		effect.Text = string(field) + " set " + fields.Text(field, fields.NetworkOrder(o.data, info.Host))
		if field == "ct zone" && len(o.data) == 2 {
			effect.Field, effect.Xor = field, uint32(binary.NativeEndian.Uint16(o.data))
		}
	default:
		effect.Text = string(field) + " set [expr]"
	}
	if markOnly && effect.Field == "" {
		effect.Field, effect.Unread = field, true
	}
	d.rule.Effects = append(d.rule.Effects, effect)
}

func (d *decoder) effect(text string) {
	d.rule.Effects = append(d.rule.Effects, Effect{After: len(d.rule.Matches), Text: text})
}

func (d *decoder) notrack(nfnl.Attrs) {
	d.rule.Effects = append(d.rule.Effects, Effect{After: len(d.rule.Matches), Field: "meta notrack"})
}

func (d *decoder) log(a nfnl.Attrs) {
	text := "log"
	if prefix := a.Text(unix.NFTA_LOG_PREFIX); prefix != "" {
		text += " prefix " + strconv.Quote(prefix)
	}
	if b := a.Get(unix.NFTA_LOG_GROUP); len(b) >= 2 {
		text += fmt.Sprintf(" group %d", binary.BigEndian.Uint16(b))
	}
	d.effect(text)
}

// limit is a condition that holds for some packets: nothing can be said of one.
func (d *decoder) limit(a nfnl.Attrs) {
	l := rateLimit{
		rate:  a.Uint64(unix.NFTA_LIMIT_RATE),
		unit:  a.Uint64(unix.NFTA_LIMIT_UNIT),
		burst: uint64(a.Uint32(unix.NFTA_LIMIT_BURST)),
		over:  a.Uint32(unix.NFTA_LIMIT_FLAGS)&unix.NFT_LIMIT_F_INV != 0,
		bytes: a.Uint32(unix.NFTA_LIMIT_TYPE) == unix.NFT_LIMIT_PKT_BYTES,
	}
	text, ok := l.nft()
	if !ok {
		d.unknown("limit", a)
		return
	}
	d.condition(Match{Text: text, limit: &l})
}

func (d *decoder) nat(a nfnl.Attrs) {
	v := Verdict{Kind: VerdictSNAT, Flags: natFlags(a.Uint32(unix.NFTA_NAT_FLAGS))}
	if a.Uint32(unix.NFTA_NAT_TYPE) == unix.NFT_NAT_DNAT {
		v.Kind = VerdictDNAT
	}
	if a.Has(unix.NFTA_NAT_REG_ADDR_MIN) {
		v.family = Families[byte(a.Uint32(unix.NFTA_NAT_FAMILY))]
	}
	d.natRange(&v, a, unix.NFTA_NAT_REG_ADDR_MIN, unix.NFTA_NAT_REG_ADDR_MAX)
	d.natPorts(&v, a, unix.NFTA_NAT_REG_PROTO_MIN, unix.NFTA_NAT_REG_PROTO_MAX)
	d.rule.Verdict = v
}

func (d *decoder) masq(a nfnl.Attrs) {
	v := Verdict{Kind: VerdictMasquerade, Flags: natFlags(a.Uint32(unix.NFTA_MASQ_FLAGS))}
	d.natPorts(&v, a, unix.NFTA_MASQ_REG_PROTO_MIN, unix.NFTA_MASQ_REG_PROTO_MAX)
	d.rule.Verdict = v
}

func (d *decoder) redir(a nfnl.Attrs) {
	v := Verdict{Kind: VerdictRedirect, Flags: natFlags(a.Uint32(unix.NFTA_REDIR_FLAGS))}
	d.natPorts(&v, a, unix.NFTA_REDIR_REG_PROTO_MIN, unix.NFTA_REDIR_REG_PROTO_MAX)
	d.rule.Verdict = v
}

func (d *decoder) natRange(v *Verdict, a nfnl.Attrs, minAttr, maxAttr uint16) {
	if !a.Has(minAttr) {
		return
	}
	o := d.get(a.Uint32(minAttr))
	if len(o.data) == 0 {
		v.From = o.describe()
		if !a.Has(maxAttr) || a.Uint32(maxAttr) == a.Uint32(minAttr) {
			v.chooseAddr(o)
		}
		return
	}
	v.Addr.Min, _ = netip.AddrFromSlice(o.data)
	v.Addr.Max = v.Addr.Min
	if a.Has(maxAttr) {
		v.Addr.Max, _ = netip.AddrFromSlice(d.get(a.Uint32(maxAttr)).data)
	}
}

func (d *decoder) natPorts(v *Verdict, a nfnl.Attrs, minAttr, maxAttr uint16) {
	if !a.Has(minAttr) {
		return
	}
	o := d.get(a.Uint32(minAttr))
	if len(o.data) < 2 {
		if v.From == "" {
			v.From = o.describe()
		}
		if !a.Has(maxAttr) || a.Uint32(maxAttr) == a.Uint32(minAttr) {
			v.choosePort(o)
		}
		return
	}
	v.Port.Min = binary.BigEndian.Uint16(o.data)
	v.Port.Max = v.Port.Min
	if high := d.get(a.Uint32(maxAttr)).data; a.Has(maxAttr) && len(high) >= 2 {
		v.Port.Max = binary.BigEndian.Uint16(high)
	}
}

// describe says where a value comes from that the rule does not hold itself.
func (o operand) describe() string {
	switch {
	case o.from != "":
		return o.from
	case o.field != "":
		return string(o.field)
	default:
		return "[register]"
	}
}

func natFlags(flags uint32) []string {
	var out []string
	for _, f := range []fields.Flag{
		{Bit: unix.NF_NAT_RANGE_PROTO_RANDOM, Name: "random"},
		{Bit: unix.NF_NAT_RANGE_PROTO_RANDOM_FULLY, Name: "fully-random"},
		{Bit: unix.NF_NAT_RANGE_PERSISTENT, Name: "persistent"},
	} {
		if uint64(flags)&f.Bit != 0 {
			out = append(out, f.Name)
		}
	}
	return out
}

// icmpCodes are the codes of "destination unreachable" that a reject
// answers, by the protocol nft calls it; icmpx is either, as fits the packet.
var icmpCodes = map[string]map[byte]string{
	"icmp": {
		0: "net-unreachable", 1: "host-unreachable", 2: "prot-unreachable", 3: "port-unreachable",
		9: "net-prohibited", 10: "host-prohibited", 13: "admin-prohibited",
	},
	"icmpv6": {0: "no-route", 1: "admin-prohibited", 3: "addr-unreachable", 4: "port-unreachable", 5: "policy-fail", 6: "reject-route"},
	"icmpx":  {0: "no-route", 1: "port-unreachable", 2: "host-unreachable", 3: "admin-prohibited"},
}

func (d *decoder) reject(a nfnl.Attrs) {
	var code byte
	if b := a.Get(unix.NFTA_REJECT_ICMP_CODE); len(b) > 0 {
		code = b[0]
	}
	proto := "icmpx"
	switch kind := a.Uint32(unix.NFTA_REJECT_TYPE); {
	case kind == unix.NFT_REJECT_TCP_RST:
		d.rule.Verdict = Verdict{Kind: VerdictReject, With: "tcp reset"}
		return
	case kind == unix.NFT_REJECT_ICMP_UNREACH && d.network() == "ip6":
		proto = "icmpv6"
	case kind == unix.NFT_REJECT_ICMP_UNREACH:
		proto = "icmp"
	}
	name, ok := icmpCodes[proto][code]
	if !ok {
		name = strconv.Itoa(int(code))
	}
	d.rule.Verdict = Verdict{Kind: VerdictReject, With: proto + " " + name}
}
