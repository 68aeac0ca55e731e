package explain

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Request is the question: what becomes of a ping from From to Dest?
type Request struct {
	From    *machine.Space
	Dest    netip.Addr
	Size    int           // bytes of payload; 0 stands for ping's 56
	DF      bool          // no router may fragment it (ping -M do)
	Probe   bool          // send one echo and watch it on its way
	Timeout time.Duration // of the probe
}

const (
	pingPayload = 56     // bytes, as ping sends them
	headers     = 20 + 8 // IPv4's and ICMP's, in bytes
)

// maxHops bounds the walk; a packet's TTL is 64.
const maxHops = 64

// walk follows one echo request and its reply. Every fault that it meets is
// kept, and it goes on as though the fault were mended: what lies behind is
// what would still be broken.
type walk struct {
	world   *machine.Machine
	from    *machine.Space
	dest    netip.Addr
	source  netip.Addr
	hops    []Hop
	faults  []found
	last    map[*machine.Space]eval.Packet // the request as it left each namespace: its replies are told by it
	began   []passage                      // the request as it was made
	passed  []passage                      // namespaces that forwarded the request, in order
	granted []grant
	rewrote *rewrite
	parted  *parting
	strayed bool // the reply was lost behind the parting: the walk ends
	lost    bool // the walk came to something that it cannot judge
	ended   bool // the reply is back

	been      map[visit]bool
	taught    []taught
	heard     map[hearing]int // ports of bridges, by what was heard there on the walk
	landed    *machine.Space  // whom the last carrying packet of a tunnel came to
	depth     int             // of tunnels in tunnels
	unseen    []cause.Unseen  // what could not be looked at on the way, and was taken to let the packet pass
	doubtful  *found          // what may be wrong: only the ping can tell
	outside   *outside        // where the walk got out of sight
	asking    *arping         // the search for the next hop of the packet that goes out now
	tunnelled *outside        // where a carrying packet did
	waited    time.Duration   // for an answer to the probe, to a tenth of a second
	arping    *arping         // the last search for a next hop
	size      int             // of the request in bytes, with the IP header
	unsent    bool            // the echo itself is not sent, for want of an answer to ARP
	learnt    *found          // the sender knows of an MTU on the path
}

// visit is a packet in a namespace: the same one twice goes in circles.
type visit struct {
	node     *machine.Space
	iif      int
	src, dst netip.Addr
	leg      string
}

// passage is a namespace that forwarded the request, and by which route.
type passage struct {
	node  *machine.Space
	route machine.RouteAnswer
	iif   string
	echo  echo // as it was routed
}

// grant is a connected route that a proposed fix brings with it: what lies
// behind that fix is judged with it.
type grant struct {
	node   *machine.Space
	prefix netip.Prefix
	dev    table.Link
}

// rewrite is the source address translation that a proposed fix brings with it.
type rewrite struct {
	node     *machine.Space
	old, new netip.Addr
}

// restore takes the rewrite back in a reply.
func (w *walk) restore(n *machine.Space, e echo) echo {
	if r := w.rewrote; r != nil && r.node == n && e.leg == LegReply && e.dst == r.new {
		e.dst, e.packet.Dst = r.old, r.old
	}
	return e
}

// route asks the kernel, or a route that was granted.
func (w *walk) route(n *machine.Space, q machine.RouteQuery) machine.RouteAnswer {
	for _, g := range w.granted {
		if g.node == n && g.prefix.Contains(q.Dst) {
			return machine.RouteAnswer{
				Kind: machine.KindUnicast, Dev: g.dev.Index, DevName: g.dev.Name, Src: q.Src,
				Line: fmt.Sprintf("%s dev %s", g.prefix, g.dev.Name),
			}
		}
	}
	return n.Route(q)
}

