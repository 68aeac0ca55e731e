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
	// Traces and Events are the last lines of `nft monitor trace` and `conntrack -E`.
	Traces, Events []string
}

// lastLines is how many lines of what goes on and on are kept.
const lastLines = 40

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
	defer traces.close()
	defer events.close()
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
		now.Traces, now.Events = traces.more(last.Traces), events.more(last.Events)
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

// ear hears lines without end, or nothing at all.
type ear struct{ steps.Ear }

// listen opens the ears that are wanted. One that cannot be opened hears nothing.
func (f *Feed) listen(told steps.Told) (traces, events ear) {
	if ns := f.space(told.Traces); ns != nil {
		if l, err := nftrace.Listen(ns); err == nil {
			traces.Ear = l
		}
	}
	if ns := f.space(told.Events); ns != nil {
		if l, err := conntrack.Listen(ns); err == nil {
			events.Ear = l
		}
	}
	return traces, events
}

// more are the last lines, with those that were heard since.
func (e ear) more(lines []string) []string {
	if e.Ear == nil {
		return nil
	}
	fresh, _ := e.Lines() // a namespace that is going has none
	lines = slices.Concat(lines, fresh)
	return lines[max(0, len(lines)-lastLines):]
}

func (e ear) close() {
	if e.Ear != nil {
		e.Close()
	}
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
