package pane

import (
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
)

// rails draws the node's bridges beside the ports whose cables are in the picture, as
// the switches that they are:
//
//	┤ ✓ veth-pod-a ─╮
//	│               ├ ✓ cni0 10.244.1.1/24
//	┤ ✓ veth-pod-b ─╯
//
// One that no such port has stays in the list of the node's devices. In a narrow picture
// their addresses are returned instead, each with its bridge.
func (v *Topology) rails(p *picture, host *table.Snapshot, narrow bool) (addresses []string) {
	for _, bridge := range host.Links {
		lines := p.ports[bridge.Name]
		if bridge.Kind != "bridge" || len(lines) == 0 {
			continue
		}
		p.plugged[bridge.Name] = true
		if !narrow {
			v.rail(p.node, lines, v.deviceText(lab.Host, bridge))
			continue
		}
		v.rail(p.node, lines, v.deviceName(lab.Host, bridge))
		for _, address := range inet(host, bridge.Name) {
			addresses = append(addresses, say.Clean(bridge.Name)+" "+address)
		}
	}
	return addresses
}

// rail joins the cards on some lines of a box, the first one first, and writes the
// bridge's name below that: where there is nothing at the other side, for the node is
// wide enough.
func (v *Topology) rail(node *box, ports []int, bridge string) {
	first, last := ports[0], ports[len(ports)-1]
	named := first + 1
	for y := first + 1; y <= max(last-1, first+2); y++ {
		if node.at(y).text[atRight] == "" {
			named = y
			break
		}
	}
	end := max(last, named)
	width := 0
	for y := first; y <= end; y++ {
		width = max(width, screen.Width(node.at(y).text[atLeft]))
	}
	g := v.Theme.G.Box
	isPort := map[int]bool{}
	for _, y := range ports {
		isPort[y] = true
	}
	for y := first; y <= end; y++ {
		text := &node.at(y).text[atLeft]
		fill, joint := " ", g.Vertical
		if isPort[y] {
			fill, joint = g.Horizontal, g.PlugLeft
		}
		switch {
		case y == first:
			joint = g.TopRight
		case y == last:
			joint = g.BottomRight
		case y == named && y == end:
			joint = g.BottomLeft
		case y == named:
			joint = g.PlugRight
		}
		gap := wrap.Blank(width - screen.Width(*text))
		if isPort[y] {
			gap = strings.Repeat(g.Horizontal, width-screen.Width(*text))
		}
		*text += " " + v.Theme.Rule.Render(gap+fill+joint)
		if y == named {
			*text += " " + bridge
		}
	}
}
