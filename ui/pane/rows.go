package pane

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"nstutor/diag/table"
	"nstutor/internal/say"
	"nstutor/ui/words"
)

// row is one line of the live tables.
type row struct {
	section say.Form
	kind    table.ChangeKind // what the step did to it; 0: nothing
	sign    string           // its state without colour, or empty
	text    string
	more    []string // columns behind the text, left out where they do not fit
	ends    bool     // the end of the text says the most: it is cut in the middle
	style   lipgloss.Style
	rank    rank
}

// rank says which rows stay when there is no room for all.
type rank int

const (
	rankDecisive rank = iota // changed, or what the step is about
	rankRule
	rankNeigh
	rankRoute
	rankLink
	rankLoopback
)

// liveRows are the rows of the watched namespace, and below them what is
// different in the others. They are to be w cells wide.
func (v *Live) liveRows(w int) []row {
	now := v.Network.Snapshot(v.Network.Watch)
	if now == nil {
		return nil
	}
	was := v.Scene.Was.Netns[v.Network.Watch]
	room := w - 2 // behind a mark
	if w >= gutterWidth {
		room -= gutter
	}
	rows := slices.Concat(v.linkRows(was, now), v.routeRows(was, now), v.neighRows(now), v.fdbRows(), v.sysctlRows(), v.ruleRows(), v.flowRows(room), v.traceRows(), v.eventRows(room), v.otherRows())
	for i := range rows {
		if rows[i].kind != 0 {
			rows[i].rank = rankDecisive
		}
	}
	return rows
}

// tableRows are the rows of one table with their marks, those that went
// among them.
func (v *Live) tableRows(section say.Form, lines []string, changes []table.Change) []row {
	kinds := map[string]table.ChangeKind{}
	for _, c := range changes {
		if c.Kind != table.Removed {
			kinds[c.After] = c.Kind
		}
	}
	var rows []row
	for _, line := range lines {
		rows = append(rows, row{section: section, kind: kinds[line], text: line})
	}
	for _, c := range changes {
		if c.Kind == table.Removed {
			rows = append(rows, row{section: section, kind: c.Kind, text: c.Before})
		}
	}
	return rows
}

func (v *Live) routeRows(was, now *table.Snapshot) []row {
	var lines []string
	for _, r := range now.MainRoutes(4) {
		lines = append(lines, r.Line())
	}
	rows := v.tableRows(words.Routes, lines, changesOf(was, now, "route"))
	for i := range rows {
		rows[i].rank = rankRoute
	}
	if len(rows) == 0 {
		rows = []row{v.emptyRow(words.Routes)}
	}
	return rows
}

func (v *Live) emptyRow(section say.Form) row {
	return row{section: section, text: v.Say(words.Empty), style: v.Theme.Faint, rank: rankRoute}
}

// changesOf are the changes of one of that the pane shows: IPv4, and of the
// routes the main of.
func changesOf(was, now *table.Snapshot, of string) []table.Change {
	if was == nil || now == nil {
		return nil
	}
	return slices.DeleteFunc(table.Diff(was, now), func(c table.Change) bool {
		return c.Table != of || c.Family == 6 || c.Table == "route" && c.RouteTable != mainTable
	})
}

// mainTable is RT_TABLE_MAIN, the one that `ip route` shows.
const mainTable = 254

// neighRows are the neighbours. What changed is counted from the action, not
// from the beginning of the step: until then the running ping alone is the
// cause of what the kernel learns.
func (v *Live) neighRows(now *table.Snapshot) []row {
	changes := changesOf(v.Scene.Untouched[now.Name], now, "neigh")
	var rows []row
	for _, n := range now.Neighbours {
		if n.Family() != 4 {
			continue
		}
		r := v.tableRows(words.Neigh, []string{n.Line()}, withoutRemoved(changes))[0]
		r.sign, r.style = v.neighSign(n)
		r.text += v.countdown(n)
		r.rank = rankNeigh
		rows = append(rows, r)
	}
	rows = append(rows, v.tableRows(words.Neigh, nil, changes)...)
	if len(rows) == 0 {
		r := v.emptyRow(words.Neigh)
		r.rank = rankNeigh
		rows = append(rows, r)
	}
	return rows
}

func withoutRemoved(changes []table.Change) []table.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c table.Change) bool { return c.Kind == table.Removed })
}

// neighSign tells the state of an entry by a sign and a colour.
func (v *Live) neighSign(n table.Neighbour) (string, lipgloss.Style) {
	t := v.Theme
	switch n.State {
	case "REACHABLE", "PERMANENT":
		return t.G.Ok, t.Good
	case "FAILED":
		return t.G.Bad, t.Bad
	case "INCOMPLETE":
		return t.G.Wait, t.Warn
	}
	return t.G.Pending, lipgloss.NewStyle()
}

// countdown is the time until an entry that nobody answers for is FAILED.
func (v *Live) countdown(n table.Neighbour) string {
	if n.State != "INCOMPLETE" || n.Since.IsZero() || v.Network.NeighTimeout == 0 {
		return ""
	}
	left := v.Network.NeighTimeout - v.Now().Sub(n.Since)
	return "  " + v.Say(words.FailedIn, max(left, 0).Seconds())
}

// sysctlRows are the settings that the step is about, whatever their
// namespace, with their values as they are.
func (v *Live) sysctlRows() []row {
	var rows []row
	for _, setting := range v.Scene.Settings() {
		now := v.Network.Snapshot(setting.Netns)
		if now == nil {
			continue
		}
		value, ok := now.Sysctl(setting.Key)
		if !ok {
			continue
		}
		r := row{section: words.Sysctl, text: setting.Netns + " " + setting.Key + " = " + value, rank: rankRoute}
		if was := v.Scene.Was.Netns[setting.Netns]; was != nil {
			if before, ok := was.Sysctl(setting.Key); ok && before != value {
				r.kind = table.Changed
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// tableWord is a table as ip(8) calls it; it has no word for programs.
func (v *Live) tableWord(table string) string {
	if table == "process" {
		return v.Say(words.Process)
	}
	return table
}

// otherRows are the changes outside the watched namespace, and those that no
// watcher reports: rules, programs, files.
func (v *Live) otherRows() []row {
	var rows []row
	add := func(netns string, c table.Change) {
		line := c.After
		if c.Kind == table.Removed {
			line = c.Before
		}
		if _, known := v.Scene.Was.Netns[netns]; known || netns == "" {
			line = strings.TrimSpace(netns + " " + v.tableWord(c.Table) + " " + line)
		}
		rows = append(rows, row{section: words.Elsewhere, kind: c.Kind, text: line, ends: c.Table == "rule" || c.Table == "route"})
	}
	for _, name := range v.Network.EverKnown(v.Scene.Was) {
		was, now := v.Scene.Was.Netns[name], v.Network.Snapshot(name)
		switch {
		case was == nil && now != nil:
			add("", table.Change{Kind: table.Added, Table: "netns", After: name})
		case was != nil && now == nil && v.Network.Gone(name):
			add("", table.Change{Kind: table.Removed, Table: "netns", Before: name})
		case was == nil || now == nil || name == v.Network.Watch:
		default:
			for _, c := range v.visibleChanges(was, now) {
				add(name, c)
			}
		}
	}
	for _, c := range v.Scene.Changes {
		if c.Table != "netns" {
			add(c.Netns, c.Change)
		}
	}
	return rows
}
