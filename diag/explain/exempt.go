package explain

import (
	"context"
	"net/netip"
	"strconv"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes.
func (w *walk) exempt(n *machine.Space, e echo, reject machine.RouteAnswer) ([]change.Command, machine.RouteAnswer) {
	next, ok := without(n, e)
	entry := reject.Entry
	switch {
	case entry.Type == "" && reject.Rule.Action == "":
		return nil, next
	case entry.Type == "":
		return []change.Command{change.In(n.Name, "ip", "rule", "add", "to", e.dst.String(), "lookup", "main", "pref", before(reject.Rule.Priority))}, next
	}
	command := change.In(n.Name, "ip", "route", "del", string(reject.Kind), table.ShortPrefix(entry.Dst))
	if ok && !entry.Dst.IsSingleIP() {
		way := wayOut{dev: table.Link{Name: next.DevName}, via: next.Via, onlink: next.Onlink}
		command = way.command(n.Name, "add", e.dst)
	}
	if entry.Table != mainTable {
		command.Argv = append(command.Argv, "table", entry.TableName())
	}
	return []change.Command{command}, next
}

// before is the preference of a rule that comes before another.
func before(pref int) string { return strconv.Itoa(max(1, pref-1)) }

// without is the route in the main table that a packet would take if the one
// that rejects it were not there: the longest prefix, then the lowest metric.
func without(n *machine.Space, e echo) (machine.RouteAnswer, bool) {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Routes})
	if err != nil {
		return machine.RouteAnswer{}, false
	}
	var best *table.Route
	for i := range snap.Routes {
		r := &snap.Routes[i]
		if r.Type != "unicast" || !covers(r.Dst, e.dst) || r.Table != mainTable {
			continue
		}
		if best == nil || bits(r.Dst) > bits(best.Dst) || bits(r.Dst) == bits(best.Dst) && r.Metric < best.Metric {
			best = r
		}
	}
	if best == nil {
		return machine.RouteAnswer{}, false
	}
	link, err := n.Link(best.Dev)
	if err != nil {
		return machine.RouteAnswer{}, false
	}
	src := e.src
	if !src.IsValid() {
		src = n.Route(machine.RouteQuery{Dst: documentation, OIF: link.Index}).Src
	}
	return machine.RouteAnswer{
		Kind: machine.KindUnicast, Via: best.Via, Dev: link.Index, DevName: link.Name, Src: src, Line: best.Line(), Onlink: best.Onlink,
	}, true
}

const mainTable = 254 // RT_TABLE_MAIN

// covers reports whether a route's destination has addr in it; the zero prefix
// is that of a default route.
func covers(p netip.Prefix, addr netip.Addr) bool { return !p.IsValid() || p.Contains(addr) }

func bits(p netip.Prefix) int { return max(p.Bits(), 0) }
