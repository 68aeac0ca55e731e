package explain

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/leases"
	"nstutor/diag/explain/listening"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/offload"
	"nstutor/diag/explain/proxied"
	"nstutor/diag/explain/returning"
	"nstutor/diag/explain/trace"
	"nstutor/diag/explain/whole"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// Request is the question: what becomes of a packet from From to Dest?
type Request struct {
	From *machine.Space
	Dest netip.Addr // a link-local one has the device that it is behind for its zone
	// Proto is IPPROTO_TCP: of the connection to Port; IPPROTO_UDP: of a datagram to
	// it; 0: of a ping.
	Proto byte
	Port  uint16
	// SrcPort is the port that it comes from; 0: one that the kernel would choose.
	SrcPort uint16
	URL     string        // to get on a connection that opens; empty: nothing is sent on it
	Size    int           // bytes of payload: of a ping 0 stands for ping's 56; of a datagram it is exact
	DF      bool          // no router may fragment it (ping -M do)
	Probe   bool          // send one, and watch it on its way
	Count   int           // echoes of a ping to send, at most MaxEchoes; 0 and 1: one, or as many as it takes to be sure
	Timeout time.Duration // of the probe
	First   bool          // of the faults the first alone is looked for, and no fix: for whom the verdict is enough
	// Watch is how long other connections may take to show what none was opened for.
	Watch time.Duration
	Copy  *Copy // what the network is a copy of; nil: it is a network itself

	opened func() // called while the connection is open
}

// What is put around a payload, and the first segment of a connection as Linux
// sends it, in bytes.
const (
	pingPayload = 56 // as ping sends them
	ipHeader    = 20 // of IPv4
	ip6Header   = 40
	icmpHeader  = 8
	udpHeader   = 8
	synSegment  = 20 + 20 // TCP's header, and its options
)

// length is that of the IP packet.
func (r Request) length() int {
	header := ipHeader
	if r.Dest.Is6() {
		header = ip6Header
	}
	switch r.Proto {
	case unix.IPPROTO_TCP:
		return header + synSegment
	case unix.IPPROTO_UDP:
		return header + udpHeader + r.Size
	}
	return header + icmpHeader + cmp.Or(r.Size, pingPayload)
}

// protocol is that of the packet.
func (r Request) protocol() byte {
	if r.Proto == 0 && r.Dest.Is6() {
		return unix.IPPROTO_ICMPV6
	}
	return cmp.Or(r.Proto, unix.IPPROTO_ICMP)
}

// Explain predicts what becomes of the packet and, if asked to, sends one and
// compares.
func Explain(ctx context.Context, world *machine.Machine, req Request) (Answer, error) {
	anyPort := req.SrcPort == 0
	if req.Proto != 0 && anyPort {
		req.SrcPort = probe.FreePort(req.From.NS)
	}
	q := trace.Question{
		From: req.From, Dest: req.Dest.WithZone(""), Proto: req.Proto, SrcPort: req.SrcPort, DstPort: req.Port,
		First: req.First, Length: req.length(), DF: req.DF || req.Proto == unix.IPPROTO_TCP,
	}
	if zone := req.Dest.Zone(); zone != "" {
		link, err := req.From.Link(zone)
		if err != nil {
			return Answer{}, err
		}
		q.Dev = link.Index
	}
	t := trace.Follow(world, q)
	if asksForRouter(ctx, req, t) {
		world.Forget()
		t = trace.Follow(world, q)
	}
	a, err := explainFlow(ctx, world, req, q, t, anyPort)
	if anyPort && err == nil {
		a.linger(world, q, t)
	}
	return a, err
}

// explainFlow is the answer for the flow that was asked about alone; anyPort: it may come from
// other ports as well.
func explainFlow(ctx context.Context, world *machine.Machine, req Request, q trace.Question, t *trace.Trace, anyPort bool) (Answer, error) {
	if len(t.Ways) > 1 {
		return explainBackends(ctx, world, req, q, t, anyPort)
	}
	trace.WhoeverAnswers(world, q, t)
	returning.Unsure(world, q, t)
	whole.Untold(t)
	a := predict(req, t)
	if len(t.Faults) > 0 && req.Dest.Is4() && !req.First {
		a.Cause.Evidence = append(a.Cause.Evidence, leases.Said(world, t.Faults[0], placeOf(t, t.Faults[0]))...)
	}
	if len(t.Faults) > 0 && !req.First {
		a.Cause.Evidence = append(a.Cause.Evidence, named(t.Faults[0], placeOf(t, t.Faults[0]))...)
	}
	a.Listener = listener(world, t.Listens)
	hole, swallows, alone := whole.Hole{}, false, []journey.Found(nil)
	if req.Proto == unix.IPPROTO_TCP {
		hole, swallows, alone = whole.Look(world, q, t) // before the probe, of which the sender may learn
	}
	proxy, comesBack := proxied.Look(t)
	met, meets := service.MeetsItself{}, false
	if comesBack {
		met, meets = req.watch(ctx, proxy)
	}
	if comesBack && !meets && !req.Probe {
		a.mayMeet(proxy)
	}
	if req.Probe {
		if comesBack && !meets {
			req.opened = func() { met, meets = meeting(ctx, proxy, proxyTime) }
		}
		if err := (&observation{Trace: t, world: world, question: q, asked: req}).observe(ctx, &a); err != nil {
			return a, err
		}
	}
	a.Notices = slices.DeleteFunc(a.Notices, func(f Fault) bool { return f.Detail.In("en") == a.Cause.Detail.In("en") })
	if meets {
		a.meets(met)
	}
	a.relay(world, q, t)
	played := req.played(t.Beyond)
	if opens := a.Verdict == Delivered || a.HTTP != nil && a.HTTP.Status == 0; swallows && opens && !meets && !played {
		a.swallow(ctx, req, hole)
	}
	for _, f := range alone {
		if a.Verdict == Delivered {
			a.Notices = append(a.Notices, inWords(f))
		}
	}
	return a, ctx.Err()
}

