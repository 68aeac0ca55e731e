package eval

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
)

// written does to the packet what a statement does that writes into its header
// (nft_payload_set_eval()). Of what is before the addresses, rules and routes look at
// the time to live alone. It is false when the statement may have written anything.
func (e *evaluator) written(part *netfilter.Expr, rule *netfilter.Rule, s *state) bool {
	a := nfnl.Attrs(part.Data)
	at, size := a.Uint32(unix.NFTA_PAYLOAD_OFFSET), a.Uint32(unix.NFTA_PAYLOAD_LEN)
	ttl, addresses := uint32(8), uint32(12) // of struct iphdr
	if s.packet.Src.Is6() {
		ttl, addresses = 7, 8 // of struct ipv6hdr
	}
	if a.Uint32(unix.NFTA_PAYLOAD_BASE) != unix.NFT_PAYLOAD_NETWORK_HEADER || size > addresses || at > addresses-size {
		return false
	}
	if at <= ttl && ttl < at+size {
		s.packet.TTL, s.packet.conn.shortened = 0, Place{e.base.table, e.in, rule}
		if value, ok := loadedFrom(rule, part, a.Uint32(unix.NFTA_PAYLOAD_SREG), ttl-at); ok {
			s.packet.TTL = int(value)
		}
	}
	return true
}

// loadedFrom is one byte of what a register holds where a statement writes it: a
// constant, or something that a constant was put into.
func loadedFrom(rule *netfilter.Rule, part *netfilter.Expr, register, i uint32) (byte, bool) {
	end := slices.IndexFunc(rule.Exprs, func(x netfilter.Expr) bool { return bytes.Equal(x.Data, part.Data) })
	for _, x := range slices.Backward(rule.Exprs[:max(end, 0)]) {
		a := nfnl.Attrs(x.Data)
		switch {
		case x.Name == "immediate" && a.Uint32(unix.NFTA_IMMEDIATE_DREG) == register:
			value := a.Value(unix.NFTA_IMMEDIATE_DATA)
			return at(value, i), i < uint32(len(value))
		case x.Name == "bitwise" && a.Uint32(unix.NFTA_BITWISE_DREG) == register:
			mask, xor := a.Value(unix.NFTA_BITWISE_MASK), a.Value(unix.NFTA_BITWISE_XOR)
			return at(xor, i), i < uint32(len(mask)) && i < uint32(len(xor)) && mask[i] == 0
		}
	}
	return 0, false
}

func at(value []byte, i uint32) byte {
	if i < uint32(len(value)) {
		return value[i]
	}
	return 0
}

// hops is what the targets TTL and HL do (ttl_tg(), hl_tg6()): struct ipt_TTL_info has
// a mode and a number.
func (e *evaluator) hops(rule *netfilter.Rule, target string, s *state) {
	const set, more, less = 0, 1, 2
	now := s.packet.TTL
	s.packet.TTL, s.packet.conn.shortened = 0, Place{e.base.table, e.in, rule}
	i := slices.IndexFunc(rule.Exprs, func(x netfilter.Expr) bool { return x.Name == "target "+target })
	if i < 0 || len(rule.Exprs[i].Data) < 2 {
		return
	}
	switch data := rule.Exprs[i].Data; {
	case data[0] == set:
		s.packet.TTL = int(data[1])
	case now == 0: // it is not known
	case data[0] == more:
		s.packet.TTL = min(now+int(data[1]), 255)
	case data[0] == less:
		s.packet.TTL = max(now-int(data[1]), 1)
	}
}
