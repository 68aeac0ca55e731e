package eval

import (
	"net/netip"
	"slices"

	"nstutor/diag/netfilter"
)

// netmap is what the target NETMAP makes of an address: its network becomes another one, and
// the bits of the host stay (netmap_tg4(), netmap_tg6()). The data are struct
// nf_nat_ipv4_multi_range_compat, or struct nf_nat_range2: the first and the last address,
// which differ in the bits of the host.
func netmap(rule *netfilter.Rule, old netip.Addr) (netip.Addr, bool) {
	i := slices.IndexFunc(rule.Exprs, func(x netfilter.Expr) bool { return x.Name == "target NETMAP" })
	at, size := 8, 4 // behind a count and flags
	if old.Is6() {
		at, size = 4, 16 // behind flags
	}
	if i < 0 || len(rule.Exprs[i].Data) < at+2*size {
		return netip.Addr{}, false
	}
	first, last := rule.Exprs[i].Data[at:at+size], rule.Exprs[i].Data[at+size:at+2*size]
	now := old.AsSlice()
	for b := range now {
		host := first[b] ^ last[b]
		now[b] = now[b]&host | first[b]&^host
	}
	return netip.AddrFromSlice(now)
}

// map1to1 translates a packet by such a rule.
func (e *evaluator) map1to1(rule *netfilter.Rule, s state, text func() string, flow *flow) bool {
	kind, old := netfilter.VerdictDNAT, s.packet.Dst
	if e.changesSource() {
		kind, old = netfilter.VerdictSNAT, s.packet.Src
	}
	to, ok := netmap(rule, old)
	if ok {
		e.translate(rule, netfilter.Verdict{Kind: kind, Addr: netfilter.AddrRange{Min: to, Max: to}}, s, text, flow)
	}
	return ok
}
