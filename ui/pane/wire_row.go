package pane

import (
	"bytes"
	"net"
	"strings"

	"nstutor/diag/wire"
	"nstutor/internal/say"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// manyHops is how many parts a packet's way has at most before its middle is left out.
// A packet in a loop has up to 255.
const manyHops = 9

// packet is a packet's row: what it says, and the cables it crossed. Where both do not
// fit in one line, the way stands below. Nothing is cut.
func (r wireRows) packet(p *wire.Packet) []string {
	t := r.Theme
	first := p.Seen[0].Carried()
	what := say.Clean(first.Brief())
	if first.IsError() || first.RST() {
		what = t.Bad.Render(t.G.Bad + " " + what)
	}
	way := r.way(p)
	if line := strings.Join(way, "  "); screen.Width(what)+2+screen.Width(line) <= r.w {
		return []string{what + "  " + line}
	}
	lines := wrap.Text(what, r.w)
	for _, line := range wrapParts(way, r.w-2) {
		lines = append(lines, "  "+line)
	}
	return lines
}

// way is the cables that a packet has crossed, and between them what of its addresses
// a node has rewritten.
func (r wireRows) way(p *wire.Packet) []string {
	var parts []string
	var before *wire.Frame
	for _, hop := range hopsOf(p.Seen) {
		if changed := r.rewritten(before, &hop[0]); changed != "" {
			parts = append(parts, changed)
		}
		parts = append(parts, r.hop(p, hop))
		before = &hop[0]
	}
	if len(parts) > manyHops {
		tail := parts[len(parts)-3:]
		parts = append(append(parts[:manyHops-4:manyHops-4], r.Theme.G.Ellipsis), tail...)
	}
	return parts
}

// hopsOf divides the frames of a packet into those in which it crossed one link: they
// have the same MAC and IP addresses.
func hopsOf(seen []wire.Frame) (hops [][]wire.Frame) {
	from := 0
	for i := range seen {
		if i > 0 && !sameLink(&seen[i-1], &seen[i]) {
			hops = append(hops, seen[from:i])
			from = i
		}
	}
	return append(hops, seen[from:])
}

func sameLink(a, b *wire.Frame) bool {
	inA, inB := a.Carried(), b.Carried()
	return bytes.Equal(a.SrcMAC, b.SrcMAC) && bytes.Equal(a.DstMAC, b.DstMAC) && (a == inA) == (b == inB) &&
		inA.Source() == inB.Source() && inA.Target() == inB.Target()
}

// rewritten is what a node has made of a packet's addresses: that is NAT.
func (r wireRows) rewritten(before, now *wire.Frame) string {
	if before == nil {
		return ""
	}
	was, is := before.Carried(), now.Carried()
	changed := func(address string) string { return r.Theme.Changed.Render(r.Theme.G.Changed + address) }
	switch src, dst := was.Source() != is.Source(), was.Target() != is.Target(); {
	case src && dst:
		return changed(is.Source()) + " > " + changed(is.Target())
	case src:
		return changed(is.Source()) + " >"
	case dst:
		return "> " + changed(is.Target())
	}
	return ""
}

// hop says who sent a packet over a link, and to whom: the devices whose MAC addresses
// stand in the frame. A link without MAC addresses has the devices that saw it.
func (r wireRows) hop(p *wire.Packet, frames []wire.Frame) string {
	t := r.Theme
	first := &frames[0]
	arrow := " " + t.G.Out + " "
	if none(first.SrcMAC) {
		last := &frames[len(frames)-1]
		name := r.devices.name(first.Netns, first.Dev)
		if end := r.devices.name(last.Netns, last.Dev); end != name {
			name += arrow + end
		}
		return t.Note.Render(name)
	}
	text := r.station(first.SrcMAC, frames)
	if first.Carried() != first {
		text = first.Proto + ": " + text
	}
	if first.DstMAC[0]&1 != 0 {
		return t.Note.Render(text + arrow + r.group(first.DstMAC))
	}
	text = t.Note.Render(text + arrow + r.station(first.DstMAC, frames))
	switch at := r.devices.of(first.DstMAC, frames); {
	case at == device{}:
		text += " " + t.Bad.Render(t.G.Bad+" "+r.Say(words.NobodysMAC))
	case !reached(p, frames, at):
		text += " " + t.Warn.Render(t.G.Warn+" "+r.Say(words.NotSeen))
	}
	return text
}

// none says whether a frame has no MAC addresses, or those of the loopback.
func none(mac net.HardwareAddr) bool {
	return len(mac) == 0 || bytes.Equal(mac, make([]byte, len(mac)))
}

// station names the owner of a MAC address, or is the address itself.
func (r wireRows) station(mac net.HardwareAddr, frames []wire.Frame) string {
	if at := r.devices.of(mac, frames); at != (device{}) {
		return r.devices.name(at.netns, at.dev)
	}
	return mac.String()
}

// group names those whom a frame for many is for.
func (r wireRows) group(mac net.HardwareAddr) string {
	if mac.String() == "ff:ff:ff:ff:ff:ff" {
		return r.Say(words.Everyone)
	}
	return mac.String()
}

// reached says whether a packet that crossed a link in those frames was seen where it
// arrives, or behind that: where many packets come at once, not every frame is read.
func reached(p *wire.Packet, frames []wire.Frame, at device) bool {
	passed := false
	for i := range p.Seen {
		f := &p.Seen[i]
		if f.Netns == at.netns && (!f.Out && f.Dev == at.dev || f.Out && passed) {
			return true
		}
		passed = passed || f == &frames[len(frames)-1]
	}
	return false
}
