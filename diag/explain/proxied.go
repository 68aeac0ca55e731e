package explain

import (
	"context"
	"time"

	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/proxied"
	"nstutor/internal/change"
)

// proxyTime is how long a program gets to pass on what it has taken.
const proxyTime = 300 * time.Millisecond

// watch looks whether a proxy has met itself by what others have sent it. It takes time
// only where the rules are such that it would.
func (r Request) watch(ctx context.Context, p proxied.Proxy) (service.MeetsItself, bool) {
	if _, likely := p.May(); likely && !r.Probe {
		return meeting(ctx, p, r.Watch)
	}
	return p.Meets(ctx)
}

// meeting waits until a proxy has met itself, while connections are open that came to it.
func meeting(ctx context.Context, p proxied.Proxy, patience time.Duration) (service.MeetsItself, bool) {
	for end := time.Now().Add(patience); ; {
		if found, ok := p.Meets(ctx); ok || time.Now().After(end) || ctx.Err() != nil {
			return found, ok
		}
		time.Sleep(lookTick)
	}
}

// mayMeet has an answer of a request that comes to a proxy say what is not known yet.
func (a *Answer) mayMeet(p proxied.Proxy) {
	if found, ok := p.May(); ok && a.Verdict == Delivered {
		a.Verdict, a.Cause = Undecided, inWords(journey.Find(flows.LegRequest, found))
	}
}

// meets has an answer say that the proxy talks to itself: that it takes connections is
// no delivery.
func (a *Answer) meets(found service.MeetsItself) {
	kept := journey.Find(flows.LegRequest, found)
	a.Verdict, a.Cause, a.Fix, a.Next = Broken, inWords(kept), []change.Command{}, []Fault{}
	a.mendBy(change.Here(kept.Mends...))
	for i, h := range a.Hops {
		if h.Leg == flows.LegRequest && h.Stage == hop.StageDeliver && h.Netns == found.Netns() {
			a.Hops[i].Predicted, a.Hops[i].Detail = hop.Fail, kept.Detail()
		}
	}
}
