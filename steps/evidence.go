package steps

import (
	"context"
	"time"

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
	// Heard is what was announced of what a claim listens to, by its name.
	Heard map[string][]string
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

// Hearer is a claim that needs to hear what the kernel announces meanwhile.
type Hearer interface {
	// Hears names what is heard: claims of the same name hear it together.
	Hears() string
	Listen(l *lab.Lab) (Ear, error)
}

// Ear hears announcements, and tells them as the tool does that is made for them.
type Ear interface {
	Lines() ([]string, error) // those since it was last asked
	Close()
}

// linger is how long the wire is watched after the answer: the other
// namespaces' sockets get their copies a moment later.
const linger = 30 * time.Millisecond

// gather tries the promise's ping and request while watching what its claims
// are about.
func gather(ctx context.Context, l *lab.Lab, p Promise) (*Evidence, error) {
	e := &Evidence{Counts: map[string]table.Counters{}, Tallies: map[string][]tally.Rule{}, Heard: map[string][]string{}}
	before := map[string]table.Counters{}
	taps := map[string]*wire.Tap{}
	ears, err := listen(l, p.Claims)
	defer closeAll(ears)
	if err != nil {
		return nil, err
	}
	for _, claim := range p.Claims {
		if err := e.tally(l, claim); err != nil {
			return nil, err
		}
		o, ok := claim.(Observer)
		if !ok {
			continue
		}
		wire, counters := o.Observes()
		if wire != "" && taps[wire] == nil {
			tap, err := openTap(l, wire, p.frames())
			if err != nil {
				return nil, err
			}
			defer tap.Close()
			taps[wire] = tap
		}
		if counters != "" && before[counters] == nil {
			counts, err := readCounters(l, counters)
			if err != nil {
				return nil, err
			}
			before[counters] = counts
		}
	}
	sent, err := e.try(ctx, l, p)
	if err != nil {
		return nil, err
	}
	if len(taps)+len(ears) > 0 {
		pause(ctx, linger-time.Since(sent))
	}
	for name, ear := range ears {
		if e.Heard[name], err = ear.Lines(); err != nil {
			return nil, err
		}
	}
	for _, tap := range taps {
		e.Frames = append(e.Frames, tap.Pending()...)
	}
	for name, was := range before {
		now, err := readCounters(l, name)
		if err != nil {
			return nil, err
		}
		e.Counts[name] = now.Since(was)
	}
	return e, ctx.Err()
}

// listen opens an ear for each thing that claims want to hear.
func listen(l *lab.Lab, claims []Claim) (ears map[string]Ear, err error) {
	ears = map[string]Ear{}
	for _, claim := range claims {
		h, ok := claim.(Hearer)
		if !ok || ears[h.Hears()] != nil {
			continue
		}
		if ears[h.Hears()], err = h.Listen(l); err != nil {
			delete(ears, h.Hears())
			return ears, err
		}
	}
	return ears, nil
}

func closeAll(ears map[string]Ear) {
	for _, ear := range ears {
		ear.Close()
	}
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

func openTap(l *lab.Lab, netns string, frames wire.Filter) (*wire.Tap, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return wire.Capture(ns, frames)
}

func readCounters(l *lab.Lab, netns string) (table.Counters, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return table.ReadCounters(ns)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
