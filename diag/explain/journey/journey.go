package journey

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/mended"
	"nstutor/diag/explain/outdated"
	"nstutor/diag/explain/taught"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// MaxHops is the TTL of a packet that says nothing else, and bounds a journey.
const MaxHops = 64

// Journey is that of one request, and of its reply.
type Journey struct {
	World   *machine.Machine
	From    *machine.Space
	Dest    netip.Addr
	Source  netip.Addr // the kernel's choice; invalid when it had none
	Asks    flows.Flow // the request as it was sent
	Reached flows.Flow // … and as it was delivered
	Size    int        // of the request in bytes, with the IP header
	Whole   bool       // the reply must not be fragmented

	Hops        []hop.Hop
	Faults      []Found                        // in the order in which they were met: each was found as though those before it had been mended
	Notices     []Found                        // what is wrong on the way, and did not stop it
	Mended      mended.Network                 // what is taken for mended
	Last        map[*machine.Space]eval.Packet // the request as it left each space: its replies are told by it
	Kept        map[*machine.Space]eval.Place  // the rule that keeps connection tracking from the reply there
	Began       []Passage                      // the request as it was made
	Passed      []Passage                      // spaces that forwarded the request, in order
	Hooked      []Passage                      // where rules saw it, before they translated it
	Turned      []Turning                      // where they sent it elsewhere
	Virtual     map[*machine.Space]Turning     // where a virtual service sent it to a server
	Direct      Directed                       // the last time that one sent it to a server as it was
	Parted      *Parting                       // where the reply left the request's way; nil: it is on it
	Lessons     taught.Lessons                 // for those who heard it
	Connections outdated.Connections           // that the request belongs to
}

// Begin is a journey that has not begun.
func Begin(world *machine.Machine, from *machine.Space, dest netip.Addr) *Journey {
	return &Journey{World: world, From: from, Dest: dest, Last: map[*machine.Space]eval.Packet{}, Kept: map[*machine.Space]eval.Place{}, Virtual: map[*machine.Space]Turning{}}
}

// Notice remembers what is wrong on the way, and does not stop this packet; f may be nil.
func (j *Journey) Notice(leg flows.Leg, f cause.Finding) {
	if f == nil {
		return
	}
	found := Find(leg, f)
	known := func(o Found) bool { return o.Detail().In("en") == f.Detail().In("en") }
	if !slices.ContainsFunc(j.Notices, known) {
		j.Notices = append(j.Notices, found)
	}
}

// Passage is a space that forwarded the request, and by which route.
type Passage struct {
	Space  *machine.Space
	Route  machine.RouteAnswer
	IIF    string
	Packet Packet // as it was routed
}

// Turning is a space whose rules sent the request on to another destination, as
// they do for a service.
type Turning struct {
	Space    *machine.Space
	From, To flows.Flow
}

// Directed is a virtual service that sent the request to a server as it was, in a frame for
// that, or in a packet of a tunnel. The zero value is of none.
type Directed struct {
	By     *machine.Space
	Server netip.Addr
	Kind   string // the kind of the tunnel; empty: there is none
}

// Parting is where a reply leaves the way that its request came.
type Parting struct {
	Space *machine.Space
	Route machine.RouteAnswer
	Dst   netip.Addr
	Reply Packet
}

// Ways are the passages of the request, from where it was made on.
func (j *Journey) Ways() []Passage { return slices.Concat(j.Began, j.Passed) }

// Turn remembers where the request was sent elsewhere.
func (j *Journey) Turn(n *machine.Space, before, after Packet) {
	if before.Dst != after.Dst || before.DstPort != after.DstPort {
		j.Turned = append(j.Turned, Turning{n, before.Flow(), after.Flow()})
	}
}

// TurnedLast is where it was sent elsewhere last.
func (j *Journey) TurnedLast() (Turning, bool) {
	if len(j.Turned) == 0 {
		return Turning{}, false
	}
	return j.Turned[len(j.Turned)-1], true
}

// Mind remembers where the reply first takes another device than the one its
// request came in by. That is no fault: but if the reply is lost behind it, the
// route taken there is the reason.
func (j *Journey) Mind(n *machine.Space, p Packet, route machine.RouteAnswer) {
	if !p.IsReply() || j.Parted != nil {
		return
	}
	if in := j.CameIn(n); in != "" && in != route.DevName {
		j.Parted = &Parting{n, route, p.Dst, p}
	}
}

