package trace

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/mended"
	"nstutor/diag/explain/outdated"
	"nstutor/diag/explain/taught"
	"nstutor/diag/netfilter/eval"
)

// maxHops bounds the walk; a packet's TTL is 64.
const maxHops = 64

// walk follows one request and its reply. Every fault that it meets is
// kept, and taken for mended from there on: what lies behind is what would still be
// broken.
type walk struct {
	world   *machine.Machine
	from    *machine.Space
	dest    netip.Addr
	source  netip.Addr
	hops    []hop.Hop
	faults  []Found
	last    map[*machine.Space]eval.Packet // the request as it left each namespace: its replies are told by it
	kept    map[*machine.Space]eval.Place  // the rule that keeps connection tracking from the reply there
	began   []passage                      // the request as it was made
	passed  []passage                      // namespaces that forwarded the request, in order
	mended  mended.Network
	parted  *parting
	strayed bool // the reply was lost behind the parting: the walk ends
	lost    bool // the walk came to something that it cannot judge
	ended   bool // the reply is back

	been        map[visit]bool
	lessons     taught.Lessons
	listens     *listening.Listener // who takes the request
	reached     flows.Flow          // the request as it was delivered
	asks        flows.Flow          // … and as it was sent
	turned      []turning
	pick        int                  // which of the ways is taken that rules draw by lot
	ways        []eval.Branch        // that they drew first
	drawn       *machine.Space       // … in which namespace
	hooked      []passage            // where the rules saw it, before they translated it
	landed      *machine.Space       // whom the last carrying packet of a tunnel came to
	opened      netip.Addr           // and at which address
	depth       int                  // of tunnels in tunnels
	arrival     Arrival              // of the reply from where nothing can be seen
	unseen      []cause.Unseen       // what could not be looked at on the way, and was taken to let the packet pass
	doubtful    *Found               // what may be wrong: only the ping can tell
	outside     *outside             // where the walk got out of sight
	asking      *arping              // the search for the next hop of the packet that goes out now
	tunnelled   *outside             // where a carrying packet did
	arping      *arping              // the last search for a next hop
	size        int                  // of the request in bytes, with the IP header
	whole       bool                 // the reply must not be fragmented
	unsent      bool                 // the request itself is not sent, for want of an answer to ARP
	learnt      *Found               // the sender knows of an MTU on the path
	connections outdated.Connections // that the request belongs to
}

// visit is a packet in a namespace: the same one twice goes in circles.
type visit struct {
	node *machine.Space
	iif  int
	flow flows.Flow
}

// passage is a namespace that forwarded the request, and by which route.
type passage struct {
	node   *machine.Space
	route  machine.RouteAnswer
	iif    string
	packet packet // as it was routed
}

// hop notes a stage that the packet passes.
func (w *walk) hop(n *machine.Space, p packet, stage hop.Stage, dev string, detail Text) {
	if w.strayed {
		return
	}
	w.hops = append(w.hops, hop.Hop{
		Leg: p.leg, Netns: n.Name, Device: dev, Stage: stage,
		Predicted: w.prediction(), Observed: hop.Unknown, Detail: detail,
		Space: n, Carrying: p.encap != nil,
	})
}

// wired notes a stage that a frame on a device proves, of which there is no more
// to say.
func (w *walk) wired(n *machine.Space, p packet, stage hop.Stage, dev string) {
	detail, out := wIn.Of(p, dev), stage == hop.StageSend
	if out {
		detail = wOut.Of(p, dev)
	}
	if w.wiredAs(n, p, stage, dev, detail) && p.encap == nil {
		w.hops[len(w.hops)-1].Frame = &hop.Frame{Src: p.src, Dst: p.dst, Out: out}
	}
}

// wiredAs notes one of which there is more to say. It reports whether a frame
// can prove it.
func (w *walk) wiredAs(n *machine.Space, p packet, stage hop.Stage, dev string, detail Text) bool {
	w.hop(n, p, stage, dev, detail)
	if w.strayed || w.unsent || p.below && isBridge(n, dev) {
		return false
	}
	seen := hop.Sighting{Space: n, Dev: dev, Flow: p.seenAs(), Out: stage == hop.StageSend}
	if p.encap != nil {
		if p.encap.inner.encap != nil || !p.encap.inner.dst.IsValid() {
			return false // it is a tunnel in a tunnel, or carries neither request nor reply
		}
		seen.Flow, seen.Carrier, seen.Port = p.encap.inner.seenAs(), hop.Endpoints{Src: p.src, Dst: p.dst}, fabric.TunnelPort(p.encap.dev)
	}
	if len(w.faults) > 0 && slices.ContainsFunc(w.hops, func(h hop.Hop) bool { return h.Sighting != nil && *h.Sighting == seen }) {
		return false // the frame that was here before proves nothing
	}
	w.hops[len(w.hops)-1].Sighting = &seen
	return true
}

