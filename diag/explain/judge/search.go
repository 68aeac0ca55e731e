package judge

import (
	"bytes"
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// Search is the search for the station behind a next hop.
type Search struct {
	*Judge
	Space   *machine.Space // who searches
	Packet  journey.Packet // the packet that is to go there
	Link    table.Link     // by which device
	NextHop netip.Addr
	Sender  netip.Addr      // of an ARP request
	Entry   table.Neighbour // zero when there is none
	ByTable bool            // the frame has its MAC address from the neighbour table
}

// resolved are the states in which the kernel uses the MAC address it has.
var resolved = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}

// Resolved reports whether the kernel uses the MAC address of an entry.
func Resolved(entry table.Neighbour) bool { return slices.Contains(resolved, entry.State) }

// Failed is the finding that the neighbour table tells of after a packet was sent:
// nobody has the next hop.
func (a *Search) Failed() (cause.Finding, bool) {
	entry, ok, err := a.Space.NextHopNeighbour(a.Link.Index, a.NextHop)
	if err != nil || !ok || entry.State != "FAILED" && entry.State != "INCOMPLETE" {
		return nil, false
	}
	hop := a.Hop()
	hop.Entry = entry
	f := cause.NobodyAnswered{NextHop: hop, OnTheWay: a.NextHop != a.Packet.Dst || a.Packet.Encap != nil}
	f.Carrier, f.Far = fabric.CarriedToAll(a.Space, a.Link)
	if len(f.Far) > 0 {
		return f, true // the question may be lost on its way to them
	}
	if f, ok := a.redirected(hop); ok {
		return f, true
	}
	if f, other := absent.Gateway(a.Space, a.Packet.Dst, a.taken(), hop, nil); other {
		return f, true
	}
	if f, other := absent.Wire(a.Space, a.taken(), hop); other && a.NextHop == a.Packet.Dst {
		return f, true
	}
	if f, ok := a.unreflected(); ok {
		return f, true
	}
	return f, true
}

// redirected: a router has named the next hop in its own place, and the kernel has it still.
func (a *Search) redirected(hop cause.NextHop) (cause.Finding, bool) {
	now := a.taken()
	if !now.Redirect || now.Via != a.NextHop {
		return nil, false
	}
	return cause.Redirected{NextHop: hop, Dst: a.Packet.Dst, Route: now.Line}, true
}

// unreflected: what has the next hop stands on the same device as what asks, and the switch
// outside, which could have given the frame back to it, has not.
func (a *Search) unreflected() (cause.Finding, bool) {
	if a.Link.Kind != "macvlan" {
		return nil, false
	}
	x := a.Ask(a.Space, a.Link, a.Packet.Leg, a.Sender, a.NextHop, true)
	if f, ok := a.Stacked(x); ok {
		return f, true
	}
	f, _, ok := a.untagged(x)
	return f, ok
}

// Answers asks a station who has the next hop.
func (a *Search) Answers(s fabric.Station) machine.ARPAnswer {
	return s.Space.Answers(s.Dev, a.NextHop, a.Sender)
}

// Hop is whom the namespace looks for, and what its table has for that.
func (a *Search) Hop() cause.NextHop {
	return cause.NextHop{Asker: a.Space.Name, Dev: a.Link.Name, Addr: a.NextHop, Entry: a.Entry}
}

// taken is the route that the packet goes by. The kernel says it of no source that is not
// the namespace's own.
func (a *Search) taken() machine.RouteAnswer {
	q := a.Packet.Query()
	if !a.Space.Local(q.Src) {
		q.Src = netip.Addr{}
	}
	return a.Space.Route(q)
}

// Answering are the stations that would answer the request, and the tunnels that
// it gets lost in.
func (a *Search) Answering(x *fabric.Explorer) (yes, lost []fabric.Station) {
	for _, s := range x.Stations {
		switch {
		case s.Space == nil:
			lost = append(lost, s)
		case a.Answers(s).Yes && s.Dev.Sharing != "l3" && s.Dev.Sharing != "l3s":
			yes = append(yes, s)
		}
	}
	return yes, lost
}

// Hit are the stations that have the entry's MAC address, and those that have
// another one but answer for the next hop.
func (a *Search) Hit(x *fabric.Explorer) (hits, misses []fabric.Station) {
	for _, s := range x.Stations {
		switch {
		case s.Space == nil || s.Any || bytes.Equal(s.Dev.MAC, a.Entry.MAC):
			hits = append(hits, s)
		case a.Answers(s).Yes && !s.Unflooded:
			misses = append(misses, s)
		}
	}
	return hits, misses
}

// isMeant reports whether a device at the end of a tunnel is whom the frame is
// for.
func (a *Search) isMeant(n *machine.Space, dev table.Link) bool {
	if a.Entry.MAC != nil && bytes.Equal(a.Entry.MAC, dev.MAC) {
		return true
	}
	return n.Answers(dev, a.NextHop, a.Sender).Yes
}

// Foreign reports whether the entry may be of nobody that can be seen. That somebody who can be
// seen would answer for the next hop does not say that the entry is wrong, where frames for
// its MAC address come to others, too.
func (a *Search) Foreign(x *fabric.Explorer) bool {
	answered := false
	for _, s := range x.Stations {
		if s.Space != nil && bytes.Equal(s.Dev.MAC, a.Entry.MAC) {
			return false
		}
		answered = answered || s.Space != nil && a.Answers(s).Yes
	}
	return !answered && len(x.Edges) > 0 || x.Leaves()
}

