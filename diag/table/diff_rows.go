package table

import "net/netip"

// A link keeps its identity through a change of name: its index is its key.
func linkRow(l *Link) diffRow {
	line := l.Line()
	return diffRow{key: l.Index, text: line + `\    ` + l.AddressLine(), line: line}
}

func addrRow(a *Addr) diffRow {
	key := struct {
		index int
		local netip.Prefix
		peer  netip.Addr
	}{a.Index, a.Prefix, a.Peer}
	return diffRow{key: key, text: a.Line(), family: a.Family()}
}

// The kernel replaces a route with the same destination, metric and TOS; so does
// `ip route replace`.
func routeRow(r *Route) diffRow {
	key := struct {
		dst, from          netip.Prefix
		table, metric, tos int
	}{r.Dst, r.From, r.Table, r.Metric, r.TOS}
	return diffRow{key: key, text: r.Line(), family: r.Family(), routeTable: r.Table}
}

func neighRow(n *Neighbour) diffRow {
	key := struct {
		dst   netip.Addr
		dev   string
		proxy bool
	}{n.Dst, n.Dev, n.Proxy}
	return diffRow{key: key, text: n.Line(), family: n.Family(), written: n.State == "PERMANENT"}
}

func ruleRow(r *PolicyRule) diffRow {
	line := r.Line()
	// The same line means another rule in the other family.
	text := line
	if r.Family == 6 {
		text = "-6 " + line
	}
	return diffRow{key: [2]int{r.Family, r.Priority}, text: text, line: line, family: r.Family}
}

func sysctlRow(s *Sysctl) diffRow {
	return diffRow{key: s.Key, text: s.Line(), setting: s.Key}
}
