package pane

import (
	"slices"
	"strings"

	"nstutor/diag/wire"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// Wire is the packets on all wires.
type Wire struct {
	base
	step int // the scene's generation when it was drawn last
}

// View draws the packets, the newest at the bottom. ARP and errors stand apart from the
// others, which would push them off the pane within seconds:
//
//	who-has 172.20.1.1 tell 172.20.1.10  ns1-eth0 → everyone
//	172.20.1.1 is-at 5e:97:f8:0e:35:b3  veth-ns1 → ns1-eth0
//	────────────────────────────────────────────────────────
//	172.20.1.10 > 203.0.113.10 echo request 4
//	  ns1-eth0 → veth-ns1  ~192.168.6.160 >  eth0 → up0
//
// With the focus it scrolls back through all of them in the order in which they set
// out, and stays where it is while new ones arrive, until the step ends.
func (v *Wire) View(focused bool) []string {
	w, room := v.w-2, v.h-1
	all := v.Network.Packets.All
	view := &v.Scroll
	following := !focused || view.AtEnd() || v.step != v.Scene.Gen
	v.step = v.Scene.Gen
	rows := wireRows{Wire: v, w: w, devices: v.devices()}
	var lines []string
	if focused {
		lines = rows.of(all)
		view.Extent(len(lines), room)
	}
	if following {
		view.Top = view.End()
		lines = rows.apart(all, room)
	} else {
		lines = screen.Window(lines, view.Top, room)
	}
	right := ""
	if focused && !view.AtEnd() {
		right = v.Say(words.Paused)
	}
	if len(all) == 0 {
		lines = []string{v.Theme.Faint.Render(v.Say(words.NobodySpoke))}
	}
	return v.frame(focused, v.Say(words.Wire), v.behind(right), screen.Block(lines, w, room, v.Theme.G.Ellipsis))
}

// wireRows draws packets in w cells.
type wireRows struct {
	*Wire
	w       int
	devices devices
}

// of is the lines of all these packets.
func (r wireRows) of(packets []*wire.Packet) (lines []string) {
	for _, p := range packets {
		lines = append(lines, r.packet(p)...)
	}
	return lines
}

// apart is the newest packets in room lines: ARP and errors first, then a line, then
// all others. Neither takes more than half while the other has more to show.
func (r wireRows) apart(packets []*wire.Packet, room int) []string {
	var special, stream []*wire.Packet
	for _, p := range packets {
		if f := p.Seen[0].Carried(); f.Proto == "ARP" || f.IsError() {
			special = append(special, p)
		} else {
			stream = append(stream, p)
		}
	}
	if len(special) == 0 || len(stream) == 0 {
		return slices.Concat(r.newest(packets, room)...)
	}
	room-- // the line between them
	free := room - count(r.newest(stream, room))
	above := r.newest(special, max(room/2, free))
	below := r.newest(stream, room-count(above))
	rule := r.Theme.Rule.Render(strings.Repeat(r.Theme.G.Rule, r.w))
	return append(append(slices.Concat(above...), rule), slices.Concat(below...)...)
}

func count(rows [][]string) (lines int) {
	for _, row := range rows {
		lines += len(row)
	}
	return lines
}

// newest is as many of the packets, each with its lines, as room lines hold, but the
// newest in any case.
func (r wireRows) newest(packets []*wire.Packet, room int) (rows [][]string) {
	for i := len(packets) - 1; i >= 0; i-- {
		lines := r.packet(packets[i])
		if room -= len(lines); room < 0 && rows != nil {
			break
		}
		rows = append(rows, lines)
	}
	slices.Reverse(rows)
	return rows
}
