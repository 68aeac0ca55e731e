package steps

import (
	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// watching is what is watched for the claims of a promise while that is tried, by
// namespaces.
type watching struct {
	before  map[string]table.Counters
	taps    map[string]*wire.Tap
	traces  ears[nftrace.Event]
	tracked ears[conntrack.Event]
}

// begin watches what a claim is about.
func (w *watching) begin(l *lab.Lab, claim Claim, frames wire.Filter) (err error) {
	if o, ok := claim.(Observer); ok {
		tap, counters := o.Observes()
		if tap != "" && w.taps[tap] == nil {
			if w.taps[tap], err = openTap(l, tap, frames); err != nil {
				delete(w.taps, tap)
				return err
			}
		}
		if counters != "" && w.before[counters] == nil {
			if w.before[counters], err = readCounters(l, counters); err != nil {
				return err
			}
		}
	}
	if t, ok := claim.(Tracer); ok {
		if err := listen(l, w.traces, t.Traces(), nftrace.Listen); err != nil {
			return err
		}
	}
	if t, ok := claim.(Tracker); ok {
		return listen(l, w.tracked, t.Tracks(), conntrack.Listen)
	}
	return nil
}

// end puts what was seen and heard into the evidence.
func (w *watching) end(l *lab.Lab, e *Evidence) (err error) {
	if e.Traces, err = w.traces.heard(); err != nil {
		return err
	}
	if e.Tracked, err = w.tracked.heard(); err != nil {
		return err
	}
	for _, tap := range w.taps {
		e.Frames = append(e.Frames, tap.Pending()...)
	}
	for name, was := range w.before {
		now, err := readCounters(l, name)
		if err != nil {
			return err
		}
		e.Counts[name] = now.Since(was)
	}
	return nil
}

func (w *watching) close() {
	for _, tap := range w.taps {
		tap.Close()
	}
	w.traces.close()
	w.tracked.close()
}

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

// ear hears what the kernel announces in one namespace.
type ear[E any] interface {
	Pending() ([]E, error) // what was heard since it was last asked
	Close()
}

// ears are those of several namespaces.
type ears[E any] map[string]ear[E]

// listen opens an ear in a namespace, unless there is one.
func listen[E any, L ear[E]](l *lab.Lab, all ears[E], netns string, open func(*nsenter.Namespace) (L, error)) error {
	if all[netns] != nil {
		return nil
	}
	ns, err := l.NS(netns)
	if err != nil {
		return err
	}
	one, err := open(ns)
	if err != nil {
		return err
	}
	all[netns] = one
	return nil
}

// heard is what each has heard.
func (all ears[E]) heard() (events map[string][]E, err error) {
	events = map[string][]E{}
	for netns, one := range all {
		if events[netns], err = one.Pending(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

func (all ears[E]) close() {
	for _, one := range all {
		one.Close()
	}
}
