package trace

import (
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// redirect is what turns what goes from n to dst out by way, and no longer by now:
// by taking away what is astray where that is enough, else in the table that the
// kernel really asks.
func redirect(n *machine.Space, way wayOut, dst netip.Addr, now machine.RouteAnswer) remedy.Turn {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil {
		return remedy.Turn{Way: way.to(n, dst)}
	}
	in := now.Entry.Table
	if now.Entry.Type == "" || in == machine.MainTable || in == machine.LocalTable {
		if rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) }); ok && way.is(rest) && machine.PrefixBits(rest.Dst) > 0 && machine.PrefixBits(rest.Dst) < machine.PrefixBits(now.Entry.Dst) {
			return remedy.Turn{Way: way.to(n, dst), Stray: now.Entry}
		}
		return remedy.Turn{Way: way.insteadTo(n, dst)}
	}
	if rest, ok := machine.BestRoute(snap, dst, nil); ok && way.is(rest) {
		for _, rule := range snap.PolicyRules {
			if rule.Family == 4 && rule.Table == in && rule.Action == "lookup" {
				to := rest.Dst
				if machine.PrefixBits(to) == 0 {
					to = netip.PrefixFrom(dst, dst.BitLen())
				}
				return remedy.Turn{Way: way.to(n, dst), To: to, Before: rule.Priority}
			}
		}
	}
	instead := way.to(n, dst)
	instead.Replace, instead.Table = true, now.Entry.Table
	return remedy.Turn{Way: instead}
}

// is reports whether a route leads by the way.
func (o wayOut) is(r table.Route) bool { return r.Dev == o.dev.Name && r.Via == o.via }
