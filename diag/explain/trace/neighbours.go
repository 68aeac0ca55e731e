package trace

import (
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// shared is the network of a packet's sender, as a namespace that passes the packet
// on knows it, if its neighbours there fare the same; else it is invalid. What all
// of them lack is given to all of them.
func (w *walk) shared(n *machine.Space, src netip.Addr, same func(netip.Addr) bool) netip.Prefix {
	network := w.home(n, src)
	if !network.IsValid() {
		return netip.Prefix{}
	}
	asked := 0
	for _, other := range []netip.Addr{src.Next(), src.Prev()} {
		inside := network.Contains(other) && network.Contains(other.Next()) && network.Contains(other.Prev())
		if !inside || n.Route(machine.RouteQuery{Dst: other}).Kind == machine.KindLocal {
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

// home is the network of an address that a namespace has a device in, or else the
// one that the sender itself says it is in.
func (w *walk) home(n *machine.Space, src netip.Addr) netip.Prefix {
	route := n.Route(machine.RouteQuery{Dst: src})
	if route.Kind != machine.KindUnicast {
		return netip.Prefix{}
	}
	if dst := route.Entry.Dst; !route.Via.IsValid() && dst.IsValid() && dst.Bits() > 0 && !dst.IsSingleIP() {
		return dst.Masked()
	}
	for _, own := range machine.AddressesOf(w.from, src) {
		if !own.Prefix.IsSingleIP() {
			return own.Prefix.Masked()
		}
	}
	return netip.Prefix{}
}

// keepsSource reports whether a packet leaves a namespace by a device with the source
// that it has.
func keepsSource(n *machine.Space, p eval.Packet, out string) bool {
	rules, err := n.Rules()
	if err != nil {
		return false
	}
	p.IIF, p.OIF = "", out
	result := eval.Traverse(rules, "postrouting", p, n.Env())
	return result.Verdict == eval.VerdictAccept && result.NAT == nil
}

// leaving is the network of a sender whose packets leave by a device with the source
// that they have, if all of it does.
func (w *walk) leaving(n *machine.Space, p packet, out string) netip.Prefix {
	return w.shared(n, p.src, func(other netip.Addr) bool {
		seen := p.filtered
		seen.Src = other
		return keepsSource(n, seen, out)
	})
}
