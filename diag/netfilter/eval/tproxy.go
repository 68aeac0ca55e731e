package eval

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/internal/say"
)

// handed judges the expression tproxy of nf_tables, which holds for what a socket takes
// (nft_tproxy_eval_v4(): NFT_BREAK without one). Without the rule nothing is done yet.
func (e *evaluator) handed(data []byte, rule *netfilter.Rule, s *state) held {
	if rule == nil || len(data) != 2 {
		return maybe
	}
	return e.hand(binary.BigEndian.Uint16(data), &s.packet)
}

// hand looks for the socket that TPROXY hands the first packet of a flow to: one that
// listens on a port, or one of UDP that has the packet's own (nf_tproxy_get_sock_v4()).
// Port 0 is that of the packet.
func (e *evaluator) hand(port uint16, p *Packet) held {
	if p.CTState != CTNew || p.conn.again || p.Proto != unix.IPPROTO_TCP && p.Proto != unix.IPPROTO_UDP {
		return maybe
	}
	if port == 0 {
		port = p.DstPort
	}
	ports := []uint16{port}
	if p.Proto == unix.IPPROTO_UDP {
		ports = append(ports, p.DstPort)
	}
	for _, one := range ports {
		switch taken, err := e.env.Transparent(p.Proto, one); {
		case err != nil:
			return maybe
		case taken:
			p.conn.handed = port
			return yes
		}
	}
	return no
}

// handedMark is the mark that the target gives what it hands over (tproxy_tg4()): the bits of
// its mask are the value's.
func (e *evaluator) handedMark(rule *netfilter.Rule, s *state) {
	i := slices.IndexFunc(rule.Exprs, func(x netfilter.Expr) bool { return x.Name == "target "+netfilter.TProxy })
	if i < 0 || len(rule.Exprs[i].Data) < 8 {
		s.packet.conn.pktMarkUnknown = true
		return
	}
	mask, value := binary.NativeEndian.Uint32(rule.Exprs[i].Data), binary.NativeEndian.Uint32(rule.Exprs[i].Data[4:])
	s.packet.Mark = s.packet.Mark&^mask ^ value
	s.packet.conn.pktMarkUnknown = s.packet.conn.pktMarkUnknown && mask != ^uint32(0)
}

// Marked reports whether the packet's mark is known, 0 as any other.
func (p Packet) Marked() bool { return !p.conn.pktMarkUnknown }

// Handed is the port of the socket that a rule of TPROXY has handed the packet to; false:
// none has.
func (p Packet) Handed() (port uint16, ok bool) { return p.conn.handed, p.conn.handed != 0 }

// Untaken adds to what is said of a packet that a rule stops that nobody was there to take it.
func (r Result) Untaken(text say.Text) say.Text {
	switch d := r.Decided; {
	case d == nil:
	case d.Verdict.Kind == netfilter.VerdictQueue:
		return say.T("%s; no program listens on the queue, and the kernel drops what nobody takes", "%s；没有程序在监听这个队列，内核会丢弃没人取走的包", text)
	case d.Verdict.Target == netfilter.TProxy:
		return say.T("%s; no program takes packets for other addresses on port %d (IP_TRANSPARENT), and TPROXY drops what nobody takes",
			"%s；没有程序在端口 %d 上接收发往别处地址的包（IP_TRANSPARENT），TPROXY 会丢弃没人取走的包", text, d.Verdict.Port.Min)
	}
	return text
}
