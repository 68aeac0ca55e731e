package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
)

// filtered names the rule, and the narrowest exception from it.
func (w *walk) filtered(n *machine.Space, e echo, hook string, r eval.Result) Fault {
	// The chain saw the packet as it was there, which may be after translation.
	if p := r.Packet; p.Src.IsValid() && p.Dst.IsValid() {
		e.src, e.dst = p.Src, p.Dst
	}
	f := Fault{
		Code: cause.Filtered, Netns: n.Name,
		Detail:   say("%s: %s (hook %s) stops %s", r.At, r.Rule, hook, e),
		Evidence: []string{r.At + ": " + r.Rule},
	}
	f.fix = exception(n.Name, r, e).Commands()
	if len(f.fix) == 0 {
		f.Detail = say("%s; no command that is installed here can name this chain", f.Detail)
	}
	return f
}

// exception is the rule that lets just this packet pass the chain.
func exception(netns string, r eval.Result, e echo) change.Accept {
	a := change.Accept{
		Netns: netns, Family: r.Table.Family, Table: r.Table.Name, Chain: r.Chain.Name, Legacy: r.Table.Legacy,
		Src: e.src, Dst: e.dst, ICMPType: e.icmpType(),
	}
	a.IPTables = a.Legacy || a.Family == "ip" && slices.Contains(iptablesTables, a.Table) && slices.Contains(iptablesChains, a.Chain)
	if e.outer != nil {
		a.UDPPort = e.outer.DstPort
	}
	return a
}

// iptablesTables and iptablesChains are those that iptables-nft makes.
var (
	iptablesTables = []string{"filter", "nat", "mangle", "raw", "security"}
	iptablesChains = []string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
)
