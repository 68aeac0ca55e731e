package feed

import (
	"reflect"
	"slices"
	"time"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/diag/netfilter/tally"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/rescue"
	"nstutor/steps"
)

// tallyTime is how often the counters and connections are read: the kernel announces
// neither. What it does announce is fetched then.
const tallyTime = 500 * time.Millisecond

// Tally is what the packet filters that a step is about remember.
type Tally struct {
	Aim      int // its generation
	Rules    []tally.Rule
	Services []tally.Service
	Flows    []conntrack.Entry
	Traces   []nftrace.Event   // the last ones, which `nft monitor trace` prints
	Events   []conntrack.Event // the last ones, which `conntrack -E` prints
}

// lastEvents is how many of what goes on and on are kept.
const lastEvents = 40

// counter reads tallies until it is closed.
type counter struct {
	aim  Aim
	stop chan struct{}
	done chan struct{}
}

// count starts, moves or stops the reading of tallies.
func (f *Feed) count(want Aim) {
	if c := f.counter; c != nil {
		if c.aim.Gen == want.Gen {
			return
		}
		c.close()
		f.counter = nil
	}
	if want.Told == (steps.Told{}) {
		return
	}
	c := &counter{aim: want, stop: make(chan struct{}), done: make(chan struct{})}
	go rescue.Guard(f.send, func() {
		defer close(c.done)
		f.tell(c)
	})
	f.counter = c
}

// tell sends a tally whenever it is another one.
func (f *Feed) tell(c *counter) {
	var last Tally
	told := c.aim.Told
	traces, events := f.listen(told)
	if traces != nil {
		defer traces.Close()
	}
	if events != nil {
		defer events.Close()
	}
	ticker := time.NewTicker(tallyTime)
	defer ticker.Stop()
	for {
		now := Tally{Aim: c.aim.Gen}
		if ns := f.space(told.Rules); ns != nil {
			now.Rules, now.Services, _ = tally.Read(ns) // a namespace that is going has none
		}
		if ns := f.space(told.Flows); ns != nil {
			now.Flows, _ = conntrack.List(ns)
		}
		if traces != nil {
			now.Traces = more(last.Traces, traces.Pending)
		}
		if events != nil {
			now.Events = more(last.Events, events.Pending)
		}
		if !reflect.DeepEqual(now, last) {
			f.send(now)
			last = now
		}
		select {
		case <-ticker.C:
		case <-c.stop:
			return
		}
	}
}

// listen opens the ears that are wanted. One that cannot be opened is nil.
func (f *Feed) listen(told steps.Told) (traces *nftrace.Listener, events *conntrack.Listener) {
	if ns := f.space(told.Traces); ns != nil {
		traces, _ = nftrace.Listen(ns)
	}
	if ns := f.space(told.Events); ns != nil {
		events, _ = conntrack.Listen(ns)
	}
	return traces, events
}

// more are the last of what was told, with what was heard since.
func more[T any](known []T, hear func() ([]T, error)) []T {
	fresh, _ := hear() // a namespace that is going has none
	known = slices.Concat(known, fresh)
	return known[max(0, len(known)-lastEvents):]
}

// space is a namespace, or nil.
func (f *Feed) space(name string) *nsenter.Namespace {
	if name == "" {
		return nil
	}
	ns, err := f.lab.NS(name)
	if err != nil {
		return nil
	}
	return ns
}

// close ends the reading, and returns when nothing more of it will be sent.
func (c *counter) close() {
	close(c.stop)
	<-c.done
}
