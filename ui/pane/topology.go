package pane

import (
	"slices"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/ui/screen"

	"github.com/charmbracelet/x/ansi"
)

// Topology is a picture of the network.
type Topology struct{ base }

// View draws the network as the kernel has it. Of a picture that is larger than the
// pane it shows the part around the namespace that is watched, and scrolls to the
// rest. A lab without a node has a line for each namespace.
func (v *Topology) View(focused bool) []string {
	room := v.h - 1
	lines, at, ok := v.boxes(v.w - 2)
	if !ok {
		lines, at = v.Lines(v.w-2), spot{}
	}
	view := &v.Scroll
	if view.Extent(len(lines), room); !focused {
		view.Top = min(max(0, at.bottom+1-room), at.top)
		view.Extent(len(lines), room)
	}
	lines = v.around(lines, at)
	body := screen.Block(screen.Window(lines, view.Top, room), v.w-2, room, v.Theme.G.Ellipsis)
	tabs := v.behind(v.ScrollHint(*view))
	return v.frame(focused, v.topologyTitle(v.w-screen.Width(tabs)-6), tabs, body)
}

// around cuts the picture to the width of the pane, so that the spot is to be seen. A
// mark stands where it goes on.
func (v *Topology) around(lines []string, at spot) []string {
	w, wide := v.w-2, 0
	for _, line := range lines {
		wide = max(wide, screen.Width(line))
	}
	if wide <= w {
		return lines
	}
	left := min(max(0, at.left-(w-at.width)/2), wide-w)
	mark := v.Theme.Faint.Render(v.Theme.G.Ellipsis)
	for i, line := range lines {
		line = screen.Fit(line, wide, "")
		cut := ansi.Cut(line, left, left+w)
		if left > 0 {
			cut = mark + ansi.Cut(cut, 1, w)
		}
		if left+w < wide {
			cut = ansi.Cut(cut, 0, w-1) + mark
		}
		lines[i] = cut
	}
	return lines
}

// Lines is the picture in short: each namespace with its devices, their
// addresses, and where their cables lead.
//
//	ns1   ✗ lo  ✓ ns1-eth0 172.20.1.10/24 ── host veth-ns1
//	host  ✓ lo  ✓ eth0 192.168.6.160/24 ── inet up0  ✓ veth-ns1 ── ns1 ns1-eth0
func (v *Topology) Lines(w int) []string {
	names := v.inPicture()
	column := 0
	for _, name := range names {
		column = max(column, screen.Width(say.Clean(name)+v.marks(name))+2)
	}
	var lines []string
	for _, name := range names {
		var parts []string
		for _, l := range v.Network.Snapshot(name).Links {
			parts = append(parts, v.deviceText(name, l))
		}
		text := wrapParts(parts, w-column)
		for i, line := range text {
			label := strings.Repeat(" ", column)
			if i == 0 {
				label = screen.Fit(v.Theme.Strong.Render(say.Clean(name))+v.marks(name), column, "")
			}
			lines = append(lines, label+line)
		}
	}
	return lines
}

// marks are those of a namespace as a whole.
func (v *Topology) marks(name string) string {
	mark := v.deathAt(name, "")
	if v.seenAt(name, "") {
		mark += " " + v.Theme.Note.Render(v.Theme.G.Packet)
	}
	return mark
}

// inPicture lists the namespaces in the order of the way out: pods, the node,
// the outside.
func (v *Topology) inPicture() []string {
	names := slices.DeleteFunc(slices.Clone(v.Network.Names), func(name string) bool { return v.Network.Snapshot(name) == nil })
	place := func(name string) int { return slices.Index([]string{lab.Host, lab.Inet}, name) }
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	return names
}

// deviceText is a device with all that the picture tells of it.
func (v *Topology) deviceText(netns string, l table.Link) string {
	text := v.deviceName(netns, l)
	for _, addr := range inet(v.Network.Snapshot(netns), l.Name) {
		text += " " + addr
	}
	if l.Master != "" {
		text += " " + v.Theme.G.Out + " " + say.Clean(l.Master)
	}
	if peerNetns, peer := v.Network.PeerOf(netns, l); peer != "" {
		text += " " + v.Theme.G.Both + " " + say.Clean(strings.TrimSpace(peerNetns+" "+peer))
	}
	return text
}

// deviceName is a device's name behind the sign of its state and the mark of the packet
// that was seen there last, and before the mark of the one that dies there.
func (v *Topology) deviceName(netns string, l table.Link) string {
	sign, style := v.linkSign(l)
	gap := " " // the mark takes its place, so that the picture does not move with the packets
	if v.seenAt(netns, l.Name) {
		gap = v.Theme.Note.Render(v.Theme.G.Packet)
	}
	return style.Render(sign) + gap + style.Render(say.Clean(l.Name)) + v.deathAt(netns, l.Name)
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
