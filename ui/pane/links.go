package pane

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"nstutor/diag/table"
	"nstutor/internal/session"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// linkRows are the devices, each with its IPv4 addresses on one line.
func (v *Live) linkRows(was, now *table.Snapshot) []row {
	names, addresses := 0, 0
	for _, l := range now.Links {
		addrs, _ := v.linkAddrs(was, now, l.Name)
		names = max(names, screen.Width(l.Name))
		addresses = max(addresses, screen.Width(strings.Join(addrs, " ")))
	}
	var rows []row
	for _, l := range now.Links {
		r := row{section: words.Links, rank: rankLink}
		if l.Has("LOOPBACK") {
			r.rank = rankLoopback
		}
		r.sign, r.style = v.linkSign(l)
		addrs, changed := v.linkAddrs(was, now, l.Name)
		r.kind = linkChange(was, l)
		if r.kind == 0 && changed {
			r.kind = table.Changed
		}
		r.text = screen.Fit(l.Name, names, "") + " " + screen.Fit(linkState(l), 13, "") + " " + screen.Fit(strings.Join(addrs, " "), addresses, "")
		if l.Master != "" {
			r.more = append(r.more, "master "+l.Master)
		}
		if !l.Has("LOOPBACK") {
			r.more = append(r.more, l.MAC.String())
		}
		if peer := v.Network.Peer(l); peer != "" {
			r.more = append(r.more, v.Theme.G.Both+" "+peer)
		}
		rows = append(rows, r)
	}
	return append(rows, v.goneLinks(was, now)...)
}

func (v *Live) goneLinks(was, now *table.Snapshot) []row {
	var rows []row
	if was == nil {
		return nil
	}
	for _, l := range was.Links {
		if _, there := now.LinkByIndex(l.Index); !there {
			rows = append(rows, row{section: words.Links, kind: table.Removed, text: l.Name, rank: rankLink})
		}
	}
	return rows
}

// linkChange compares what the pane shows of a device.
func linkChange(was *table.Snapshot, l table.Link) table.ChangeKind {
	if was == nil {
		return 0
	}
	before, there := was.LinkByIndex(l.Index)
	switch {
	case !there:
		return table.Added
	case before.Name != l.Name, linkState(before) != linkState(l), before.Master != l.Master,
		before.MAC.String() != l.MAC.String(), before.PeerNetns != l.PeerNetns:
		return table.Changed
	}
	return 0
}

// linkSign tells a device's state by a sign and a colour: up, up without
// carrier, or down.
func (v *base) linkSign(l table.Link) (string, lipgloss.Style) {
	t := v.Theme
	switch {
	case !l.Up():
		return t.G.Bad, t.Bad
	case !l.Carrier():
		return t.G.Warn, t.Warn
	}
	return t.G.Ok, lipgloss.NewStyle()
}

// linkState is the flags that tell whether a device works.
func linkState(l table.Link) string {
	words := []string{"DOWN"}
	if l.Up() {
		words[0] = "UP"
	}
	for _, flag := range []string{"NO-CARRIER", "LOWER_UP", "M-DOWN"} {
		if l.Has(flag) && !l.Has("LOOPBACK") {
			words = append(words, flag)
		}
	}
	return strings.Join(words, " ")
}

// linkAddrs are the IPv4 addresses of a device; those that the step brought or
// took carry their own mark.
func (v *Live) linkAddrs(was, now *table.Snapshot, dev string) (addrs []string, changed bool) {
	before, after := inet(was, dev), inet(now, dev)
	known := was != nil
	if known {
		_, known = was.Link(dev)
	}
	for _, a := range after {
		if known && !slices.Contains(before, a) {
			a, changed = v.Theme.G.Added+a, true
		}
		addrs = append(addrs, a)
	}
	for _, a := range before {
		if !slices.Contains(after, a) {
			addrs, changed = append(addrs, v.Theme.G.Removed+a), true
		}
	}
	return addrs, changed
}

// inet lists the IPv4 addresses of a device.
func inet(s *table.Snapshot, dev string) []string {
	var all []string
	if s == nil {
		return nil
	}
	for _, a := range s.AddrsOn(dev) {
		if a.Family() == 4 {
			all = append(all, a.Prefix.String())
		}
	}
	return all
}

// visibleChanges are the changes of a namespace that is not watched: what
// somebody did to it, not what the kernel learned or wrote by itself.
func (v *Live) visibleChanges(was, now *table.Snapshot) []table.Change {
	all := linkChanges(was, now)
	for _, c := range table.Diff(was, now) {
		switch {
		case c.Family == 6, c.Table == "link", c.Table == "addr", c.Table == "rule":
		case c.Table == "route" && c.RouteTable != mainTable:
		case c.Learned:
		case c.Table == "sysctl" && c.Kind != table.Changed: // came or went with its device
		case c.Table == "sysctl" && slices.Contains(v.Scene.Settings(), session.Setting{Netns: now.Name, Key: c.Setting}): // has a row of its own
		default:
			all = append(all, c)
		}
	}
	return all
}

// linkChanges are those of the devices and of their IPv4 addresses, in short.
func linkChanges(was, now *table.Snapshot) []table.Change {
	var all []table.Change
	add := func(kind table.ChangeKind, of, line string) {
		all = append(all, table.Change{Kind: kind, Table: of, Before: line, After: line})
	}
	for _, l := range was.Links {
		if _, there := now.LinkByIndex(l.Index); !there {
			add(table.Removed, "link", l.Name)
		}
	}
	for _, l := range now.Links {
		if kind := linkChange(was, l); kind != 0 {
			add(kind, "link", l.Name+" "+linkState(l))
		}
		before, after := inet(was, l.Name), inet(now, l.Name)
		for _, a := range before {
			if !slices.Contains(after, a) {
				add(table.Removed, "addr", a+" dev "+l.Name)
			}
		}
		for _, a := range after {
			if !slices.Contains(before, a) {
				add(table.Added, "addr", a+" dev "+l.Name)
			}
		}
	}
	return all
}
