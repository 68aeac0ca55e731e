package explain

import (
	"fmt"
	"slices"
	"strings"
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
	f.fix = []Fix{{n.Name, exception(r.At, e)}}
	return f
}

// exception is the rule that lets just this packet pass the chain, in the
// spelling of the command that the chain was made by.
func exception(at string, e echo) string {
	if at, ok := strings.CutPrefix(at, "-t "); ok {
		table, chain, _ := strings.Cut(at, " ")
		return fmt.Sprintf("iptables-legacy -t %s -I %s -s %s -d %s %s -j ACCEPT", table, chain, e.src, e.dst, e.iptablesMatch())
	}
	family, rest, _ := strings.Cut(at, " ")
	table, chain, _ := strings.Cut(rest, " ")
	if family == "ip" && slices.Contains(iptablesTables, table) && chain == strings.ToUpper(chain) {
		return fmt.Sprintf("iptables-nft -t %s -I %s -s %s -d %s %s -j ACCEPT", table, chain, e.src, e.dst, e.iptablesMatch())
	}
	return fmt.Sprintf("nft insert rule %s ip saddr %s ip daddr %s %s accept", at, e.src, e.dst, e.nftMatch())
}

// iptablesTables are those that iptables-nft makes, with chains in capitals.
var iptablesTables = []string{"filter", "nat", "mangle", "raw", "security"}

// iptablesMatch is what kind of packet this is, for iptables.
func (e echo) iptablesMatch() string {
	if e.outer != nil {
		return fmt.Sprintf("-p udp --dport %d", e.outer.DstPort)
	}
	return "-p icmp --icmp-type " + e.icmpType()
}

// nftMatch is the same for nft.
func (e echo) nftMatch() string {
	if e.outer != nil {
		return fmt.Sprintf("udp dport %d", e.outer.DstPort)
	}
	return "icmp type " + e.icmpType()
}
