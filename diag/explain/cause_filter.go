package explain

import (
	"fmt"
	"strings"
)

// filtered names the rule, and the narrowest exception from it.
func (w *walk) filtered(n *Node, e echo, hook string, r FilterResult) Fault {
	f := Fault{
		Code: Filtered, Netns: n.Name,
		Detail:   say("%s: %s (hook %s) stops %s", r.At, r.Rule, hook, e),
		Evidence: []string{r.At + ": " + r.Rule},
	}
	if at, ok := strings.CutPrefix(r.At, "-t "); ok {
		table, chain, _ := strings.Cut(at, " ")
		f.fix = []Fix{{n.Name, exception("iptables-legacy -t "+table+" -I "+chain, e)}}
		return f
	}
	f.fix = []Fix{{n.Name, nftException(r.At, e)}}
	return f
}

// exception is an iptables rule that lets just this ping pass.
func exception(insert string, e echo) string {
	return fmt.Sprintf("%s -s %s -d %s -p icmp --icmp-type %s -j ACCEPT", insert, e.src, e.dst, e.icmpType())
}

// nftException is the same for a chain of nf_tables.
func nftException(at string, e echo) string {
	return fmt.Sprintf("nft insert rule %s ip saddr %s ip daddr %s icmp type %s accept", at, e.src, e.dst, e.icmpType())
}
