package trace

import (
	"cmp"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
)

// walk takes one request and its reply through the network. Every fault that it meets is
// kept, and taken for mended from there on: what lies behind is what would still be
// broken.
type walk struct {
	*judge.Judge // of what is met; its journey is this one
	story

	first   bool                    // no more than one fault is looked for
	rival   bool                    // the packet goes to the other one of two who answer for a next hop
	ended   bool                    // the reply is back
	been    map[visit]bool          // to end a circle
	others  map[turning]bool        // to look for nobody again and again
	resumed map[*machine.Space]bool // where the request has turned off as it should
	listens *listening.Listener     // who takes the request
	sending *sending                // what it should have met before; nil: nothing
	arrival Arrival                 // of the reply from where nothing can be seen
	asking  *judge.Search           // the search for the next hop of the packet that goes out now
	unasked []journey.Found         // what stops the question for a next hop, which nobody has to ask yet

	pick  int            // which of the ways is taken that rules draw by lot
	ways  []eval.Branch  // that they drew first
	drawn *machine.Space // … in which namespace

	depth     int            // of tunnels in tunnels
	landed    *machine.Space // whom the last carrying packet of a tunnel came to
	opened    netip.Addr     // and at which address
	tunnelled *outside       // where a carrying packet got out of sight
}

// visit is a packet in a namespace: the same one twice goes in circles.
type visit struct {
	space *machine.Space
	iif   int
	flow  flows.Flow
}

// turning is a packet whose next hop is looked for instead of another one.
type turning struct {
	space   *machine.Space
	dev     int
	nexthop netip.Addr
	flow    flows.Flow
}

// begin is a walk along a journey that has not begun.
func begin(j *journey.Journey) *walk {
	w := &walk{Judge: &judge.Judge{Journey: j}, story: story{journey: j}, been: map[visit]bool{}, others: map[turning]bool{}, resumed: map[*machine.Space]bool{}}
	w.Net, w.Aside = paths{w}, w.instead
	return w
}

// fault notes a stage where the packet stops.
func (w *walk) fault(n *machine.Space, p journey.Packet, stage hop.Stage, dev string, f cause.Finding) {
	if w.strayed || cause.OnlyDown(f) && w.ToldDown(f.Netns(), cause.DownDevice(f)) {
		return
	}
	if slices.ContainsFunc(w.Faults, func(o journey.Found) bool { return device.SameVLAN(f, o.Finding) }) {
		return
	}
	var detour *judge.Detour
	switch {
	case p.Encap != nil:
	case w.Parted != nil && p.Leg == flows.LegReply && w.Shadowed():
		f = w.Astray()
		defer func() { w.strayed = true }()
	case cause.Certain(f):
	case w.Parted != nil && p.Leg == flows.LegReply && w.Nameless() != nil:
		f = w.Nameless()
		defer func() { w.strayed = true }()
	case w.Parted != nil && p.Leg == flows.LegReply && !(cause.ByRule(f) && n == w.Parted.Space):
		f = w.Astray()
		defer func() {
			w.strayed = true
			if cause.DownDevice(f) != "" {
				w.turnBack()
			}
		}()
	case p.Leg == flows.LegRequest && cause.ByRule(f):
		detour = w.Beside(n, p)
	case p.Leg == flows.LegRequest && (cause.Rejects(f) || cause.Of(f.Code()).Pointless):
		if detour = w.DeadLeg(n, p, f); detour == nil && cause.Of(f.Code()).Pointless {
			detour = cmp.Or(w.Missed(n, p), w.Misruled(p))
		}
	}
	if detour != nil && !w.resumed[detour.Passage.Space] { // what it meets there then is its own fault
		w.resumed[detour.Passage.Space] = true
		f = detour.Finding
		defer w.resume(detour)
	}
	w.stop(n, p, stage, dev, f)
	w.suppose(f)
	_, ranged := f.(service.OutOfRanges)
	w.strayed = w.strayed || w.first || cause.Final(f) || ranged || f.Code() == service.NoEndpoints
}

// askAgain tells of the rules that stop the question for a next hop which a neighbour table
// has still. What is broken is mended for longer than that lasts; else it is no more than a notice.
func (w *walk) askAgain() {
	for _, f := range w.unasked {
		switch {
		case len(w.Faults) == 0:
			w.Notice(f.Leg, f.Finding)
		case !w.strayed && !slices.ContainsFunc(w.Faults, f.Same):
			w.Faults = append(w.Faults, f)
		}
	}
}

// suppose takes for mended what the fix of a finding changes for what lies behind it.
func (w *walk) suppose(f cause.Finding) {
	switch f := f.(type) {
	case cause.LocalLate:
		if s, ok := w.site(f.Station); ok {
			w.Mended.Own(s.Space, f.Addr)
		}
	case service.ServerWithout:
		if n, err := w.World.Open(f.Netns()); err == nil {
			w.Mended.Own(n, f.Flow.Dst)
		}
	case cause.Nameless:
		if s, ok := w.site(cause.Device{Netns: f.Netns(), Link: f.Link}); ok {
			w.Mended.Connect(s.Space, f.Own, s.Dev)
		}
	case cause.NoRouter:
		w.number(f.Address)
	case device.Unnumbered:
		w.number(f.Address)
	case cause.GatewayNameless:
		w.number(f.Address)
	case cause.RoutesDown:
		w.number(f.Lost)
	case cause.RouteDown:
		w.number(f.Lost)
	case cause.Addressless:
		w.number(f.Free)
	case device.NoPort:
		if cable, ok := w.site(f.Cable); ok {
			w.Mended.Plug(cable, f.Bridge.Link)
		}
	}
	if dev := cause.DownDevice(f); dev != "" {
		if n, err := w.World.Open(f.Netns()); err == nil {
			if link, err := n.Link(dev); err == nil {
				w.Mended.Raise(n, link)
			}
		}
	}
}

// number takes it that a device has an address.
func (w *walk) number(a remedy.Address) {
	if n, err := w.World.Open(a.Netns); err == nil {
		if link, err := n.Link(a.Dev); err == nil {
			w.Mended.Connect(n, a.Prefix, link)
		}
	}
}

// site is a device that a finding names, in its namespace.
func (w *walk) site(d cause.Device) (fabric.Site, bool) {
	n, err := w.World.Open(d.Netns)
	return fabric.Site{Space: n, Dev: d.Link}, err == nil
}
