package steps

import (
	"context"
	"slices"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// IPTable is the command of ip(8) that prints a table of a namespace.
func IPTable(netns, words string) change.Command {
	return change.In(netns, append([]string{"ip"}, strings.Fields(words)...)...)
}

// Look is the command that prints a table, as one types it on the node: ip(8) finds its
// way into a namespace by itself.
func Look(c change.Command) string {
	if c.Netns != "" && c.Netns != lab.Host && len(c.Argv) > 0 && c.Argv[0] == "ip" {
		return change.In("", slices.Concat([]string{"ip", "-n", c.Netns}, c.Argv[1:])...).String()
	}
	return Typed(c)
}

// Tables reads tables of a namespace. Where it cannot, missing says why: the
// namespace is not there, which is a condition that is not met, or could not be
// looked at.
func Tables(ctx context.Context, l *lab.Lab, netns string, which table.Tables) (snap *table.Snapshot, missing []Condition) {
	ns, err := l.NS(netns)
	if err == nil {
		snap, err = table.Read(ctx, ns, table.ReadOptions{Tables: which, Names: l.Namespaces()})
	}
	if err == nil {
		return snap, nil
	}
	there := NamespaceThere(netns)
	if !IsAbsent(err) {
		there.Err = err
	}
	return nil, []Condition{there}
}

// namespaceThere is the condition that a namespace exists, not met.
func NamespaceThere(netns string) Condition {
	return Condition{Ground: true, Table: change.In("", "ip", "netns"), Want: say.T("a network namespace called %s", "名为 %s 的网络命名空间", netns)}
}

// DeviceThere is the condition that a device exists.
func DeviceThere(snap *table.Snapshot, d Dev) (table.Link, Condition) {
	link, ok := snap.Link(d.Name)
	return link, Condition{Ground: true, Table: IPTable(d.Netns, "link"), Want: say.T("a device called %s", "名为 %s 的网卡", d.Name), Met: ok}
}

// deviceUp is the condition that a device exists and is up.
func deviceUp(snap *table.Snapshot, d Dev) Condition {
	link, there := DeviceThere(snap, d)
	if !there.Met {
		return there
	}
	return Condition{
		Table: there.Table, Want: say.T("%s is up", "%s 已启用（UP）", d.Name),
		Seen: Unless(link.Up(), link.Line()), Met: link.Up(),
	}
}

// Unless is the line that is there instead, where the condition is not met.
func Unless(met bool, line string) string {
	if met {
		return ""
	}
	return line
}

// seen joins the lines that are there instead.
func InOneLine(lines []string) string { return strings.Join(lines, "; ") }
