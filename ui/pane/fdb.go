package pane

import (
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/ui/words"
)

// fdbRows are what the node's bridge knows of who is behind which port, where the step
// is about that: what it has learned comes before its ports' own addresses. What
// changed is counted from the action, as that of neighbours is.
func (v *Live) fdbRows() []row {
	bridge, now := v.Scene.Step.Watched().FDB, v.Network.Snapshot(lab.Host)
	if bridge == "" || now == nil {
		return nil
	}
	changes := changesOf(v.Scene.Untouched[lab.Host], now, "fdb")
	var rows []row
	for _, learned := range []bool{true, false} {
		for _, e := range now.FDB {
			if e.Master != bridge || (e.State != "permanent") != learned {
				continue
			}
			if e.State == "stale" {
				e.State = ""
			}
			r := v.tableRows(words.FDB, []string{e.Line()}, withoutRemoved(changes))[0]
			r.rank = rankNeigh
			if !learned {
				r.rank, r.style = rankLink, v.Theme.Faint
			}
			rows = append(rows, r)
		}
	}
	gone := slices.DeleteFunc(slices.Clone(changes), func(c table.Change) bool { return c.Kind != table.Removed })
	rows = append(rows, v.tableRows(words.FDB, nil, gone)...)
	if len(rows) == 0 {
		rows = []row{v.emptyRow(words.FDB)}
	}
	return rows
}
