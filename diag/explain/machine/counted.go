package machine

import (
	"cmp"
	"slices"

	"nstutor/diag/conntrack"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// telling are the counters that say why a packet was dropped, as nstat(8) calls
// them.
var telling = []string{
	"IpInAddrErrors", "IpInNoRoutes", "IpOutNoRoutes", "IpForwDatagrams", "IpFragFails", "IpInDiscards", "IpOutDiscards",
	"IcmpOutDestUnreachs", "IcmpOutTimeExcds", "TcpExtIPReversePathFilter",
	"Ip6InAddrErrors", "Ip6InNoRoutes", "Ip6OutNoRoutes", "Ip6OutForwDatagrams", "Ip6FragFails", "Ip6InTooBigErrors", "Ip6InDiscards", "Ip6OutDiscards",
	"Icmp6OutDestUnreachs", "Icmp6OutTimeExcds", "Icmp6OutPktTooBigs",
}

// Counted are the counters of namespaces as they were at one moment.
type Counted map[*Space]counters

// counters are those of one namespace.
type counters struct {
	snmp    table.Counters
	tracked conntrack.Stats // nil where they cannot be read
}

// Count adds the counters of a namespace, unless it has them or they cannot be
// read.
func (before Counted) Count(n *Space) {
	if n == nil {
		return
	}
	if _, counted := before[n]; counted {
		return
	}
	if c, err := table.ReadCounters(n.NS); err == nil {
		tracked, _ := conntrack.ReadStats(n.NS)
		before[n] = counters{c, tracked}
	}
}

// Since are the telling counters of a namespace that have moved since then, such
// as "host: IpInAddrErrors +1".
func (before Counted) Since(netns string) []say.Text {
	var moved []say.Text
	for n, was := range before {
		now, err := table.ReadCounters(n.NS)
		if err != nil || n.Name != netns {
			continue
		}
		grown := now.Since(was.snmp)
		for _, name := range telling {
			if delta := grown[name]; delta > 0 {
				moved = append(moved, say.T("%s: %s +%d", "%s：%s +%d", Called(n.Name), name, delta))
			}
		}
	}
	slices.SortFunc(moved, func(a, b say.Text) int { return cmp.Compare(a.String(), b.String()) })
	return moved
}

// Tracked are those of some counters of a namespace's connection tracking that have
// moved since then, such as "host: conntrack -S: drop +1".
func (before Counted) Tracked(netns string, names []string) []say.Text {
	var moved []say.Text
	for n, was := range before {
		if n.Name != netns || was.tracked == nil || len(names) == 0 {
			continue
		}
		now, _ := conntrack.ReadStats(n.NS)
		for _, name := range names {
			if delta := now[name] - was.tracked[name]; delta > 0 {
				moved = append(moved, say.T("%s: conntrack -S: %s +%d", "%s 的 conntrack -S：%s +%d", Called(n.Name), name, delta))
			}
		}
	}
	return moved
}
