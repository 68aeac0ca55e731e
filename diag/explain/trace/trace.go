package trace

import (
	"cmp"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/mended"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// Question is a packet to follow, from From to Dest: a ping, the first
// segment of a TCP connection, or a datagram.
type Question struct {
	From             *machine.Space
	Dest             netip.Addr
	Proto            byte // IPPROTO_TCP or IPPROTO_UDP; 0: a ping
	SrcPort, DstPort uint16
	Dev              int // that it has to leave by, as a link-local Dest has; 0: any
	// Pick is which of the ways is taken where rules draw by lot: its number in
	// Trace.Ways, which are the same each time.
	Pick   int
	Length int  // bytes, with the IP header
	DF     bool // no router may fragment it (ping -M do)
	// Whole has the reply be like the request: as long, and not to be fragmented.
	Whole bool
	// Arrival is how the reply comes back from where nothing can be seen.
	Arrival Arrival
	// Mended is what is taken for mended from the start.
	Mended mended.Network
	// Rival has the packet go to the other one of two who answer for a next hop.
	Rival bool
	// First has only the first fault found, for who asks no more than whether there is any.
	First bool
}

// Arrival is how a reply was seen to come in, where its request had left what can be
// seen. The zero value is one that comes in where the request went out.
type Arrival struct {
	Dev string
	TTL int
	MAC net.HardwareAddr // whom its frame is for; nil stands for who sent the request out
}

// Trace is what became of a packet and its reply.
type Trace struct {
	Source netip.Addr // the kernel's choice; invalid when it had none
	Hops   []hop.Hop
	// Faults are what stops the packet, in the order in which it meets them: each was
	// found as though those before it had been mended.
	Faults []journey.Found
	// Doubt is what may stop it, when nothing certainly does: only a packet can tell.
	Doubt *journey.Found
	// Notices are what is wrong on its way, and does not stop it.
	Notices []journey.Found
	// Beyond is where it left what can be seen.
	Beyond *Beyond
	Unseen []cause.Unseen // what could not be looked at, and was taken to let it pass
	Lost   bool           // it came to something that cannot be judged
	Back   bool           // the reply is where the request began
	// Listens is the socket that takes the request; nil of a ping, and where nobody does.
	Listens *listening.Listener
	// Reached is the request as it was delivered, behind all translations; its Dst is
	// invalid where it was not.
	Reached flows.Flow
	// Meant is the request as it was before rules of the namespace that takes it sent it
	// to the socket that it came to; its Dst is invalid where none did.
	Meant flows.Flow
	// Ways are those that rules have drawn by lot from, and sent the request elsewhere
	// by each: a service with several backends. nil where there was one way only. Drawn is
	// the namespace of the rules.
	Ways  []eval.Branch
	Drawn *machine.Space
	// Met are the namespaces whose rules the request has met, and as what.
	Met []Met
	// Mended is the network that the last of it was judged on: without the Faults.
	Mended mended.Network
}

// Met is a request as it came to the rules of a namespace.
type Met struct {
	Space *machine.Space
	Flow  flows.Flow
	Sent  bool // elsewhere, by a rule there
}

// Follow follows a packet and its reply, and asks the kernel at every hop. It
// sends nothing.
func Follow(world *machine.Machine, q Question) *Trace {
	w := begin(journey.Begin(world, q.From, q.Dest))
	w.arrival, w.pick, w.Mended, w.Size, w.Whole, w.first, w.rival = q.Arrival, q.Pick, q.Mended, q.Length, q.Whole, q.First, q.Rival
	w.Asks = flows.Flow{Proto: cmp.Or(q.Proto, flows.OfPing(q.Dest)), Dst: q.Dest, SrcPort: q.SrcPort, DstPort: q.DstPort}
	w.originate(q.From, journey.Packet{
		ECN: q.From.AsksECN(),
		Leg: flows.LegRequest, Dst: q.Dest, Kind: q.Proto, SrcPort: q.SrcPort, DstPort: q.DstPort,
		TTL: journey.MaxHops, Origin: q.From, OIF: q.Dev, Length: q.Length, DF: q.DF,
	})
	if len(w.Faults) == 0 && w.learnt != nil {
		w.Faults = append(w.Faults, journey.Find(w.learnt.Leg, w.beyondSight(w.learnt.Finding)))
	}
	if s := w.sending; s != nil && !q.First {
		q.Mended.Send(s.space, s.flow, s.to)
		if behind := Follow(world, q).Faults; len(behind) >= s.at-1 {
			w.Faults = append(w.Faults[:s.at:s.at], behind[s.at-1:]...)
		}
	}
	w.askAgain()
	w.unserved()
	w.useless()
	if f, ok := w.renewed(); ok && len(w.Faults) > 0 {
		q.Mended.Fresh = true
		w.Faults = append([]journey.Found{f}, Follow(world, q).Faults...)
	} else if ok {
		w.doubtful = &f
	}
	t := &Trace{
		Hops: w.Hops, Faults: w.Faults, Doubt: w.doubtful, Notices: w.Notices,
		Unseen: w.unseen, Lost: w.lost, Back: w.ended,
		Listens: w.listens, Reached: w.Reached, Meant: w.meant(), Ways: w.ways, Drawn: w.drawn, Mended: w.Mended,
	}
	if w.From.Local(w.Source) || len(machine.AddressesOf(w.From, w.Source)) > 0 { // and not what it would send from, were it mended
		t.Source = w.Source
	}
	for _, p := range w.Hooked {
		sent := slices.ContainsFunc(w.Turned, func(t journey.Turning) bool { return t.Space == p.Space && t.From == p.Packet.Flow() })
		t.Met = append(t.Met, Met{p.Space, p.Packet.Flow(), sent})
	}
	if w.outside != nil {
		t.Beyond = &Beyond{w.outside}
	}
	return t
}

// End is the last stage that the packet came to, or if it came to its end, the
// first that could not be looked at.
func (t *Trace) End(from *machine.Space) (leg flows.Leg, netns string, detail Text) {
	if len(t.Hops) == 0 {
		return flows.LegRequest, from.Name, Text{}
	}
	for _, h := range t.Hops {
		if !t.Lost && len(t.Unseen) > 0 && h.Unseen {
			return h.Leg, h.Netns, h.Detail
		}
	}
	last := t.Hops[len(t.Hops)-1]
	return last.Leg, last.Netns, last.Detail
}

// Beyond is a packet that left what can be seen, by a device whose other end is
// somebody else's.
type Beyond struct{ *outside }

// Dev is the device.
func (b *Beyond) Dev() string { return b.Edge.Dev.Name }

// Length is that of the packet, with its headers.
func (b *Beyond) Length() int { return b.packet.Length }

// fewHops are no more than a way through the world may take, which no sender has to reckon with.
const fewHops = 30

// Shortened is the finding of what gave the packet so few hops to live that they are spent at by,
// a rule or its sender; nil where they are enough for any way.
func (b *Beyond) Shortened(by netip.Addr) cause.Finding {
	if b.packet.Shortened == nil && (b.packet.Origin == nil || !b.packet.IsRequest() || b.packet.Encap != nil || b.packet.TTL >= fewHops) {
		return nil
	}
	f := judge.Short(b.packet, by.String())
	if began, ok := f.(cause.TTLSpent); ok {
		began.Beyond = true
		return began
	}
	return f
}

// NextHop is whom it left for.
func (b *Beyond) NextHop() netip.Addr { return b.search.NextHop }

// Src is the source that the packet left with.
func (b *Beyond) Src() netip.Addr { return b.packet.Src }

// Untried is what is said of it before anybody tried; unsure when something on the
// way to there could not be looked at.
func (b *Beyond) Untried(unsure bool) journey.Found {
	left := b.Left(at(b.Space))
	left.Unsure = unsure
	return journey.Find(b.packet.Leg, cause.Untried{Beyond: left, Why: b.Why})
}

// Left is the packet as it left, for a finding that is at a namespace.
func (b *Beyond) Left(where cause.At, seen ...Text) cause.Beyond {
	router, dst := b.search.Space, b.packet.Dst
	return cause.Beyond{
		At: where, Dev: b.Edge.Dev.Name, NextHop: b.search.NextHop, Flow: b.packet.Flow(), Seen: append(seen, b.Directed()...), To: b.Edge.Space.FarEnd(b.Edge.Dev, dst),
		Astray: b.packet.DstPort != 0 && b.packet.IsRequest() && machine.Private(dst) && router != nil && router.Route(machine.RouteQuery{Dst: dst}).Entry.Default(),
	}
}

// Pinned is the permanent entry that gives the next hop's MAC address; its State is empty
// where that was asked for.
func (b *Beyond) Pinned() table.Neighbour {
	if b.search.Entry.State != "PERMANENT" {
		return table.Neighbour{}
	}
	return b.search.Entry
}

// Alien reports whether the source is an address of the namespace that the packet leaves,
// and in no network of the device that it leaves by.
func (b *Beyond) Alien() bool {
	addrs, err := b.Edge.Space.Addrs(b.Edge.Dev.Index)
	return err == nil && len(addrs) > 0 && b.Plain() && b.Edge.Space.Local(b.packet.Src) &&
		!slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Contains(b.packet.Src) })
}

