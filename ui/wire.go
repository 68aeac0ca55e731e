package ui

import (
	"fmt"
	"net"
	"strings"

	"nstutor/diag/wire"
	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// The widths from which a frame's line is written more fully: the MAC addresses
// with all their bytes, spaces around ">", "echo request" instead of "req".
const (
	wireFullWidth = 104
	wireAiryWidth = 84
	wireLongWidth = 76
)

// wireView draws the frames as they passed, the newest at the bottom. With the
// focus it scrolls, and stays where it is while new ones arrive.
func (m *Model) wireView(r rect, focused bool) []string {
	room := r.h - 1
	view := &m.scroll[areaWire]
	follow := !focused || view.AtEnd()
	lines := m.wireLines(r.w - 2)
	view.Extent(len(lines), room)
	if follow {
		view.Top = view.End()
	}
	right := ""
	if focused && !view.AtEnd() {
		right = m.Say(words.Paused)
	}
	if len(lines) == 0 {
		lines = []string{m.Theme.Faint.Render(m.Say(words.NobodySpoke))}
	}
	body := screen.Block(screen.Window(lines, view.Top, room), r.w-2, room, m.Theme.G.Ellipsis)
	return m.Frame(r.w, r.h, focused, m.Say(words.Wire), m.tabs(areaWire, right), screen.Indent(body))
}

// wireLines is a line for each frame, in columns.
func (m *Model) wireLines(w int) []string {
	places := 0
	for _, f := range m.Network.Frames {
		places = max(places, screen.Width(place(f)))
	}
	lines := make([]string, len(m.Network.Frames))
	seen := map[passage]wire.Frame{}
	for i, f := range m.Network.Frames {
		lines[i] = m.wireLine(f, places, w, seen)
	}
	return lines
}

// place is where a frame passed.
func place(f wire.Frame) string { return say.Clean(f.Netns + " " + f.Dev) }

// passage tells which frames are one packet on its way.
type passage struct {
	op      string
	id, seq int
}

// wireLine is one frame: where, which way, from which MAC to which, and what.
// An address that is not what it was where the packet passed before carries the
// mark of a change: that is NAT.
func (m *Model) wireLine(f wire.Frame, places, w int, seen map[passage]wire.Frame) string {
	t := m.Theme
	arrow := t.G.In
	if f.Out {
		arrow = t.G.Out
	}
	gap, space := " ", "  "
	if w < wireAiryWidth {
		gap, space = "", " "
	}
	macs := ""
	if f.SrcMAC != nil {
		macs = m.mac(f.SrcMAC, w) + gap + ">" + gap + m.mac(f.DstMAC, w)
	}
	what := m.frameText(f, gap, w, seen)
	if f.ToOther && !m.Network.Port(f.Netns, f.Dev) {
		what += " " + t.Bad.Render(t.G.Bad+"mac")
	}
	return screen.Fit(place(f), places, "") + " " + arrow + " " + t.Note.Render(macs) + space + what
}

// mac is an address in full, or its last three bytes where there is no room.
func (m *Model) mac(a net.HardwareAddr, w int) string {
	if w >= wireFullWidth || len(a) != 6 {
		return a.String()
	}
	if a.String() == "ff:ff:ff:ff:ff:ff" {
		return screen.Fit("ff:ff:ff", 8, "")
	}
	return a[3:].String()
}

// frameText says what a frame says: as tcpdump does, but an echo in short.
func (m *Model) frameText(f wire.Frame, gap string, w int, seen map[passage]wire.Frame) string {
	if f.Proto != "ICMP" || !strings.HasPrefix(f.Op, "echo ") {
		return f.String()
	}
	key := passage{f.Op, f.ID, f.Seq}
	before, again := seen[key]
	seen[key] = f
	src, dst := f.Src.String(), f.Dst.String()
	if again && before.Src != f.Src {
		src = m.Theme.Changed.Render(m.Theme.G.Changed + src)
	}
	if again && before.Dst != f.Dst {
		dst = m.Theme.Changed.Render(m.Theme.G.Changed + dst)
	}
	op := f.Op
	if w < wireLongWidth {
		op = strings.TrimPrefix(op, "echo ")[:3]
	}
	return fmt.Sprintf("%s%s>%s%s %s %d", src, gap, gap, dst, op, f.Seq)
}
