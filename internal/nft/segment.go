package nft

import (
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Where a segment of TCP has its flags, and the option that limits its size (RFC 9293).
const (
	flagsOffset = 13
	flagSYN     = 2
	optionMSS   = 2
)

// segment reads what is said of TCP besides its ports: `tcp flags syn`, and `tcp option
// maxseg size set rt mtu`, the most that the routes there and back take (nft_rt_get_eval()).
func (w *writer) segment() bool {
	switch {
	case w.skips("tcp", "flags", "syn"):
		w.protocol(unix.IPPROTO_TCP, expr.CmpOpEq)
		w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: flagsOffset, Len: 1},
			&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{flagSYN}, Xor: []byte{0}},
			&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{0}})
	case w.skips("tcp", "option", "maxseg", "size", "set", "rt", "mtu"):
		w.add(&expr.Rt{Register: 1, Key: expr.RtTCPMSS},
			&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 2, Size: 2},
			&expr.Exthdr{SourceRegister: 1, Type: optionMSS, Offset: 2, Len: 2, Op: expr.ExthdrOpTcpopt})
	default:
		return false
	}
	return true
}