// Rival is the finding of several stations with different MAC addresses that answer, or
// nil: the one whose answer is first wins, and what is in the way to one of them proves
// nothing.
func (a *Search) Rival(chosen fabric.Station, yes []fabric.Station) cause.Finding {
	for _, s := range yes {
		if len(s.Obstacles) > len(chosen.Obstacles) || bytes.Equal(s.Dev.MAC, chosen.Dev.MAC) || s.Space == chosen.Space {
			continue
		}
		if a.Answers(s).By != machine.ARPOwner || a.Answers(chosen).By != machine.ARPOwner {
			continue
		}
		return cause.Rivals{
			At: at(s.Space), Addr: a.NextHop, Chosen: chosen.Device(), Other: s.Device(), Own: remedy.OwnAddress(s.Space, a.NextHop),
		}
	}
	return nil
}

// Namesake is the finding of somebody else who gets broadcasts, as x found them, and has
// the MAC address of s, too; or nil.
func (a *Search) Namesake(x *fabric.Explorer, s fabric.Station) cause.Finding {
	if s.Space == nil || a.Told(cause.DuplicateMAC) || !s.Bridged() || s.Dev.Sharing != "" {
		return nil
	}
	for _, o := range x.Stations {
		if o.Space != nil && o.Space != s.Space && len(o.Obstacles) == 0 && o.Bridged() && o.Dev.Sharing == "" && bytes.Equal(o.Dev.MAC, s.Dev.MAC) {
			return cause.SharedMAC{NextHop: a.Hop(), Chosen: s.Device(), Other: o.Device()}
		}
	}
	return nil
}

// OwnMAC is found when whom the frame is for has the MAC address of who sends it:
// the bridge between them sends nothing back out of the port that it came in by.
func (a *Search) OwnMAC(s fabric.Station) (cause.Finding, bool) {
	if s.Space == nil || s.Space == a.Space || a.Told(cause.DuplicateMAC) || !s.Bridged() || !bytes.Equal(s.Dev.MAC, a.Link.MAC) {
		return nil, false
	}
	return cause.SharedMAC{NextHop: a.Hop(), Chosen: s.Device(), Other: fabric.Site{Space: a.Space, Dev: a.Link}.Device(), Own: true}, true
}

// Misled is the fault of a frame that came to n although the next hop is
// somebody else: the neighbour table had a MAC address which is n's, or there are
// two who have the address.
func (a *Search) Misled(n *machine.Space) (cause.Finding, fabric.Station, bool) {
	var right, wrong fabric.Station
	for _, s := range a.Send(nil, false).Stations {
		switch {
		case s.Space == n:
			wrong = s
		case s.Space != nil && len(s.Obstacles) == 0 && a.Answers(s).Yes:
			right = s
		}
	}
	if right.Space == nil || wrong.Space == nil {
		return nil, fabric.Station{}, false
	}
	if a.Answers(wrong).Yes {
		own := remedy.OwnAddress(n, a.NextHop)
		return cause.WrongAnswer{At: at(n), Hop: a.Hop(), Right: right.Device(), Wrong: wrong.Device(), Own: own}, right, true
	}
	if bytes.Equal(right.Dev.MAC, wrong.Dev.MAC) {
		return cause.SharedMAC{NextHop: a.Hop(), Chosen: right.Device(), Other: wrong.Device(), Led: true}, right, true
	}
	return cause.MACOfAnother{NextHop: a.Hop(), Wrong: wrong.Device(), Right: right.Device()}, right, true
}

// wouldBeAnswered reports whether an ARP request for the next hop would be
// answered now.
func (a *Search) wouldBeAnswered() bool {
	for _, s := range a.Send(nil, false).Stations {
		if s.Space != nil && len(s.Obstacles) == 0 && a.Answers(s).Yes {
			return true
		}
	}
	return false
}

// Elsewhere is the fault of a tunnel whose forwarding database has the wrong
// other end for a frame.
func (a *Search) Elsewhere(x *fabric.Explorer) (device.TunnelElsewhere, fabric.Station, bool) {
	tried := map[netip.Addr]bool{}
	for _, s := range x.Stations {
		for _, c := range s.Crossings {
			tried[c.Remote] = true
		}
	}
	for _, s := range x.Stations {
		for _, c := range s.Crossings {
			if !c.Remote.IsValid() {
				continue
			}
			far, ok := a.otherEnd(fabric.Site{Space: c.Space, Dev: c.Dev}, a.isMeant)
			if !ok || tried[far.addr] {
				continue
			}
			return device.TunnelElsewhere{
				NextHop: a.Hop(), Dev: c.Dev.Name, Remote: c.Remote, Right: x.Right(c, far.addr),
				Entries: machine.FDBOf(c.Space, c.Dev, func(e table.FDBEntry) bool { return e.Dst == c.Remote }),
			}, fabric.Station{Space: far.Space, Dev: far.Dev}, true
		}
	}
	return device.TunnelElsewhere{}, fabric.Station{}, false
}
