package feed

import (
	"reflect"
	"time"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/tally"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/rescue"
)

// tallyTime is how often the counters and connections are read: the kernel announces
// neither.
const tallyTime = 500 * time.Millisecond

// Tally is what the packet filters that a step is about remember.
type Tally struct {
	Aim      int // its generation
	Rules    []tally.Rule
	Services []tally.Service
	Flows    []conntrack.Entry
}

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
	if want.Rules == "" && want.Flows == "" {
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
	ticker := time.NewTicker(tallyTime)
	defer ticker.Stop()
	for {
		now := Tally{Aim: c.aim.Gen}
		if ns := f.space(c.aim.Rules); ns != nil {
			now.Rules, now.Services, _ = tally.Read(ns) // a namespace that is going has none
		}
		if ns := f.space(c.aim.Flows); ns != nil {
			now.Flows, _ = conntrack.List(ns)
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