// Behind is what would take the packet out of another device, were the route not there by
// which its own namespace sent it.
func (b *Beyond) Behind() (lines []Text) {
	if !b.Plain() || b.packet.Encap != nil {
		return nil
	}
	for _, passed := range b.search.Ways() {
		if r, ok := absent.Behind(passed.Space, b.packet.Dst, passed.Route); ok && passed.Space == b.Edge.Space {
			lines = append(lines, wPassedOver.Of(passed.Route.Entry.Line(), r.Line()))
		}
	}
	return append(lines, b.Ruled()...)
}

// Ruled are the policy rules by which the packet took another way than that of main.
func (b *Beyond) Ruled() (lines []Text) {
	if b.packet.Leg != flows.LegRequest || b.packet.Encap != nil {
		return nil
	}
	for _, passed := range b.search.Ways() {
		by, now := passed.Route.By, passed.Route
		rest, link, ok := machine.MainRoute(passed.Space, b.packet.Dst)
		if ok && by.Action != "" && !by.L3mdev && (link.Index != now.Dev || rest.Via != now.Via) {
			lines = append(lines, wRuled.Of(ruleOf(by), by.TableName(), quote(rest.Line())))
		}
	}
	return lines
}

// PerhapsRouted says that a wide prefix may have somebody on the wire who is behind a router there.
func (b *Beyond) PerhapsRouted() (lines []Text) {
	for _, passed := range b.search.Ways() {
		if r, ok := absent.Routed(passed.Space, b.packet.Dst, passed.Route); ok && passed.Space == b.Edge.Space {
			lines = append(lines, wPerhapsRouted.Of(quote(passed.Route.Line), b.packet.Dst, quote(r.Line())))
		}
	}
	return lines
}

