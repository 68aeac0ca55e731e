package pane

import (
	"fmt"
	"net"

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

// Wire is the frames on all wires.
type Wire struct{ base }

// View draws the frames as they passed, the newest at the bottom. With the
// focus it scrolls, and stays where it is while new ones arrive.
func (v *Wire) View(focused bool) []string {
	room := v.h - 1
	view := &v.Scroll
	follow := !focused || view.AtEnd()
	lines := v.wireLines(v.w - 2)
	view.Extent(len(lines), room)
	if follow {
		view.Top = view.End()
	}
	right := ""
	if focused && !view.AtEnd() {
		right = v.Say(words.Paused)
	}
	if len(lines) == 0 {
		lines = []string{v.Theme.Faint.Render(v.Say(words.NobodySpoke))}
	}
	body := screen.Block(screen.Window(lines, view.Top, room), v.w-2, room, v.Theme.G.Ellipsis)
	return v.frame(focused, v.Say(words.Wire), v.behind(right), body)
}

// wireLines is a line for each frame, in columns.
func (v *Wire) wireLines(w int) []string {
	places := 0
	for _, f := range v.Network.Frames {
		places = max(places, screen.Width(place(f)))
	}
	lines := make([]string, len(v.Network.Frames))
	seen := map[passage]wire.Frame{}
	for i, f := range v.Network.Frames {
		lines[i] = v.wireLine(f, places, w, seen)
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
func (v *Wire) wireLine(f wire.Frame, places, w int, seen map[passage]wire.Frame) string {
	t := v.Theme
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
		macs = v.mac(f.SrcMAC, w) + gap + ">" + gap + v.mac(f.DstMAC, w)
	}
	what := v.frameText(f, gap, w, seen)
	if f.ToOther && !v.Network.Port(f.Netns, f.Dev) {
		what += " " + t.Bad.Render(t.G.Bad+"mac")
	}
	return screen.Fit(place(f), places, "") + " " + arrow + " " + t.Note.Render(macs) + space + what
}

// mac is an address in full, or its last three bytes where there is no room.
func (v *Wire) mac(a net.HardwareAddr, w int) string {
	if w >= wireFullWidth || len(a) != 6 {
		return a.String()
	}
	if a.String() == "ff:ff:ff:ff:ff:ff" {
		return screen.Fit("ff:ff:ff", 8, "")
	}
	return a[3:].String()
}

// shortEcho is what an echo is called where there is little room.
var shortEcho = map[string]string{wire.EchoRequest: "req", wire.EchoReply: "rep"}

// frameText says what a frame says: as tcpdump does, but an echo in short.
func (v *Wire) frameText(f wire.Frame, gap string, w int, seen map[passage]wire.Frame) string {
	if f.Proto != "ICMP" || !f.Echo() {
		return f.String()
	}
	key := passage{f.Op, f.ID, f.Seq}
	before, again := seen[key]
	seen[key] = f
	src, dst := f.Src.String(), f.Dst.String()
	if again && before.Src != f.Src {
		src = v.Theme.Changed.Render(v.Theme.G.Changed + src)
	}
	if again && before.Dst != f.Dst {
		dst = v.Theme.Changed.Render(v.Theme.G.Changed + dst)
	}
	op := f.Op
	if w < wireLongWidth {
		op = shortEcho[f.Op]
	}
	return fmt.Sprintf("%s%s>%s%s %s %d", src, gap, gap, dst, op, f.Seq)
}