// Explain predicts what becomes of the ping and, if asked to, sends one and
// compares.
func Explain(ctx context.Context, world *machine.Machine, req Request) (Answer, error) {
	w := &walk{world: world, from: req.From, dest: req.Dest, last: map[*machine.Space]eval.Packet{}, been: map[visit]bool{}, heard: map[hearing]int{}}
	w.size = cmp.Or(req.Size, pingPayload) + headers
	w.originate(req.From, echo{leg: LegRequest, dst: req.Dest, ttl: maxHops, origin: req.From, length: w.size, df: req.DF})
	answer := w.answer()
	if !req.Probe {
		return answer, ctx.Err()
	}
	err := w.observe(ctx, req, &answer)
	return answer, err
}

// answer is the prediction.
func (w *walk) answer() Answer {
	if len(w.faults) == 0 && w.learnt != nil {
		w.faults = append(w.faults, *w.learnt)
	}
	a := Answer{
		Schema: Schema, From: w.from.Name, Destination: w.dest.String(),
		Verdict: Delivered, Cause: Fault{Code: cause.None, Evidence: []Text{}},
		Fix: []change.Command{}, Next: []Fault{}, Hops: w.hops, Unseen: []Text{},
	}
	for _, u := range w.unseen {
		a.Unseen = append(a.Unseen, u.Said())
	}
	if w.source.IsValid() {
		a.Source = w.source.String()
	}
	switch {
	case len(w.faults) > 0:
		a.Verdict, a.Cause = Broken, w.faults[0].told()
		a.Fix = w.mends()
		for _, f := range w.faults[1:] {
			a.Next = append(a.Next, f.told())
		}
	case w.doubtful != nil:
		a.Verdict, a.Cause = Undecided, w.doubtful.told()
	case w.outside != nil && !w.lost:
		a.Verdict, a.Cause, a.Beyond = Undecided, w.outside.open(), w.outside.dev.Name
	case w.lost || !w.ended || len(w.unseen) > 0:
		a.Verdict, a.Cause.Code = Undecided, cause.NotKnown
		a.Cause.Leg, a.Cause.Netns, a.Cause.Detail = w.where()
	}
	return a
}

// mends are the commands of all faults, in the order in which the packet meets
// them: each was found as though those before it had been run.
func (w *walk) mends() []change.Command {
	all := []change.Command{}
	for _, f := range w.faults {
		for _, c := range f.fix {
			if !slices.ContainsFunc(all, c.Equal) {
				all = append(all, c)
			}
		}
	}
	return all
}

// where is the last stage that the walk came to, or if it came to its end, the
// first that it could not look at.
func (w *walk) where() (leg, netns string, detail Text) {
	if len(w.hops) == 0 {
		return LegRequest, w.from.Name, Text{}
	}
	for _, h := range w.hops {
		if !w.lost && len(w.unseen) > 0 && h.unseen {
			return h.Leg, h.Netns, h.Detail
		}
	}
	last := w.hops[len(w.hops)-1]
	return last.Leg, last.Netns, last.Detail
}

// hop notes a stage that the packet passes.
func (w *walk) hop(n *machine.Space, e echo, stage, dev string, detail Text) {
	if w.strayed {
		return
	}
	w.hops = append(w.hops, Hop{
		Leg: e.leg, Netns: n.Name, Device: dev, Stage: stage,
		Predicted: w.prediction(), Observed: Unknown, Detail: detail,
		node: n, carrying: e.outer != nil,
	})
}

// wired notes a stage that a frame on a device proves, of which there is no more
// to say.
func (w *walk) wired(n *machine.Space, e echo, stage, dev string) {
	detail, out := say.T("%s into %s", "%s 从 %s 进入", e, dev), stage == StageSend
	if out {
		detail = say.T("%s out of %s", "%s 从 %s 发出", e, dev)
	}
	if w.wiredAs(n, e, stage, dev, detail) && e.outer == nil {
		w.hops[len(w.hops)-1].Frame = &Frame{Src: e.src, Dst: e.dst, Out: out}
	}
}

