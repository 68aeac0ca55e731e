package pane

import (
	"strings"

	"nstutor/internal/wrap"
	"nstutor/ui/screen"
)

// Cables are at least minCable cells long, and at most maxCable where there is
// room to spare.
const (
	minCable = 1
	maxCable = 10
)

// paint draws the picture's lines, of more than w cells where it takes more, and says
// where the watched namespace stands.
func (v *Topology) paint(p picture, w int) (lines []string, watched spot) {
	columns := p.columns()
	inner, height, need, cables := p.measure()
	length := maxCable
	if cables > 0 {
		length = max(minCable, min(maxCable, (w-need)/cables))
	}
	left := 0
	for i, boxes := range columns {
		if len(boxes) == 0 {
			continue
		}
		for _, b := range boxes {
			if b.netns == v.Network.Watch {
				watched = spot{b.top, b.bottom(), left, inner[i] + 4}
			}
		}
		left += inner[i] + 4 + length
	}
	for y := range height {
		var line strings.Builder
		for i, boxes := range columns {
			if len(boxes) == 0 {
				continue
			}
			text, plugged := v.boxLine(boxes, y, inner[i])
			if line.Len() > 0 {
				line.WriteString(v.cable(plugged, length))
			}
			line.WriteString(text)
		}
		lines = append(lines, line.String())
	}
	return lines, watched
}

// columns are the boxes from left to right.
func (p *picture) columns() [3][]*box { return [3][]*box{p.pods, {p.node}, p.outside} }

// measure says how wide each column is between its edges and their margins, how high the
// picture is, and what it needs in width beside its cables.
func (p *picture) measure() (inner [3]int, height, need, cables int) {
	cables = -1
	for i, boxes := range p.columns() {
		for _, b := range boxes {
			inner[i] = max(inner[i], b.inner())
			height = max(height, b.bottom()+1)
		}
		if len(boxes) > 0 {
			need += inner[i] + 4
			cables++
		}
	}
	return inner, height, need, cables
}

// width is how many cells the picture takes at least.
func (p *picture) width() int {
	_, _, need, cables := p.measure()
	return need + cables*minCable
}

// inner is how many cells the box needs between its edges and their margins.
func (b *box) inner() int {
	w := screen.Width(b.title) + 1
	for _, c := range b.cards {
		used := screen.Width(c.text[atLeft]) + screen.Width(c.text[atRight])
		if c.text[atLeft] != "" && c.text[atRight] != "" {
			used += 2
		}
		w = max(w, used)
	}
	return w
}

func (v *Topology) cable(plugged bool, length int) string {
	if !plugged {
		return wrap.Blank(length)
	}
	return strings.Repeat(v.Theme.G.Box.Horizontal, length)
}

// boxLine is what a column of boxes shows on line y, and whether a cable is
// plugged in there at the left.
func (v *Topology) boxLine(boxes []*box, y, inner int) (text string, plugged bool) {
	g := v.Theme.G.Box
	for _, b := range boxes {
		switch {
		case y == b.top:
			rest := strings.Repeat(g.Horizontal, inner-screen.Width(b.title))
			return v.Theme.Rule.Render(g.TopLeft) + " " + b.title + " " + v.Theme.Rule.Render(rest+g.TopRight), false
		case y == b.bottom():
			return v.Theme.Rule.Render(g.BottomLeft + strings.Repeat(g.Horizontal, inner+2) + g.BottomRight), false
		case y > b.top && y < b.bottom():
			return v.cardLine(b.cards[y-b.top-1], inner)
		}
	}
	return wrap.Blank(inner + 4), false
}

func (v *Topology) cardLine(c card, inner int) (text string, plugged bool) {
	g := v.Theme.G.Box
	edges := [2]string{v.Theme.Rule.Render(g.Vertical), v.Theme.Rule.Render(g.Vertical)}
	if c.plug[atLeft] {
		edges[atLeft] = g.PlugLeft
	}
	if c.plug[atRight] {
		edges[atRight] = g.PlugRight
	}
	gap := wrap.Blank(inner - screen.Width(c.text[atLeft]) - screen.Width(c.text[atRight]))
	return edges[atLeft] + " " + c.text[atLeft] + gap + c.text[atRight] + " " + edges[atRight], c.plug[atLeft]
}
