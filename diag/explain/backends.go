package explain

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// Backend is one of those that the rules choose from for a service.
type Backend struct {
	// Address is where the request arrives, with its port; empty where the rules keep it.
	Address string  `json:"address"`
	Share   float64 `json:"share"` // of the requests, by the rules: 0 to 1
	Verdict string  `json:"verdict"`
	Cause   Fault   `json:"cause"`
}

// explainBackends follows a request to every one that the rules may choose, and says
// what becomes of each. One packet goes to one of them, nobody can say to which, so no
// wire is watched.
func explainBackends(ctx context.Context, world *machine.Machine, req Request, q trace.Question, first *trace.Trace) (Answer, error) {
	var told []Answer
	for i := range first.Ways {
		t := first
		if i > 0 {
			q.Pick = i
			t = trace.Follow(world, q)
		}
		told = append(told, predict(req, t))
	}
	a := summary(req, first, told)
	if req.Probe && ctx.Err() == nil {
		a.tryBackends(ctx, req)
	}
	return a, ctx.Err()
}

// worst puts what is broken before what cannot be told, and that before what works.
var worst = map[string]int{Broken: 0, Undecided: 1, Delivered: 2}

// summary is the answer for all: that of the worst, with the fixes of all.
func summary(req Request, t *trace.Trace, told []Answer) Answer {
	var backends []Backend
	fix := []change.Command{}
	good := 0
	for i, one := range told {
		b := Backend{Address: one.Flow.Translated, Share: t.Ways[i].Share, Verdict: one.Verdict, Cause: one.Cause}
		if b.Address == "" && t.Ways[i].NAT != nil {
			b.Address = flows.Endpoint(t.Ways[i].Packet.Dst, t.Ways[i].Packet.DstPort)
		}
		backends = append(backends, b)
		for _, c := range one.Fix {
			if !slices.ContainsFunc(fix, c.Equal) {
				fix = append(fix, c)
			}
		}
		if one.Verdict == Delivered {
			good++
		}
	}
	at := 0
	for i, one := range told {
		if worst[one.Verdict] < worst[told[at].Verdict] {
			at = i
		}
	}
	a := told[at]
	a.Backends, a.Fix, a.Next = backends, fix, []Fault{}
	if a.Verdict != Delivered {
		found := cause.SomeBackends{
			At: cause.At(a.Cause.Netns), Of: a.Cause.Code, Service: a.Target(), Backend: backends[at].Address,
			Good: good, All: len(backends), Why: a.Cause.Detail, Proof: a.Cause.Evidence, Mends: a.Cause.fix,
		}
		device := a.Cause.Device
		a.Cause = inWords(trace.Find(a.Cause.Leg, found))
		a.Cause.Device = device
	}
	return a
}

// tryBackends asks the service once.
func (a *Answer) tryBackends(ctx context.Context, req Request) {
	var r probe.Result
	dial := probe.Dial{Dst: netip.AddrPortFrom(req.Dest, req.Port), SrcPort: req.SrcPort, Timeout: min(req.Timeout, retransmitted)}
	switch req.Proto {
	case unix.IPPROTO_TCP:
		r = probe.Connect(ctx, req.From.NS, dial)
	case unix.IPPROTO_UDP:
		dial.Payload = payload(req)
		r = probe.Exchange(ctx, req.From.NS, dial)
	default:
		r = probe.Ping(ctx, req.From.NS, probe.Echo{To: req.Dest.String(), Dst: req.Dest, Size: req.Size, DF: req.DF, Seq: 1, Timeout: dial.Timeout})
	}
	a.Probe = &Probe{Sent: 1, Outcome: r.Outcome.String(), Message: r.Message}
	replied := r.Outcome == probe.Replied
	if replied {
		a.Probe.Received = 1
	}
	all := func(verdict string) bool {
		return !slices.ContainsFunc(a.Backends, func(b Backend) bool { return b.Verdict != verdict })
	}
	silent := r.Outcome == probe.Silent && a.mayBeSilent()
	if known := r.Outcome != probe.OutcomeUnknown; known && (replied && all(Broken) || !replied && !silent && all(Delivered)) {
		predicted := a.Cause
		a.Verdict = Broken
		if replied {
			a.Verdict = Delivered
		}
		a.disagree(predicted, cause.Unpredicted{Contradiction: a.against(predicted), Predicted: predicted.Code, Message: r.Message})
	}
}
