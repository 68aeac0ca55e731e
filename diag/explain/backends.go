package explain

import (
	"context"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Backend is one of those that the rules choose from for a service.
type Backend struct {
	// Address is where the request arrives, with its port; empty where the rules keep it.
	Address string  `json:"address"`
	Share   float64 `json:"share"` // of the requests, by the rules: 0 to 1
	Verdict Verdict `json:"verdict"`
	Cause   Fault   `json:"cause"`
}

// explainBackends follows a request to every one that the rules may choose, and says
// what becomes of each. One packet goes to one of them, nobody can say to which, so no
// wire is watched.
func explainBackends(ctx context.Context, world *machine.Machine, req Request, q trace.Question, first *trace.Trace, anyPort bool) (Answer, error) {
	traces, told := []*trace.Trace{first}, []Answer{predict(req, first)}
	for q.Pick = 1; q.Pick < len(first.Ways); q.Pick++ {
		t := trace.Follow(world, q)
		traces, told = append(traces, t), append(told, predict(req, t))
	}
	for i := range told {
		told[i].leftOver(first, i)
	}
	at := worst(told)
	a := summary(first.Ways, told, at)
	a.Listener = listener(world, traces[at].Listens)
	if req.Probe && ctx.Err() == nil {
		a.tryBackends(ctx, req, anyPort)
	}
	return a, ctx.Err()
}

// leftOver says of requests that the lots of a service's rules leave untranslated, and
// that get nowhere, that this is why.
func (a *Answer) leftOver(t *trace.Trace, at int) {
	way := t.Ways[at]
	if way.Verdict != eval.VerdictAccept || way.NAT != nil || a.Verdict == Delivered {
		return
	}
	found := service.Gap{At: cause.At(t.Drawn.Name), Service: a.Target(), Share: way.Share}
	for _, other := range t.Ways {
		if other.NAT != nil && !slices.Contains(found.Rules, other.NAT.Rule) {
			found.Rules = append(found.Rules, other.NAT.Rule)
		}
	}
	a.Verdict, a.Cause, a.Fix, a.Next = Broken, inWords(journey.Find(flows.LegRequest, found)), []change.Command{}, []Fault{}
}

// worse puts what is broken before what cannot be told, and that before what works.
var worse = map[Verdict]int{Broken: 0, Undecided: 1, Delivered: 2}

// worst is the first answer that none is worse than.
func worst(told []Answer) (at int) {
	for i, one := range told {
		if worse[one.Verdict] < worse[told[at].Verdict] {
			at = i
		}
	}
	return at
}

// summary is the answer for all: the one at a place, with the fixes of all.
func summary(ways []eval.Branch, told []Answer, at int) Answer {
	var backends []Backend
	a := told[at]
	a.Fix = []change.Command{}
	good, untold := 0, 0
	for i, one := range told {
		a.mendBy(one.Fix)
		b := Backend{Address: one.Flow.Translated, Share: ways[i].Share, Verdict: one.Verdict, Cause: one.Cause}
		if b.Address == "" && ways[i].NAT != nil {
			b.Address = eval.Endpoint(ways[i].Packet.Dst, ways[i].Packet.DstPort)
		}
		backends = append(backends, b)
		switch one.Verdict {
		case Delivered:
			good++
		case Undecided:
			untold++
		}
	}
	a.Backends, a.Next = backends, []Fault{}
	if gap := a.Cause.Code == service.NotTranslated && ways[at].NAT == nil; a.Verdict != Delivered && !gap {
		found := service.SomeBackends{
			At: cause.At(a.Cause.Netns), Of: a.Cause.Code, Service: a.Target(), Backend: backends[at].Address,
			Good: good, All: len(backends), Untold: untold, Why: a.Cause.Detail, Proof: a.Cause.Evidence, Mends: a.Cause.fix,
		}
		kept := journey.Find(a.Cause.Leg, found)
		kept.Device = a.Cause.Device
		a.Cause = inWords(kept)
	}
	return a
}

// each is how often a service is asked, where it takes that to meet a backend that cannot be seen:
// one of n is missed with (1-1/n)^(4n), twice in a hundred times.
const each = 4

// most bounds that, for a service of many backends.
const most = 20

// tryBackends asks the service: once, or until one request is not answered where a backend is
// out of sight.
func (a *Answer) tryBackends(ctx context.Context, req Request, anyPort bool) {
	timeout, asked := min(req.Timeout, retransmitted), 1
	if unseen := func(b Backend) bool { return b.Verdict == Undecided }; anyPort && slices.ContainsFunc(a.Backends, unseen) {
		asked = min(each*len(a.Backends), most)
	}
	var r probe.Result
	answered := 0
	for ; answered < asked && ctx.Err() == nil; answered++ {
		if req.Proto == 0 {
			r = probe.Ping(ctx, req.From.NS, probe.Echo{To: req.Dest.String(), Dst: req.Dest, Size: req.Size, DF: req.DF, Seq: 1, Timeout: timeout})
		} else {
			r = req.send(ctx, timeout, nil)
		}
		if anyPort && req.Proto != 0 {
			req.SrcPort = probe.FreePort(req.From.NS) // from the last one it would come to whom it came to
		}
		if r.Outcome != probe.Replied {
			break
		}
	}
	defer a.sometimes(answered, r)
	a.Probe = once(r)
	replied := r.Outcome == probe.Replied
	all := func(verdict Verdict) bool {
		return !slices.ContainsFunc(a.Backends, func(b Backend) bool { return b.Verdict != verdict })
	}
	if broken := func(b Backend) bool { return b.Verdict == Broken }; replied && a.Verdict == Undecided && !slices.ContainsFunc(a.Backends, broken) {
		a.Verdict, a.Cause, a.Beyond = Delivered, Fault{Code: cause.None, Evidence: []Text{}}, ""
	}
	silent := r.Outcome == probe.Silent && a.mayBeSilent()
	if known := r.Outcome != probe.OutcomeUnknown; known && (replied && all(Broken) || !replied && !silent && all(Delivered)) {
		predicted := a.Cause
		a.Verdict = Broken
		if replied {
			a.Verdict = Delivered
		}
		a.disagree(predicted, against.Unpredicted{Contradiction: a.against(predicted), Predicted: predicted.Code, Message: r.Message})
	}
}

// sometimes is what it proves that a service has answered, and then not any more.
func (a *Answer) sometimes(answered int, r probe.Result) {
	if answered == 0 || r.Outcome == probe.Replied || r.Outcome == probe.OutcomeUnknown || a.Verdict != Undecided {
		return
	}
	f := service.Sometimes{At: cause.At(a.Cause.Netns), Service: a.Target(), Answered: answered, Asked: answered + 1, Said: say.Quote(r.Message)}
	for _, b := range a.Backends {
		f.Backends = append(f.Backends, b.Address)
	}
	a.Verdict, a.Cause, a.Beyond = Broken, inWords(journey.Find(flows.LegRequest, f)), ""
}