// BackOnTrack forgets where the reply took another way, once it is again in a
// space that the request passed before it came there.
func (j *Journey) BackOnTrack(n *machine.Space) {
	if j.Parted == nil || n == j.Parted.Space {
		return
	}
	for _, p := range j.Passed {
		if p.Space == j.Parted.Space {
			return
		}
		if p.Space == n {
			j.Parted = nil
			return
		}
	}
}

// CameIn is the device that the request came in by, or empty.
func (j *Journey) CameIn(n *machine.Space) string {
	for _, h := range slices.Backward(j.Hops) {
		if Received(h, n) {
			return h.Device
		}
	}
	return ""
}

// Received reports whether a hop is one where the request itself came in to n.
func Received(h hop.Hop, n *machine.Space) bool {
	return h.Leg == flows.LegRequest && h.Stage == hop.StageReceive && h.Space == n && !h.Carrying
}

// SentBy is who sent the frame that hop i received, and by which device: the last one
// that chose a route.
func (j *Journey) SentBy(i int) (*machine.Space, string, bool) {
	for _, h := range slices.Backward(j.Hops[:i]) {
		if h.Leg == flows.LegRequest && h.Stage == hop.StageRoute && h.Space != nil && !h.Carrying {
			return h.Space, h.Device, true
		}
	}
	return nil, "", false
}

// Exit is the first space that forwarded the request by its default route, and how it
// did so last.
func (j *Journey) Exit() (space *machine.Space, route machine.RouteAnswer, ok bool) {
	for _, p := range j.Passed {
		if byDefault := p.Route.Entry.Type != "" && p.Route.Entry.Default(); byDefault && (!ok || p.Space == space) {
			space, route, ok = p.Space, p.Route, true
		}
	}
	return space, route, ok
}

// LeftFrom is the network of the request's source, if all of it leaves a space as
// the request did.
func (j *Journey) LeftFrom(n *machine.Space, src netip.Addr) netip.Prefix {
	for _, p := range j.Passed {
		if p.Space == n && p.Packet.Src == src {
			return n.Leaving(j.From, p.Packet.Filtered, src, p.Route.DevName)
		}
	}
	return netip.Prefix{}
}

// Circle are the spaces that a packet passes again and again, from n on.
func (j *Journey) Circle(n *machine.Space, leg flows.Leg) []*machine.Space {
	spaces := []*machine.Space{n}
	for _, h := range slices.Backward(j.Hops) {
		if h.Leg != leg || h.Stage != hop.StageRoute || h.Space == nil || h.Carrying {
			continue
		}
		if h.Space == n {
			break
		}
		spaces = append(spaces, h.Space)
	}
	return spaces
}

// VRF is that in which a space looks for the way of a packet, by the device that it came in
// by last, and that device; without a name when it is in none.
func (j *Journey) VRF(n *machine.Space) (vrf, dev table.Link) {
	for _, h := range slices.Backward(j.Hops) {
		if h.Space != n || h.Stage != hop.StageReceive || h.Carrying {
			continue
		}
		dev, err := n.Link(h.Device)
		if err != nil {
			break
		}
		vrf, _ := n.VRFOf(dev)
		return vrf, dev
	}
	return table.Link{}, table.Link{}
}

// AcrossOneBridge reports whether the request left a space by the bridge that it
// came in by.
func (j *Journey) AcrossOneBridge(n *machine.Space) bool {
	return slices.ContainsFunc(j.Passed, func(p Passage) bool {
		link, err := n.Link(p.IIF)
		return p.Space == n && p.IIF == p.Route.DevName && err == nil && link.Kind == "bridge"
	})
}

// Told reports whether a fault of a kind was met already.
func (j *Journey) Told(code cause.Code) bool {
	return slices.ContainsFunc(j.Faults, func(f Found) bool { return f.Code() == code })
}

// ToldDown reports whether it was noted already that a device is down.
func (j *Journey) ToldDown(netns, dev string) bool {
	return slices.ContainsFunc(j.Faults, func(f Found) bool { return f.Netns() == netns && cause.DownDevice(f.Finding) == dev })
}
