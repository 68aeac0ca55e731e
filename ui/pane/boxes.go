package pane

import (
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// side is a side of a box: a device stands at the side where its cable is.
type side int

const (
	atLeft side = iota
	atRight
)

func (s side) other() side { return 1 - s }

// card is one line of a box: at either side a device or an address, and
// whether a cable is plugged in there.
type card struct {
	text [2]string
	plug [2]bool
	of   string // the device that the address at the right is on
}

// box is one namespace: a title in its upper edge, at line top of the picture,
// and a line for each card.
type box struct {
	netns string
	title string
	top   int
	cards []card
}

// bottom is the line of the lower edge, which is also where a new card goes.
func (b *box) bottom() int { return b.top + len(b.cards) + 1 }

// at is the card on a line of the picture, made if it is not there yet.
func (b *box) at(line int) *card {
	for b.bottom() <= line {
		b.cards = append(b.cards, card{})
	}
	return &b.cards[line-b.top-1]
}

// picture is the pods at the left, the node in the middle and the outside at
// the right, each cable in one straight line between its two devices:
//
//	╭ ns1 · ✗ lo ──────╮    ╭ host ─────────────────────────╮    ╭ inet ──────────╮
//	│       ✓ ns1-eth0 ├────┤ ! veth-ns1             ✓ eth0 ├────┤ ✓ up0          │
//	│   172.20.1.10/24 │    │              192.168.6.160/24 │    │ 192.168.6.1/24 │
//	╰──────────────────╯    ╰───────────────────────────────╯    ╰────────────────╯
type picture struct {
	pods, outside []*box
	node          *box
	plugged       map[string]bool  // the node's devices that a cable is drawn to, and bridges beside them
	ports         map[string][]int // of a bridge: the lines of those at the left
}

// spot is where a box stands in the picture, in lines and cells.
type spot struct{ top, bottom, left, width int }

// boxes is the picture as lines, of at most w cells where that is possible, and where
// the watched namespace stands in it; not ok when there is no node.
func (v *Topology) boxes(w int) (lines []string, watched spot, ok bool) {
	host := v.Network.Snapshot(lab.Host)
	if host == nil {
		return nil, spot{}, false
	}
	p := v.compose(host, false)
	if p.width() > w {
		p = v.compose(host, true)
	}
	lines, watched = v.paint(p, w)
	return lines, watched, true
}

// compose puts the devices into their boxes. In a narrow picture the node's addresses
// that stand beside something stand below it all, each with its device.
func (v *Topology) compose(host *table.Snapshot, narrow bool) picture {
	p := picture{node: &box{netns: lab.Host, title: v.boxTitle(lab.Host)}, plugged: map[string]bool{}, ports: map[string][]int{}}
	for _, name := range v.inPicture() {
		switch name {
		case lab.Host:
		case lab.Inet:
			p.outside = append(p.outside, v.addBox(&p, name, 0, atLeft))
		default:
			top := 0
			if n := len(p.pods); n > 0 {
				top = p.pods[n-1].bottom() + 1
			}
			p.pods = append(p.pods, v.addBox(&p, name, top, atRight))
		}
	}
	below := v.rails(&p, host, narrow)
	if narrow {
		below = append(below, p.node.aside()...)
	}
	for _, address := range below {
		p.node.at(p.node.bottom()).text[atLeft] = "  " + address
	}
	for _, l := range host.Links {
		if !p.plugged[l.Name] && !l.Has("LOOPBACK") && !l.Fallback() {
			p.node.at(p.node.bottom()).text[atLeft] = v.deviceText(lab.Host, l)
		}
	}
	next := 0
	if n := len(p.outside); n > 0 {
		next = p.outside[n-1].bottom() + 1
	}
	if b, any := v.virtual(next); any {
		p.outside = append(p.outside, b)
	}
	return p
}

// aside takes the addresses at the right out of the box that stand beside something, and
// returns them with their devices.
func (b *box) aside() (addresses []string) {
	for i := range b.cards {
		if c := &b.cards[i]; c.of != "" && c.text[atLeft] != "" {
			addresses = append(addresses, c.of+" "+c.text[atRight])
			c.text[atRight] = ""
		}
	}
	return addresses
}

// addBox makes a namespace's box with its devices at one side, and puts the
// node's ends of their cables on the same lines.
func (v *Topology) addBox(p *picture, name string, top int, s side) *box {
	snap := v.Network.Snapshot(name)
	b := &box{netns: name, title: v.boxTitle(name), top: top}
	for _, l := range cablesFirst(snap.Links) {
		addrs := slices.DeleteFunc(inet(snap, l.Name), func(a string) bool { return a == "127.0.0.1/8" })
		if l.Fallback() || l.Has("LOOPBACK") && len(addrs) == 0 {
			continue
		}
		line := b.bottom()
		own := b.at(line)
		own.text[s] = v.deviceName(name, l)
		for i, addr := range addrs {
			b.at(line + 1 + i).text[s] = addr
		}
		if peerNetns, peer := v.Network.PeerOf(name, l); peerNetns == lab.Host && peer != "" {
			b.at(line).plug[s] = true
			p.plugged[peer] = true
			last := v.addNodeEnd(p, line, peer, s.other())
			b.at(last)
		}
	}
	b.at(b.top + 1) // an empty box has a line too
	return b
}

// cablesFirst puts the loopback last: so the cables are at the top.
func cablesFirst(links []table.Link) []table.Link {
	sorted := slices.Clone(links)
	slices.SortStableFunc(sorted, func(a, b table.Link) int {
		switch {
		case a.Has("LOOPBACK") == b.Has("LOOPBACK"):
			return 0
		case a.Has("LOOPBACK"):
			return 1
		}
		return -1
	})
	return sorted
}

// addNodeEnd writes the node's end of a cable and what belongs to it below,
// and returns the last line it used.
func (v *Topology) addNodeEnd(p *picture, line int, dev string, s side) int {
	host, node := v.Network.Snapshot(lab.Host), p.node
	l, _ := host.Link(dev)
	node.at(line).text[s] = v.deviceName(lab.Host, l)
	node.at(line).plug[s] = true
	belongings := inet(host, l.Name)
	addresses := len(belongings)
	switch {
	case l.Master != "" && s == atLeft && l.MasterKind == "bridge":
		p.ports[l.Master] = append(p.ports[l.Master], line)
	case l.Master != "":
		belongings = append(belongings, v.Theme.G.Out+" "+say.Clean(l.Master))
	}
	for i, text := range belongings {
		line++
		node.at(line).text[s] = text
		if s == atRight && i < addresses {
			node.at(line).of = say.Clean(l.Name)
		}
	}
	return line
}

// boxTitle is a namespace's name, with its loopback when that is down.
func (v *Topology) boxTitle(name string) string {
	title := v.Theme.Strong.Render(say.Clean(name)) + v.marks(name)
	lo, ok := v.Network.Snapshot(name).Link("lo")
	if ok && !lo.Up() {
		title += " " + v.Theme.G.Dot + " " + v.deviceName(name, lo)
	}
	return title
}
