package explain

import (
	"cmp"
	"slices"

	"nstutor/diag/netfilter"
)

// filterBase is a base chain and its table.
type filterBase struct {
	table *netfilter.Table
	chain *netfilter.Chain
}

// filterStage is one base chain, or all of those that translate addresses.
type filterStage struct {
	priority int
	nat      bool
	base     []filterBase
}

const (
	filterConntrackPriority = -200 // NF_IP_PRI_CONNTRACK
	filterDNATPriority      = -100
	filterSNATPriority      = 100
)

// filterStages are the base chains of the hook in the order in which they run.
// The kernel calls those of type nat from one place of its own
// (nf_nat_inet_fn()); their priorities only order them among each other.
// tied says that there are chains of one priority in different tables.
func filterStages(tables []*netfilter.Table, hook string, p Packet) (stages []filterStage, tied bool) {
	nat := filterStage{nat: true, priority: filterDNATPriority}
	if hook == "input" || hook == "postrouting" {
		nat.priority = filterSNATPriority
	}
	seen := map[filterPlace]*netfilter.Table{}
	for _, table := range tables {
		if table.Dormant || !filterFamily(table.Family, p) {
			continue
		}
		for i := len(table.Chains) - 1; i >= 0; i-- { // the last added is the first to run
			base := &table.Chains[i]
			if base.Hook != hook || base.Policy != "drop" && base.Empty() {
				continue
			}
			place := filterPlace{base.Type == "nat", base.Priority}
			tied = tied || seen[place] != nil && seen[place] != table
			seen[place] = table
			if place.nat {
				nat.base = append(nat.base, filterBase{table, base})
			} else {
				stages = append(stages, filterStage{priority: base.Priority, base: []filterBase{{table, base}}})
			}
		}
	}
	slices.SortStableFunc(nat.base, func(a, b filterBase) int { return cmp.Compare(a.chain.Priority, b.chain.Priority) })
	if len(nat.base) > 0 && !filterTracks(tables) {
		nat.base = nil
	}
	if len(nat.base) > 0 || p.conn.answer {
		stages = append(stages, nat)
	}
	slices.SortStableFunc(stages, func(a, b filterStage) int { return cmp.Compare(a.priority, b.priority) })
	return stages, tied
}

// filterPlace is where chains run that only their age puts in order.
type filterPlace struct {
	nat      bool
	priority int
}

// filterTracking are the parts of rules that turn connection tracking on in a
// namespace (nf_ct_netns_get()). A chain of type nat does not, and without it
// is not run.
var filterTracking = map[string]bool{
	"ct": true, "nat": true, "masq": true, "redir": true, "flow_offload": true, "synproxy": true, "connlimit": true, "objref": true,
	"match conntrack": true, "match state": true, "match connmark": true, "match connlabel": true, "match connbytes": true,
	"match connlimit": true, "match helper": true, "match cluster": true,
	"target CONNMARK": true, "target CONNSECMARK": true, "target CT": true, "target SYNPROXY": true,
	"target SNAT": true, "target DNAT": true, "target MASQUERADE": true, "target REDIRECT": true, "target NETMAP": true,
}

// filterTracks looks first where it is likely to find something, since most of
// the other rules need not be read at all.
func filterTracks(tables []*netfilter.Table) bool {
	for _, likely := range []bool{true, false} {
		for _, table := range tables {
			for i := range table.Chains {
				chain := &table.Chains[i]
				if (chain.Type == "nat") == likely && chain.Uses(filterTracking) {
					return true
				}
			}
		}
	}
	return false
}

func filterFamily(family string, p Packet) bool {
	return family == "inet" || family == "ip" && p.Src.Is4() || family == "ip6" && p.Src.Is6()
}

func (b filterBase) name() string {
	switch {
	case b.table.Legacy && b.table.Family == "ip6":
		return "-6 -t " + b.table.Name + " " + b.chain.Name
	case b.table.Legacy:
		return "-t " + b.table.Name + " " + b.chain.Name
	default:
		return b.table.Family + " " + b.table.Name + " " + b.chain.Name
	}
}
