package explain

import (
	"fmt"
	"nstutor/internal/change"
	"slices"
)

// filtered names the rule, and the narrowest exception from it.
func (w *walk) filtered(n *Node, e echo, hook string, r FilterResult) Fault {
	// The chain saw the packet as it was there, which may be after translation.
	if p := r.Packet; p.Src.IsValid() && p.Dst.IsValid() {
		e.src, e.dst = p.Src, p.Dst
	}
	f := Fault{
		Code: Filtered, Netns: n.Name,
		Detail:   say("%s: %s (hook %s) stops %s", r.At, r.Rule, hook, e),
		Evidence: []string{r.At + ": " + r.Rule},
	}
	exception, ok := exception(n.Name, r, e)
	if !ok {
		f.Detail = say("%s; no command of nft can name this chain", f.Detail)
		return f
	}
	f.fix = []change.Command{exception}
	return f
}

// exception is the rule that lets just this packet pass the chain, in the
// spelling of the command that the chain was made by, if that has one for it.
func exception(netns string, r FilterResult, e echo) (change.Command, bool) {
	table, chain := r.Table, r.Chain.Name
	program := "iptables-nft"
	if table.Legacy {
		program = "iptables-legacy"
	}
	if table.Legacy || table.Family == "ip" && slices.Contains(iptablesTables, table.Name) && slices.Contains(iptablesChains, chain) {
		return change.In(netns, slices.Concat(
			[]string{program, "-t", table.Name, "-I", chain, "-s", e.src.String(), "-d", e.dst.String()},
			e.iptablesMatch(), []string{"-j", "ACCEPT"})...), true
	}
	return change.NftInsert(netns, table.Family, table.Name, chain, slices.Concat(
		[]string{"ip", "saddr", e.src.String(), "ip", "daddr", e.dst.String()}, e.nftMatch(), []string{"accept"})...)
}

// iptablesTables and iptablesChains are those that iptables-nft makes.
var (
	iptablesTables = []string{"filter", "nat", "mangle", "raw", "security"}
	iptablesChains = []string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
)

// iptablesMatch is what kind of packet this is, for iptables.
func (e echo) iptablesMatch() []string {
	if e.outer != nil {
		return []string{"-p", "udp", "--dport", fmt.Sprint(e.outer.DstPort)}
	}
	return []string{"-p", "icmp", "--icmp-type", e.icmpType()}
}

// nftMatch is the same for nft.
func (e echo) nftMatch() []string {
	if e.outer != nil {
		return []string{"udp", "dport", fmt.Sprint(e.outer.DstPort)}
	}
	return []string{"icmp", "type", e.icmpType()}
}
