package eval

import (
	"cmp"
	"slices"

	"nstutor/diag/netfilter"
)

// baseChain is a base chain and its table.
type baseChain struct {
	table *netfilter.Table
	chain *netfilter.Chain
}

// stage is one base chain, or all of those that translate addresses.
type stage struct {
	priority int
	nat      bool
	base     []baseChain
}

const (
	conntrackPriority = -200 // NF_IP_PRI_CONNTRACK
	dnatPriority      = -100
	snatPriority      = 100
)

// stagesOf are the base chains of the hook in the order in which they run.
// The kernel calls those of type nat from one place of its own
// (nf_nat_inet_fn()); their priorities only order them among each other.
// tied says that there are chains of one priority in different tables.
func stagesOf(tables []*netfilter.Table, hook string, p Packet) (stages []stage, tied bool) {
	nat := stage{nat: true, priority: dnatPriority}
	if hook == "input" || hook == "postrouting" {
		nat.priority = snatPriority
	}
	seen := map[place]*netfilter.Table{}
	for _, table := range tables {
		if table.Dormant || !family(table.Family, p) {
			continue
		}
		for i := len(table.Chains) - 1; i >= 0; i-- { // the last added is the first to run
			base := &table.Chains[i]
			if base.Hook != hook || base.Policy != "drop" && base.Empty() {
				continue
			}
			place := place{base.Type == "nat", base.Priority}
			tied = tied || seen[place] != nil && seen[place] != table
			seen[place] = table
			if place.nat {
				nat.base = append(nat.base, baseChain{table, base})
			} else {
				stages = append(stages, stage{priority: base.Priority, base: []baseChain{{table, base}}})
			}
		}
	}
	slices.SortStableFunc(nat.base, func(a, b baseChain) int { return cmp.Compare(a.chain.Priority, b.chain.Priority) })
	if len(nat.base) > 0 && !p.conn.tracks && !Tracks(tables) {
		nat.base = nil
	}
	if len(nat.base) > 0 || p.conn.answer || p.conn.goesOn {
		stages = append(stages, nat)
	}
	slices.SortStableFunc(stages, func(a, b stage) int { return cmp.Compare(a.priority, b.priority) })
	return stages, tied
}

// place is where chains run that only their age puts in order.
type place struct {
	nat      bool
	priority int
}

// tracking are the parts of rules that turn connection tracking on in a
// namespace (nf_ct_netns_get()). A chain of type nat does not, and without it
// is not run.
var tracking = map[string]bool{
	"ct": true, "nat": true, "masq": true, "redir": true, "flow_offload": true, "synproxy": true, "connlimit": true, "objref": true,
	"match conntrack": true, "match state": true, "match connmark": true, "match connlabel": true, "match connbytes": true,
	"match connlimit": true, "match helper": true, "match cluster": true,
	"target CONNMARK": true, "target CONNSECMARK": true, "target CT": true, "target SYNPROXY": true,
	"target SNAT": true, "target DNAT": true, "target MASQUERADE": true, "target REDIRECT": true, "target NETMAP": true,
}

// Tracks looks first where it is likely to find something, since most of
// the other rules need not be read at all.
func Tracks(tables []*netfilter.Table) bool {
	for _, likely := range []bool{true, false} {
		for _, table := range tables {
			for i := range table.Chains {
				chain := &table.Chains[i]
				if (chain.Type == "nat") == likely && chain.Uses(tracking) {
					return true
				}
			}
		}
	}
	return false
}

func family(family string, p Packet) bool {
	return family == "inet" || family == "ip" && p.Src.Is4() || family == "ip6" && p.Src.Is6()
}

func (b baseChain) name() string {
	switch {
	case b.table.Legacy && b.table.Family == "ip6":
		return "-6 -t " + b.table.Name + " " + b.chain.Name
	case b.table.Legacy:
		return "-t " + b.table.Name + " " + b.chain.Name
	default:
		return b.table.Family + " " + b.table.Name + " " + b.chain.Name
	}
}