// predict is the answer without a probe.
func predict(req Request, t *trace.Trace) Answer {
	a := Answer{
		Schema: Schema, From: req.From.Name, Destination: req.Dest.String(),
		Verdict: Delivered, Cause: Fault{Code: cause.None, Evidence: []Text{}},
		Fix: []change.Command{}, Next: []Fault{}, Hops: t.Hops, Unseen: []Text{},
	}
	for _, u := range t.Unseen {
		a.Unseen = append(a.Unseen, u.Said())
	}
	for _, f := range t.Notices {
		a.Notices = append(a.Notices, inWords(f))
	}
	if t.Source.IsValid() {
		a.Source = t.Source.String()
	}
	a.Flow = Flow{Proto: flows.Protocol(req.protocol()), SrcPort: req.SrcPort, DstPort: req.Port}
	if r := t.Reached; r.Dst.IsValid() && (r.Dst != req.Dest.WithZone("") || r.DstPort != req.Port) {
		a.Flow.Translated = eval.Endpoint(r.Dst, r.DstPort)
	}
	if r := t.Reached; r.Src.IsValid() && r.Src != t.Source {
		a.Flow.SeenFrom = r.Src.String()
	}
	switch {
	case len(t.Faults) > 0:
		a.Verdict, a.Cause = Broken, inWords(t.Faults[0])
		if req.First {
			break
		}
		a.Cause.Evidence = append(a.Cause.Evidence, offload.Said(t.Faults[0], placeOf(t, t.Faults[0]))...)
		a.mendBy(change.Here(mends(t)...))
		for _, f := range t.Faults[1:] {
			a.Next = append(a.Next, inWords(f))
		}
	case t.Doubt != nil:
		a.Verdict, a.Cause = Undecided, inWords(*t.Doubt)
	case t.Beyond != nil && !t.Lost:
		a.Verdict, a.Cause, a.Beyond = Undecided, inWords(t.Beyond.Untried(len(t.Unseen) > 0)), t.Beyond.Dev()
	case t.Lost || !t.Back || len(t.Unseen) > 0:
		a.Verdict, a.Cause.Code = Undecided, cause.NotKnown
		a.Cause.Leg, a.Cause.Netns, a.Cause.Detail = t.End(req.From)
	}
	return a
}

// mends are the changes that mend all faults, in the order in which the packet
// meets them. Where none mends the first, those for what lies behind it mend nothing.
func mends(t *trace.Trace) []change.Change {
	if len(t.Faults[0].Mends) == 0 {
		return nil
	}
	lists := make([][]change.Change, len(t.Faults))
	for _, f := range t.Faults {
		if cause.Final(f.Finding) && len(f.Mends) == 0 {
			return nil // what is before it leads to where the packet is not meant to get
		}
	}
	for i, f := range t.Faults {
		lists[i] = f.Mends
	}
	return change.Together(lists...)
}

// listener is a socket and who has it open, as far as that can be seen.
func listener(world *machine.Machine, l *listening.Listener) *Listener {
	if l == nil {
		return nil
	}
	owner, _ := world.Taker(l.Socket.Inode)
	return &Listener{Netns: l.Space.Name, Address: l.Socket.Local.String(), Process: owner.Comm, PID: owner.PID}
}

// placeOf is the namespace of a fault, where the trace has been there; else nil.
func placeOf(t *trace.Trace, f journey.Found) *machine.Space {
	for _, h := range t.Hops {
		if h.Space != nil && h.Netns == f.Netns() {
			return h.Space
		}
	}
	return nil
}

// inWords is a finding in words.
func inWords(f journey.Found) Fault {
	evidence := f.Evidence()
	if evidence == nil {
		evidence = []Text{}
	}
	return Fault{
		Code: f.Code(), Netns: f.Netns(), Device: f.Device, Leg: f.Leg, Detail: f.Detail(), Evidence: evidence, Told: true,
		fix: f.Mends, swaps: swapsOf(f.Finding, f.Mends),
	}
}