// Directed is what a server needs that a virtual service has sent the request to as it was.
func (b *Beyond) Directed() []Text {
	to := b.search.Direct
	if to.By == nil {
		return nil
	}
	if to.Kind != "" {
		return []Text{wUnwraps.Of(to.Server, b.search.Asks.Dst, to.Kind)}
	}
	return []Text{wHasToo.Of(to.Server, b.search.Asks.Dst)}
}

// Plain reports whether what leaves by the device is the namespace's own: frames for
// it have the device's MAC address.
func (b *Beyond) Plain() bool {
	return b.search.Space == b.Edge.Space && b.search.Link.Index == b.Edge.Dev.Index && b.Edge.Dev.Master == ""
}

// Elsewhere is the fault of a request that left for where nothing can be seen, although
// its destination is behind another device of a namespace that it passed. It is looked
// for in every namespace, which only a packet that was lost is worth.
func (b *Beyond) Elsewhere() (journey.Found, bool) {
	if b.packet.Leg != flows.LegRequest || b.packet.Encap != nil {
		return journey.Found{}, false
	}
	if d := b.search.Missed(nil, b.packet); d != nil {
		return journey.Find(flows.LegRequest, d.Finding), true
	}
	for _, passed := range b.search.Ways() {
		if f, ok := absent.Narrower(passed.Space, b.packet.Dst, passed.Route); ok {
			return journey.Find(flows.LegRequest, f), true
		}
		if f, ok := absent.Overruled(passed.Space, b.packet.Dst, passed.Route); ok {
			return journey.Find(flows.LegRequest, f), true
		}
		if f, ok := absent.Untold(passed.Space, b.packet.Dst, passed.Route); ok {
			return journey.Find(flows.LegRequest, f), true
		}
		if f, ok := b.search.Unpassed(passed); ok {
			return journey.Find(flows.LegRequest, f), true
		}
	}
	return journey.Found{}, false
}

