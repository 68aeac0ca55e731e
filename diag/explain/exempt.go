package explain

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag"
)

// exempt lets one destination pass a route or a policy rule that rejects more.
// It also returns the route that the packet then takes.
func (w *walk) exempt(n *Node, e echo, reject RouteAnswer) ([]Fix, RouteAnswer) {
	next, ok := n.without(e, reject.Line)
	prefix, table, isRoute := rejectRoute(reject)
	switch {
	case isRoute && (prefix.IsSingleIP() || !ok):
		command := fmt.Sprintf("ip route del %s %s", reject.Kind, shortPrefix(prefix))
		if table != "" {
			command += " table " + table
		}
		return []Fix{{n.Name, command}}, next
	case isRoute:
		way := wayOut{dev: diag.Link{Name: next.DevName}, via: next.Via, onlink: next.Onlink}
		command := "ip route add " + way.to(e.dst)
		if table != "" {
			command += " table " + table
		}
		return []Fix{{n.Name, command}}, next
	}
	number, _, ok := strings.Cut(reject.Line, ":")
	if !ok {
		return nil, next
	}
	command := fmt.Sprintf("ip rule add to %s lookup main pref %s", e.dst, before(number))
	return []Fix{{n.Name, command}}, next
}

// before is the preference of a rule that comes before another.
func before(pref string) string {
	var n int
	if _, err := fmt.Sscan(pref, &n); err != nil || n < 2 {
		return "1"
	}
	return fmt.Sprint(n - 1)
}

// rejectRoute reads the destination and the table out of a line like
// "blackhole 10.0.0.0/8 table 100".
func rejectRoute(a RouteAnswer) (prefix netip.Prefix, table string, ok bool) {
	rest, ok := strings.CutPrefix(a.Line, string(a.Kind)+" ")
	if !ok {
		return netip.Prefix{}, "", false
	}
	fields := strings.Fields(rest)
	switch dst := fields[0]; {
	case dst == "default":
		prefix = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	case strings.Contains(dst, "/"):
		prefix, _ = netip.ParsePrefix(dst)
	default:
		if addr, err := netip.ParseAddr(dst); err == nil {
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
	}
	for i, field := range fields[:len(fields)-1] {
		if field == "table" {
			table = fields[i+1]
		}
	}
	return prefix, table, prefix.IsValid()
}

// shortPrefix is a prefix as ip prints it.
func shortPrefix(p netip.Prefix) string {
	switch {
	case p.Bits() == 0:
		return "default"
	case p.IsSingleIP():
		return p.Addr().String()
	}
	return p.String()
}

// without is the route in the main table that a packet would take if the one
// that rejects it were not there: the longest prefix, then the lowest metric.
func (n *Node) without(e echo, line string) (RouteAnswer, bool) {
	snap, err := diag.Read(context.Background(), n.NS, diag.ReadOptions{Tables: diag.Links | diag.Routes})
	if err != nil {
		return RouteAnswer{}, false
	}
	var best *diag.Route
	for i := range snap.Routes {
		r := &snap.Routes[i]
		if r.Type != "unicast" || r.Line() == line || !covers(r.Dst, e.dst) || r.Table != mainTable {
			continue
		}
		if best == nil || bits(r.Dst) > bits(best.Dst) || bits(r.Dst) == bits(best.Dst) && r.Metric < best.Metric {
			best = r
		}
	}
	if best == nil {
		return RouteAnswer{}, false
	}
	link, err := n.Link(best.Dev)
	if err != nil {
		return RouteAnswer{}, false
	}
	src := e.src
	if !src.IsValid() {
		src = n.Route(RouteQuery{Dst: documentation, OIF: link.Index}).Src
	}
	return RouteAnswer{
		Kind: KindUnicast, Via: best.Via, Dev: link.Index, DevName: link.Name, Src: src, Line: best.Line(), Onlink: best.Onlink,
	}, true
}

const mainTable = 254 // RT_TABLE_MAIN

// covers reports whether a route's destination has addr in it; the zero prefix
// is that of a default route.
func covers(p netip.Prefix, addr netip.Addr) bool { return !p.IsValid() || p.Contains(addr) }

func bits(p netip.Prefix) int { return max(p.Bits(), 0) }
