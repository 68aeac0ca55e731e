package explain

import (
	"fmt"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// telling are the counters that say why a packet was dropped, as nstat(8) calls
// them.
var telling = []string{
	"IpInAddrErrors", "IpInNoRoutes", "IpOutNoRoutes", "IpForwDatagrams", "IpFragFails", "IpInDiscards", "IpOutDiscards",
	"IcmpOutDestUnreachs", "IcmpOutTimeExcds", "TcpExtIPReversePathFilter",
}

// counted are the counters of the namespaces on a path before the ping.
type counted map[*machine.Space]table.Counters

// count reads the counters of every namespace that the walk came to. Those that
// cannot be read are left out.
func (w *walk) count() counted {
	before := counted{}
	for _, h := range w.hops {
		if h.node == nil || before[h.node] != nil {
			continue
		}
		if c, err := table.ReadCounters(h.node.NS); err == nil {
			before[h.node] = c
		}
	}
	return before
}

// since are the telling counters of a namespace that the ping has moved, such as
// "host: IpInAddrErrors +1".
func (before counted) since(netns string) []string {
	var lines []string
	for n, was := range before {
		now, err := table.ReadCounters(n.NS)
		if err != nil || n.Name != netns {
			continue
		}
		grown := now.Since(was)
		for _, name := range telling {
			if delta := grown[name]; delta > 0 {
				lines = append(lines, fmt.Sprintf("%s: %s +%d", n.Calls(), name, delta))
			}
		}
	}
	slices.Sort(lines)
	return lines
}
