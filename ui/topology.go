package ui

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/ui/screen"
)

// topologyView draws the network as the kernel has it: boxes where they fit,
// else a line for each namespace.
func (m *Model) topologyView(r rect, focused bool) []string {
	room := r.h - 1
	lines, ok := m.boxes(r.w - 2)
	if !ok || len(lines) > room {
		lines = m.topologyLines(r.w - 2)
	}
	view := &m.scroll[areaTopology]
	view.Extent(len(lines), room)
	body := screen.Block(screen.Window(lines, view.Top, room), r.w-2, room, m.Theme.G.Ellipsis)
	tabs := m.tabs(areaTopology, m.ScrollHint(*view))
	return m.Frame(r.w, r.h, focused, m.topologyTitle(r.w-screen.Width(tabs)-6), tabs, screen.Indent(body))
}

// topologyLines is the picture in short: each namespace with its devices, their
// addresses, and where their cables lead.
//
//	ns1   ✗ lo  ✓ ns1-eth0 172.20.1.10/24 ── host veth-ns1
//	host  ✓ lo  ✓ eth0 192.168.6.160/24 ── inet up0  ✓ veth-ns1 ── ns1 ns1-eth0
func (m *Model) topologyLines(w int) []string {
	names := m.inPicture()
	column := 0
	for _, name := range names {
		column = max(column, screen.Width(say.Clean(name)+m.deathAt(name, ""))+2)
	}
	var lines []string
	for _, name := range names {
		var parts []string
		for _, l := range m.Network.Snapshot(name).Links {
			parts = append(parts, m.deviceText(name, l))
		}
		text := wrapParts(parts, w-column)
		for i, line := range text {
			label := strings.Repeat(" ", column)
			if i == 0 {
				label = screen.Fit(m.Theme.Strong.Render(say.Clean(name))+m.deathAt(name, ""), column, "")
			}
			lines = append(lines, label+line)
		}
	}
	return lines
}

// inPicture lists the namespaces in the order of the way out: pods, the node,
// the outside.
func (m *Model) inPicture() []string {
	names := slices.DeleteFunc(slices.Clone(m.Network.Names), func(name string) bool { return m.Network.Snapshot(name) == nil })
	place := func(name string) int { return slices.Index([]string{lab.Host, lab.Inet}, name) }
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	return names
}

// deviceText is a device with all that the picture tells of it.
func (m *Model) deviceText(netns string, l table.Link) string {
	text := m.deviceName(netns, l)
	for _, addr := range inet(m.Network.Snapshot(netns), l.Name) {
		text += " " + addr
	}
	if l.Master != "" {
		text += " " + m.Theme.G.Out + " " + say.Clean(l.Master)
	}
	if peerNetns, peer := m.Network.PeerOf(netns, l); peer != "" {
		text += " " + m.Theme.G.Both + " " + say.Clean(strings.TrimSpace(peerNetns+" "+peer))
	}
	return text
}

// deviceName is a device's name behind the sign of its state, and before the
// mark of the packet that dies there.
func (m *Model) deviceName(netns string, l table.Link) string {
	sign, style := m.linkSign(l)
	return style.Render(fmt.Sprintf("%s %s", sign, say.Clean(l.Name))) + m.deathAt(netns, l.Name)
}

// wrapParts puts as many parts on each line as fit.
func wrapParts(parts []string, w int) []string {
	lines := []string{""}
	for _, part := range parts {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = part
		case screen.Width(*last)+2+screen.Width(part) <= w:
			*last += "  " + part
		default:
			lines = append(lines, part)
		}
	}
	return lines
}
