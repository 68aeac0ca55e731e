package nftables

import (
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
)

// Moved is the packet filter where devices have other indexes: move is given each, in the bytes of
// this machine, to put another in its place. Rules compare them (meta iif, fib … oif), and sets have
// them as keys; what compares names is as it was.
func (f Ruleset) Moved(move func(index []byte)) Ruleset {
	const typeIndex = 20 // TYPE_IFINDEX of nft(8)
	keys := map[setName]bool{}
	for _, o := range f.Sets {
		keys[setOf(o, unix.NFTA_SET_TABLE, unix.NFTA_SET_NAME)] = nfnl.Attrs(o.Attrs).Uint32(unix.NFTA_SET_KEY_TYPE) == typeIndex
	}
	f.Elements = cloned(f.Elements)
	for _, o := range f.Elements {
		if !keys[setOf(o, unix.NFTA_SET_ELEM_LIST_TABLE, unix.NFTA_SET_ELEM_LIST_SET)] {
			continue
		}
		for _, e := range attr.All(nfnl.Attrs(o.Attrs).Get(unix.NFTA_SET_ELEM_LIST_ELEMENTS)) {
			move(nfnl.Attrs(e).Value(unix.NFTA_SET_ELEM_KEY))
		}
	}
	f.Rules = cloned(f.Rules)
	for _, o := range f.Rules {
		moveRule(o, move)
	}
	return f
}

// moveRule moves the indexes that a rule compares with what it has loaded of devices.
func moveRule(o Object, move func(index []byte)) {
	holds := map[uint32]bool{} // registers with an index
	for _, e := range attr.All(nfnl.Attrs(o.Attrs).Get(unix.NFTA_RULE_EXPRESSIONS)) {
		data := nfnl.Attrs(e).Nested(unix.NFTA_EXPR_DATA)
		switch nfnl.Attrs(e).Text(unix.NFTA_EXPR_NAME) {
		case "meta":
			key := data.Uint32(unix.NFTA_META_KEY)
			holds[data.Uint32(unix.NFTA_META_DREG)] = key == unix.NFT_META_IIF || key == unix.NFT_META_OIF
		case "fib":
			holds[data.Uint32(unix.NFTA_FIB_DREG)] = data.Uint32(unix.NFTA_FIB_RESULT) == unix.NFT_FIB_RESULT_OIF
		case "payload":
			holds[data.Uint32(unix.NFTA_PAYLOAD_DREG)] = false
		case "ct":
			holds[data.Uint32(unix.NFTA_CT_DREG)] = false
		case "cmp":
			if holds[data.Uint32(unix.NFTA_CMP_SREG)] {
				move(data.Value(unix.NFTA_CMP_DATA))
			}
		}
	}
}

func cloned(objects []Object) (all []Object) {
	for _, o := range objects {
		all = append(all, Object{o.Family, slices.Clone(o.Attrs)})
	}
	return all
}
