package pane

import (
	"nstutor/diag/wire"
	"nstutor/internal/say"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// newest is the packet that set out last, or nil: the picture shows how far it has
// come. While the learner asks why, the picture shows what the answer is about.
func (v *Topology) newest() *wire.Packet {
	all := v.Network.Packets.All
	if len(all) == 0 || v.Why.Open {
		return nil
	}
	return all[len(all)-1]
}

// seenAt says whether the newest packet was seen last at this device; no device stands
// for the namespace, which has the loopback's mark.
func (v *Topology) seenAt(netns, dev string) bool {
	p := v.newest()
	if p == nil || p.Last().Netns != netns {
		return false
	}
	at := p.Last().Dev
	return at == dev && at != "lo" || at == "lo" && dev == ""
}

// seenTitle says in words which packet that is, and where; where w cells do not hold
// both, only where.
func (v *Topology) seenTitle(w int) string {
	title, p := v.Say(words.Topology), v.newest()
	if p == nil {
		return title
	}
	last := p.Last()
	place := say.Clean(last.Netns + " " + last.Dev)
	title += " " + v.Theme.G.Dot + " " + v.Theme.G.Packet + " "
	if long := title + v.Say(words.LastSeen, say.Clean(last.Carried().Gist()), place); screen.Width(long) <= w {
		return long
	}
	return title + place
}
