package steps

import (
	"context"
	"time"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/diag/netfilter/tally"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Evidence is what happened while a promise was tried.
type Evidence struct {
	Pings  []probe.Result
	Gets   []probe.GetResult
	Asks   []probe.Result
	Frames []wire.Frame              // of the namespaces that a claim asks about
	Counts map[string]table.Counters // what each namespace's counters gained
	// Tallies are what the rules of a namespace had counted before.
	Tallies map[string][]tally.Rule
	// Traces and Tracked are what was announced of marked packets and of connections, by
	// the namespace that a claim listens to.
	Traces  map[string][]nftrace.Event
	Tracked map[string][]conntrack.Event
}

// ErrNeedsEvidence says that a claim is about the wire, not about a table.
var ErrNeedsEvidence = say.Err("only a ping can show this", "只有 ping 一次才能看出来")

// Observer is a claim that needs something watched while the ping runs.
type Observer interface {
	Observes() (wire, counters string)
}

// Tallier is a claim that needs the counters of a namespace's rules as they were
// before anything was tried.
type Tallier interface {
	Tallies() (netns string)
}

// Tracer is a claim that needs to hear meanwhile which rules marked packets meet.
type Tracer interface {
	Traces() (netns string)
}

// Tracker is a claim that needs to hear meanwhile what becomes of connections.
type Tracker interface {
	Tracks() (netns string)
}

// linger is how long the wire is watched after the answer: the other
// namespaces' sockets get their copies a moment later.
const linger = 30 * time.Millisecond

// gather tries the promise's ping and request while watching what its claims
// are about.
func gather(ctx context.Context, l *lab.Lab, p Promise) (*Evidence, error) {
	e := &Evidence{Counts: map[string]table.Counters{}, Tallies: map[string][]tally.Rule{}}
	w := watching{
		before: map[string]table.Counters{}, taps: map[string]*wire.Tap{},
		traces: ears[nftrace.Event]{}, tracked: ears[conntrack.Event]{},
	}
	defer w.close()
	for _, claim := range p.Claims {
		if err := say.Join(e.tally(l, claim), w.begin(l, claim, p.frames())); err != nil {
			return nil, err
		}
	}
	sent, err := e.try(ctx, l, p)
	if err != nil {
		return nil, err
	}
	if len(w.taps)+len(w.traces)+len(w.tracked) > 0 {
		pause(ctx, linger-time.Since(sent))
	}
	if err := w.end(l, e); err != nil {
		return nil, err
	}
	return e, ctx.Err()
}

// tally reads the counters that a claim is about.
func (e *Evidence) tally(l *lab.Lab, claim Claim) error {
	t, ok := claim.(Tallier)
	if !ok {
		return nil
	}
	ns, err := l.NS(t.Tallies())
	if err != nil {
		return err
	}
	e.Tallies[ns.Name()], err = tally.Rules(ns)
	return err
}

// try sends what the promise sends, and says when the last of it was sent.
func (e *Evidence) try(ctx context.Context, l *lab.Lab, p Promise) (last time.Time, err error) {
	for _, a := range p.First {
		a.Change(l).Apply(ctx, l)
	}
	tries := p.Tries()
	for i, one := range tries {
		ns, err := l.NS(one.Netns)
		if err != nil {
			return last, err
		}
		wait := l.PingTimeout()
		if one.Want == probe.Silent {
			wait = l.SilenceTimeout()
		}
		last = time.Now()
		switch {
		case i < len(p.Pings):
			e.Pings = append(e.Pings, probe.Ping(ctx, ns, probe.Echo{To: one.To, TTL: p.Pings[i].Hops, Timeout: wait}))
		case one.Tool == toolGet:
			e.Gets = append(e.Gets, probe.Get(ctx, ns, one.To, min(getTime, wait)))
		default:
			e.Asks = append(e.Asks, one.Try(ctx, ns, wait))
		}
	}
	return last, nil
}

// frames are those that the promise's tries leave on the wire.
func (p Promise) frames() wire.Filter { return wire.Filter{TCP: len(p.Gets) > 0, UDP: len(p.Asks) > 0} }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
