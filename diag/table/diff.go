package table

import (
	"net/netip"
)

// ChangeKind tells what happened to a row.
type ChangeKind byte

// The kinds of change, as they are marked in a list.
const (
	Added   ChangeKind = '+'
	Removed ChangeKind = '-'
	Changed ChangeKind = '~'
)

// Change is one row of a table that differs between two snapshots.
type Change struct {
	Kind          ChangeKind
	Table         string // "link", "addr", "route", "neigh", "rule", "sysctl" or "fdb"
	Family        int    // 4 or 6; 0 for links and sysctls
	RouteTable    int    // of a route: 254 is the main table
	Before, After string // the row's lines; Before is empty when added, After when removed

	Setting string // of a sysctl: its key
	Learned bool   // of a neighbour: it is PERMANENT neither before nor after, so that the kernel may have made it by itself
}

// String is the change as one line behind its mark.
func (c Change) String() string {
	line := c.After
	if c.Kind == Removed {
		line = c.Before
	}
	return string(rune(c.Kind)) + " " + c.Table + " " + line
}

// Diff lists what is different in after, table by table, each in the order of
// the tables: first what went or changed, then what came. What changes without
// anybody doing anything (a neighbour's age) does not count, nor does the order
// of rows. A table that is missing in one of the snapshots is not compared.
func Diff(before, after *Snapshot) []Change {
	var d differ
	diffTable(&d, "link", before.Links, after.Links, linkRow)
	diffTable(&d, "addr", before.Addrs, after.Addrs, addrRow)
	diffTable(&d, "route", before.Routes, after.Routes, routeRow)
	diffTable(&d, "neigh", before.Neighbours, after.Neighbours, neighRow)
	diffTable(&d, "rule", before.PolicyRules, after.PolicyRules, ruleRow)
	diffTable(&d, "sysctl", before.Sysctls, after.Sysctls, sysctlRow)
	diffTable(&d, "fdb", before.FDB, after.FDB, fdbRow)
	return d.changes
}

// diffRow is a row as it is compared: all that counts of it is in its text.
type diffRow struct {
	key        any // rows with one key are the same thing, before and after
	text       string
	line       string // what is shown, when it is not text
	family     int
	routeTable int
	setting    string
	written    bool // a neighbour that somebody wrote
}

type differ struct{ changes []Change }

// diffTable compares in a time that is linear in the rows. Rows of equal text
// cancel each other out; of the others, those with one key are a change.
func diffTable[T any](d *differ, table string, before, after []T, row func(*T) diffRow) {
	if before == nil || after == nil || sameSlice(before, after) {
		return
	}
	count := make(map[string]int, len(after))
	for i := range after {
		count[row(&after[i]).text]++
	}
	var gone []diffRow
	for i := range before {
		b := row(&before[i])
		if count[b.text] > 0 {
			count[b.text]--
		} else {
			gone = append(gone, b)
		}
	}
	var came []diffRow
	for i := range after {
		a := row(&after[i])
		if count[a.text] > 0 {
			count[a.text]--
			came = append(came, a)
		}
	}
	d.pair(table, gone, came)
}

// sameSlice reports whether both are one table that was not read again.
func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// pair makes changes of the rows that are left.
func (d *differ) pair(table string, gone, came []diffRow) {
	successor := make(map[any][]int, len(came))
	for i, c := range came {
		successor[c.key] = append(successor[c.key], i)
	}
	paired := make([]bool, len(came))
	for _, g := range gone {
		if next := successor[g.key]; len(next) > 0 {
			successor[g.key] = next[1:]
			paired[next[0]] = true
			d.changed(table, g, came[next[0]])
			continue
		}
		d.add(Removed, table, g, g.shown(), "")
	}
	for i, c := range came {
		if !paired[i] {
			d.add(Added, table, c, "", c.shown())
		}
	}
}

// changed shows the short lines, unless these are the same.
func (d *differ) changed(table string, g, c diffRow) {
	before, after := g.shown(), c.shown()
	if before == after {
		before, after = g.text, c.text
	}
	c.written = c.written || g.written
	d.add(Changed, table, c, before, after)
}

func (d *differ) add(kind ChangeKind, table string, row diffRow, before, after string) {
	d.changes = append(d.changes, Change{
		Kind: kind, Table: table, Family: row.family, RouteTable: row.routeTable, Before: before, After: after,
		Setting: row.setting, Learned: table == "neigh" && !row.written,
	})
}

func (r diffRow) shown() string {
	if r.line != "" {
		return r.line
	}
	return r.text
}

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
