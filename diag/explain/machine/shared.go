package machine

import (
	"net/netip"

	"nstutor/diag/netfilter/eval"
)

// Shared is the network of a sender, as a namespace that passes its packets on knows
// it, if its neighbours there fare the same; else it is invalid. What all of them
// lack is given to all of them.
func (n *Space) Shared(sender *Space, src netip.Addr, same func(netip.Addr) bool) netip.Prefix {
	network := n.home(sender, src)
	if !network.IsValid() {
		return netip.Prefix{}
	}
	asked := 0
	for _, other := range []netip.Addr{src.Next(), src.Prev()} {
		inside := network.Contains(other) && network.Contains(other.Next()) && network.Contains(other.Prev())
		if !inside || n.Local(other) {
			continue
		}
		if !same(other) {
			return netip.Prefix{}
		}
		asked++
	}
	if asked == 0 {
		return netip.Prefix{}
	}
	return network
}

// home is the network of an address that the namespace has a device in, or else the
// one that the sender itself says it is in.
func (n *Space) home(sender *Space, src netip.Addr) netip.Prefix {
	route := n.Route(RouteQuery{Dst: src})
	if route.Kind != KindUnicast {
		return netip.Prefix{}
	}
	if dst := route.Entry.Dst; !route.Via.IsValid() && dst.IsValid() && dst.Bits() > 0 && !dst.IsSingleIP() {
		return dst.Masked()
	}
	for _, own := range AddressesOf(sender, src) {
		if !own.Prefix.IsSingleIP() {
			return own.Prefix.Masked()
		}
	}
	return netip.Prefix{}
}

// Leaving is the network of a packet's sender, if all of it leaves the namespace by a
// device with the source that it has.
func (n *Space) Leaving(sender *Space, p eval.Packet, src netip.Addr, out string) netip.Prefix {
	return n.Shared(sender, src, func(other netip.Addr) bool {
		rules, err := n.Rules()
		if err != nil {
			return false
		}
		p.Src, p.IIF, p.OIF = other, "", out
		result := eval.Traverse(rules, "postrouting", p, n.Env())
		return result.Verdict == eval.VerdictAccept && result.NAT == nil
	})
}
