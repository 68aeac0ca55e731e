package trace

import (
	"context"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// redirect is what turns what goes from n to dst out by way, and no longer by now:
// by taking away what is astray where that is enough, else in the table that the
// kernel really asks.
func redirect(n *machine.Space, way wayOut, dst netip.Addr, now machine.RouteAnswer) cause.Turn {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Routes | table.PolicyRules})
	if err != nil {
		return cause.Turn{Way: way.to(n, dst)}
	}
	in := now.Entry.Table
	if now.Entry.Type == "" || in == mainTable || in == localTable {
		if rest, ok := best(snap, dst, func(r table.Route) bool { return sameRoute(r, now.Entry) }); ok && way.is(rest) && bits(rest.Dst) > 0 && bits(rest.Dst) < bits(now.Entry.Dst) {
			return cause.Turn{Way: way.to(n, dst), Stray: now.Entry}
		}
		return cause.Turn{Way: way.insteadTo(n, dst)}
	}
	if rest, ok := best(snap, dst, func(table.Route) bool { return false }); ok && way.is(rest) {
		for _, rule := range snap.PolicyRules {
			if rule.Family == 4 && rule.Table == in && rule.Action == "lookup" {
				to := rest.Dst
				if bits(to) == 0 {
					to = netip.PrefixFrom(dst, dst.BitLen())
				}
				return cause.Turn{Way: way.to(n, dst), To: to, Before: rule.Priority}
			}
		}
	}
	instead := way.to(n, dst)
	instead.Replace, instead.Table = true, now.Entry.TableName()
	return cause.Turn{Way: instead}
}

const localTable = 255 // RT_TABLE_LOCAL

// is reports whether a route leads by the way.
func (o wayOut) is(r table.Route) bool { return r.Dev == o.dev.Name && r.Via == o.via }

func sameRoute(a, b table.Route) bool {
	return a.Dst == b.Dst && a.Table == b.Table && a.Metric == b.Metric && a.Dev == b.Dev && a.Via == b.Via
}

// best is the route of the main table that a packet to dst takes: the longest
// prefix, then the lowest metric.
func best(snap *table.Snapshot, dst netip.Addr, but func(table.Route) bool) (table.Route, bool) {
	var found *table.Route
	for i := range snap.Routes {
		r := &snap.Routes[i]
		if r.Type != "unicast" || r.Table != mainTable || !covers(r.Dst, dst) || but(*r) {
			continue
		}
		if found == nil || bits(r.Dst) > bits(found.Dst) || bits(r.Dst) == bits(found.Dst) && r.Metric < found.Metric {
			found = r
		}
	}
	if found == nil {
		return table.Route{}, false
	}
	return *found, true
}
