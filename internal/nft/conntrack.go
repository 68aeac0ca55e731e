package nft

import (
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"

	"nstutor/internal/say"
)

// states are those that connection tracking has for a packet.
var states = map[string]uint32{
	"invalid": expr.CtStateBitINVALID, "established": expr.CtStateBitESTABLISHED, "related": expr.CtStateBitRELATED,
	"new": expr.CtStateBitNEW, "untracked": expr.CtStateBitUNTRACKED,
}

// ct asks for the state of the packet's connection: `ct state established,related`.
func (w *writer) ct(field string) error {
	if field != "state" {
		return say.Err("%q is not understood here", "这里不认识 %q", "ct "+field)
	}
	var mask uint32
	for more := true; more; more = w.skips(",") {
		word := w.next()
		if states[word] == 0 {
			return say.Err("%q is no state of a connection", "%q 不是连接的状态", word)
		}
		mask |= states[word]
	}
	w.add(connectionIn(mask)...)
	return nil
}

// connectionIn holds for packets whose connection is in one of the states of a mask,
// of bits such as expr.CtStateBitNEW.
func connectionIn(mask uint32) []expr.Any {
	number := binaryutil.NativeEndian.PutUint32
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: number(mask), Xor: number(0)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: number(0)},
	}
}