// RoutesDown are the devices that are down where the request took the default route: one of
// them may have had the way to a private address.
func (b *Beyond) RoutesDown() (lines []Text) {
	for _, passed := range b.search.Ways() {
		devices, err := passed.Space.DevicesFor(b.packet.Dst)
		if err != nil || !passed.Route.Entry.Default() || passed.Route.Entry.Type == "" || b.packet.Leg == flows.LegReply || !machine.Private(b.packet.Dst) {
			continue
		}
		for _, d := range devices {
			if own := slices.IndexFunc(d.Addrs, func(a table.Addr) bool { return !a.Prefix.IsSingleIP() }); own >= 0 && !d.Link.Up() && d.Link.Kind != "bridge" {
				lines = append(lines, wRoutesDown.Of(d.Link.Name, title(passed.Space), b.packet.Dst))
			}
		}
	}
	return lines
}

// Tunnel is what carries the request through a tunnel, as a person calls it; empty: the
// request itself left.
func (b *Beyond) Tunnel() string {
	if b.packet.Encap == nil {
		return ""
	}
	return fabric.TunnelName(b.packet.Encap.Dev)
}

// Unanswered is the fault that the neighbour table tells of after a packet was
// sent: nobody beyond has the next hop.
func (b *Beyond) Unanswered() (journey.Found, bool) {
	f, ok := b.search.Failed()
	if !ok {
		return journey.Found{}, false
	}
	if nobody, ok := f.(cause.NobodyAnswered); ok {
		nobody.To = b.Edge.Space.FarEnd(b.Edge.Dev, b.packet.Dst)
		f = nobody
	}
	return journey.Find(b.search.Packet.Leg, f), true
}

// OtherWires are the other devices whose network the next hop is in, too, for it may be there.
func (b *Beyond) OtherWires() (lines []Text) {
	a := b.search
	devices, err := a.Space.DevicesFor(a.NextHop)
	if err != nil {
		return nil
	}
	for _, d := range devices {
		for _, o := range d.Addrs {
			if d.Link.Index != a.Link.Index && d.Link.Up() && o.Prefix.Contains(a.NextHop) && !o.Prefix.IsSingleIP() {
				lines = append(lines, wAlsoIn.Of(d.Link.Name, o.Prefix.Masked(), a.NextHop))
			}
		}
	}
	return lines
}

// Unasking is the device that the frame left by, if it has sent that to its own MAC address,
// because it asks nobody for another.
func (b *Beyond) Unasking() (fabric.Site, bool) {
	return fabric.Site{Space: b.search.Space, Dev: b.search.Link}, b.packet.Encap == nil && b.search.Unasking()
}

// Resolved reports whether the kernel has a MAC address for the next hop, or
// needs none.
func (b *Beyond) Resolved() bool {
	a := b.search
	if a.Link.Has("NOARP") {
		return true
	}
	entry, ok, err := a.Space.NextHopNeighbour(a.Link.Index, a.NextHop)
	return err == nil && ok && judge.Resolved(entry)
}