// wiredAs notes one of which there is more to say. It reports whether a frame
// can prove it.
func (w *walk) wiredAs(n *machine.Space, e echo, stage, dev string, detail Text) bool {
	w.hop(n, e, stage, dev, detail)
	if w.strayed || w.unsent {
		return false
	}
	seen := sighting{netns: n, dev: dev, src: e.src, dst: e.dst, reply: e.leg == LegReply, out: stage == StageSend}
	if e.outer != nil {
		if e.inner.outer != nil || !e.inner.dst.IsValid() {
			return false // it is a tunnel in a tunnel, or carries no echo
		}
		seen.src, seen.dst, seen.carrier = e.inner.src, e.inner.dst, endpoints{e.src, e.dst}
	}
	if len(w.faults) > 0 && slices.ContainsFunc(w.hops, func(h Hop) bool { return h.seenAs != nil && *h.seenAs == seen }) {
		return false // the frame that was here before proves nothing
	}
	w.hops[len(w.hops)-1].seenAs = &seen
	return true
}

// prediction is what is said of a stage: behind a fault nothing arrives.
func (w *walk) prediction() string {
	switch {
	case len(w.faults) > 0 || w.learnt != nil:
		return Fail
	case len(w.unseen) > 0 || w.doubtful != nil || w.outside != nil:
		return Unknown
	}
	return OK
}

// The stages of a hop.
const (
	StageRoute     = "route"
	StageFilter    = "filter"
	StageNeighbour = "neighbour"
	StageSend      = "send"
	StageReceive   = "receive"
	StageDeliver   = "deliver"
)

// fault notes a stage where the packet stops.
func (w *walk) fault(n *machine.Space, e echo, stage, dev string, f cause.Finding) {
	if w.strayed {
		return
	}
	var detour *detour
	switch {
	case cause.Certain(f) || e.outer != nil:
	case w.parted != nil && e.leg == LegReply && !(f.Code() == cause.Filtered && n == w.parted.node):
		f = w.astray()
		defer func() { w.strayed = true }()
	case e.leg == LegRequest && cause.Of(f.Code()).Pointless:
		if detour = w.missed(n, e); detour != nil {
			f = detour.fault
			defer w.resume(detour)
		}
	}
	if kept := find(e.leg, f); !slices.ContainsFunc(w.faults, kept.same) {
		w.faults = append(w.faults, kept)
	}
	w.hop(n, e, stage, dev, f.Detail())
	w.hops[len(w.hops)-1].Predicted, w.hops[len(w.hops)-1].down = Fail, cause.DownDevice(f)
}

// toldDown reports whether it was noted already that a device is down.
func (w *walk) toldDown(n *machine.Space, dev string) bool {
	for _, h := range w.hops {
		if h.node == n && h.Predicted == Fail && h.down == dev {
			return true
		}
	}
	return false
}

// doubt notes a stage that may be where the packet stops: nothing but the ping
// can tell.
func (w *walk) doubt(n *machine.Space, e echo, stage, dev string, f cause.Finding) {
	if len(w.faults) == 0 && w.doubtful == nil {
		kept := find(e.leg, f)
		w.doubtful = &kept
	}
	w.hop(n, e, stage, dev, f.Detail())
}

// overlook notes a stage that cannot be looked at, and goes on as though the
// packet passed it.
func (w *walk) overlook(n *machine.Space, e echo, stage, dev string, what cause.Unseen) {
	if slices.ContainsFunc(w.unseen, what.Same) {
		return
	}
	w.unseen = append(w.unseen, what)
	w.hop(n, e, stage, dev, what.Said())
	if !w.strayed {
		w.hops[len(w.hops)-1].unseen = true
	}
}

// giveUp notes a stage that cannot be judged.
func (w *walk) giveUp(n *machine.Space, e echo, stage, dev string, why Text) {
	if w.strayed {
		return
	}
	w.lost = true
	w.hop(n, e, stage, dev, why)
	w.hops[len(w.hops)-1].Predicted = Unknown
}
