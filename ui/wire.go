package ui

import (
	"fmt"
	"net"
	"strings"

	"nstutor/diag/wire"
	"nstutor/internal/say"
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
	view := &m.scroll[paneWire]
	follow := !focused || view.atEnd()
	lines := m.wireLines(r.w - 2)
	view.extent(len(lines), room)
	if follow {
		view.top = view.end()
	}
	right := ""
	if focused && !view.atEnd() {
		right = m.say(wPaused)
	}
	if len(lines) == 0 {
		lines = []string{m.theme.faint.Render(m.say(wNobodySpoke))}
	}
	body := block(window(lines, view.top, room), r.w-2, room, m.theme.g.ellipsis)
	return m.frame(r, focused, m.say(wWire), m.tabs(paneWire, right), indent(body))
}

// wireLines is a line for each frame, in columns.
func (m *Model) wireLines(w int) []string {
	places := 0
	for _, f := range m.world.frames {
		places = max(places, width(place(f)))
	}
	lines := make([]string, len(m.world.frames))
	seen := map[passage]wire.Frame{}
	for i, f := range m.world.frames {
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
	t := m.theme
	arrow := t.g.in
	if f.Out {
		arrow = t.g.out
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
	if f.ToOther && !m.world.port(f.Netns, f.Dev) {
		what += " " + t.bad.Render(t.g.bad+"mac")
	}
	return fit(place(f), places, "") + " " + arrow + " " + t.note.Render(macs) + space + what
}

// mac is an address in full, or its last three bytes where there is no room.
func (m *Model) mac(a net.HardwareAddr, w int) string {
	if w >= wireFullWidth || len(a) != 6 {
		return a.String()
	}
	if a.String() == "ff:ff:ff:ff:ff:ff" {
		return fit("ff:ff:ff", 8, "")
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
		src = m.theme.changed.Render(m.theme.g.changed + src)
	}
	if again && before.Dst != f.Dst {
		dst = m.theme.changed.Render(m.theme.g.changed + dst)
	}
	op := f.Op
	if w < wireLongWidth {
		op = strings.TrimPrefix(op, "echo ")[:3]
	}
	return fmt.Sprintf("%s%s>%s%s %s %d", src, gap, gap, dst, op, f.Seq)
}
