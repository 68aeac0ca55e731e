package netfilter

import (
	"bytes"
	"fmt"

	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/diag/netfilter/spelled"

	"golang.org/x/sys/unix"
)

// stated is a statement that ends the rule for some packets, or of which more than its words
// is to be judged; without words it is one that is not known.
func (d *decoder) stated(name, text string, data []byte) {
	if text == "" {
		text = "[expr " + name + "]"
	}
	d.condition(Match{Text: text, nft: true, Unread: &Expr{Name: name, Data: data}})
}

// write is a statement that writes a register into the packet.
func (d *decoder) write(a nfnl.Attrs) {
	base, offset, size := a.Uint32(unix.NFTA_PAYLOAD_BASE), a.Uint32(unix.NFTA_PAYLOAD_OFFSET), a.Uint32(unix.NFTA_PAYLOAD_LEN)
	o, text := d.get(a.Uint32(unix.NFTA_PAYLOAD_SREG)), ""
	switch field := fields.OfPayload(base, offset, size, d.network(), d.transport()); {
	case len(o.data) == int(size):
		text = spelled.Written(base, offset, o.data, nil, d.network(), d.transport())
	case o.field == field && len(o.mask) == int(size):
		text = spelled.Written(base, offset, o.xor, o.mask, d.network(), d.transport())
	case o.from != "" && o.nft && fields.Known[field].Size > 0:
		text = string(field) + " set " + o.from
	}
	d.stated(PayloadSet, text, a)
}

// tproxy hands the packet to a socket: a condition, for the rule ends where there is none.
func (d *decoder) tproxy(a nfnl.Attrs) {
	const regAddr, regPort = 2, 3 // NFTA_TPROXY_REG_ADDR, NFTA_TPROXY_REG_PORT
	port, to := []byte{0, 0}, ""
	if a.Has(regAddr) {
		to = fields.AddrText(d.get(a.Uint32(regAddr)).data)
	}
	if a.Has(regPort) {
		port = d.get(a.Uint32(regPort)).data
		if d.ruledFor(a) == "ip6" && to != "" {
			to = "[" + to + "]"
		}
		to += ":" + fields.NumberText(port)
	}
	text := "tproxy to " + to
	if family := d.ruledFor(a); d.family == unix.NFPROTO_INET && family != "" {
		text = "tproxy " + family + " to " + to
	}
	if len(port) != 2 {
		text = ""
	}
	d.condition(Match{Text: text, nft: true, Unread: &Expr{Name: "tproxy", Data: port}})
}

// SynProxy is the target, and the statement of nft, by which the machine answers for a server
// until a client has shown that he is there, and then opens the connection for him.
const SynProxy = "SYNPROXY"

// synproxy is NFTA_SYNPROXY_MSS, NFTA_SYNPROXY_WSCALE and NFTA_SYNPROXY_FLAGS.
func (d *decoder) synproxy(a nfnl.Attrs) {
	const hasMSS, hasScale, sack, timestamp = 1, 2, 4, 8
	text, flags := "synproxy", a.Uint32(3)
	if mss := a.Get(1); flags&hasMSS != 0 && len(mss) == 2 {
		text += " mss " + fields.NumberText(mss)
	}
	if scale := a.Get(2); flags&hasScale != 0 && len(scale) == 1 {
		text += " wscale " + fields.NumberText(scale)
	}
	if flags&timestamp != 0 {
		text += " timestamp"
	}
	if flags&sack != 0 {
		text += " sack-perm"
	}
	d.rule.Verdict = Verdict{Kind: VerdictUnknown, Text: text, Target: SynProxy}
}

// ruledFor is the family of addresses of a statement of tproxy.
func (d *decoder) ruledFor(a nfnl.Attrs) string {
	const family = 1 // NFTA_TPROXY_FAMILY
	return map[uint32]string{unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6"}[a.Uint32(family)]
}

// connlimit asks how many connections there are.
func (d *decoder) connlimit(a nfnl.Attrs) {
	const count, flags, over = 1, 2, 1 // NFTA_CONNLIMIT_COUNT, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV
	text := "ct count "
	if a.Uint32(flags)&over != 0 {
		text += "over "
	}
	d.stated("connlimit", text+fmt.Sprint(a.Uint32(count)), a)
}

// rt loads what is known of the route.
func (d *decoder) rt(a nfnl.Attrs) {
	if key := a.Uint32(unix.NFTA_RT_KEY); key == unix.NFT_RT_TCPMSS {
		d.set(a.Uint32(unix.NFTA_RT_DREG), operand{from: "rt mtu", nft: true, host: true, size: 2})
		return
	}
	d.unknown("rt", a)
	d.set(a.Uint32(unix.NFTA_RT_DREG), operand{from: "[expr rt]", size: 4})
}

// exthdr looks at an option or an extension header, or writes the segment size of TCP.
func (d *decoder) exthdr(a nfnl.Attrs) {
	const register, kind, size = 7, 2, 2 // NFTA_EXTHDR_SREG; that option of TCP, and where its value is
	if !a.Has(register) {
		d.unknown("exthdr", a)
		if a.Has(unix.NFTA_EXTHDR_DREG) {
			d.set(a.Uint32(unix.NFTA_EXTHDR_DREG), operand{from: "[expr exthdr]", size: 4})
		}
		return
	}
	text, o := "", d.get(a.Uint32(register))
	option := a.Uint32(unix.NFTA_EXTHDR_OP) == unix.NFT_EXTHDR_OP_TCPOPT && bytes.Equal(a.Get(unix.NFTA_EXTHDR_TYPE), []byte{kind}) && a.Uint32(unix.NFTA_EXTHDR_OFFSET) == size
	switch {
	case !option:
	case len(o.data) == size:
		text = fmt.Sprintf("tcp option maxseg size set %d", fields.Number(o.data))
	case o.nft:
		text = "tcp option maxseg size set " + o.from
	}
	d.stated("exthdr", text, a)
}