func isBridge(n *machine.Space, dev string) bool {
	link, err := n.Link(dev)
	return err == nil && link.Kind == "bridge"
}

// prediction is what is said of a stage: behind a fault nothing arrives.
func (w *walk) prediction() hop.Disposition {
	switch {
	case len(w.faults) > 0 || w.learnt != nil:
		return hop.Fail
	case len(w.unseen) > 0 || w.doubtful != nil || w.outside != nil:
		return hop.Unknown
	}
	return hop.OK
}

// fault notes a stage where the packet stops.
func (w *walk) fault(n *machine.Space, p packet, stage hop.Stage, dev string, f cause.Finding) {
	if w.strayed || cause.OnlyDown(f) && w.toldDown(f.Netns(), cause.DownDevice(f)) {
		return
	}
	var detour *detour
	switch {
	case p.encap != nil:
	case w.parted != nil && p.leg == flows.LegReply && w.shadowed():
		f = w.astray()
		defer func() { w.strayed = true }()
	case cause.Certain(f):
	case w.parted != nil && p.leg == flows.LegReply && w.nameless() != nil:
		f = w.nameless()
		defer func() { w.strayed = true }()
	case w.parted != nil && p.leg == flows.LegReply && !(cause.ByRule(f) && n == w.parted.node):
		f = w.astray()
		defer func() {
			w.strayed = true
			if cause.DownDevice(f) != "" {
				w.turnBack()
			}
		}()
	case p.leg == flows.LegRequest && (cause.Rejects(f) || cause.Of(f.Code()).Pointless):
		if detour = w.deadLeg(n, p, f); detour == nil && cause.Of(f.Code()).Pointless {
			detour = w.missed(n, p)
		}
		if detour != nil {
			f = detour.fault
			defer w.resume(detour)
		}
	}
	kept := Find(p.leg, f)
	if kept.Device = cause.DownDevice(f); kept.Device == "" && n.Name == f.Netns() {
		kept.Device = dev
	}
	known := func(o Found) bool { return kept.same(o) && (!w.whole || kept.Leg == o.Leg) }
	if !slices.ContainsFunc(w.faults, known) {
		w.faults = append(w.faults, kept)
	}
	w.hop(n, p, stage, dev, f.Detail())
	w.hops[len(w.hops)-1].Predicted = hop.Fail
	w.raised(f)
	w.strayed = w.strayed || cause.Final(f) || f.Code() == service.NoEndpoints
}

// raised takes the device of a fault for up.
func (w *walk) raised(f cause.Finding) {
	dev := cause.DownDevice(f)
	if dev == "" {
		return
	}
	n, err := w.world.Open(f.Netns())
	if err != nil {
		return
	}
	if link, err := n.Link(dev); err == nil {
		w.mended.Raise(n, link)
	}
}

// toldDown reports whether it was noted already that a device is down.
func (w *walk) toldDown(netns, dev string) bool {
	return slices.ContainsFunc(w.faults, func(f Found) bool { return f.Netns() == netns && cause.DownDevice(f.Finding) == dev })
}

// doubt notes a stage that may be where the packet stops: nothing but the ping
// can tell.
func (w *walk) doubt(n *machine.Space, p packet, stage hop.Stage, dev string, f cause.Finding) {
	if len(w.faults) == 0 && w.doubtful == nil {
		kept := Find(p.leg, f)
		w.doubtful = &kept
	}
	w.hop(n, p, stage, dev, f.Detail())
}

// overlook notes a stage that cannot be looked at, and goes on as though the
// packet passed it.
func (w *walk) overlook(n *machine.Space, p packet, stage hop.Stage, dev string, what cause.Unseen) {
	if slices.ContainsFunc(w.unseen, what.Same) {
		return
	}
	w.unseen = append(w.unseen, what)
	w.hop(n, p, stage, dev, what.Said())
	if !w.strayed {
		w.hops[len(w.hops)-1].Unseen = true
	}
}

// giveUp notes a stage that cannot be judged.
func (w *walk) giveUp(n *machine.Space, p packet, stage hop.Stage, dev string, why Text) {
	if w.strayed {
		return
	}
	w.lost = true
	w.hop(n, p, stage, dev, why)
	w.hops[len(w.hops)-1].Predicted = hop.Unknown
}
