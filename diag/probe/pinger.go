package probe

import (
	"context"
	"sync"
	"time"

	"nstutor/internal/nsenter"
)

// Event is news of one echo of a Pinger. Every Seq is announced twice: with
// Sent true when its request is about to go out, so that it can be shown as
// pending, and with Sent false and its Result when its fate is known. An echo
// that is still pending may be overtaken by a later one.
type Event struct {
	Seq    int
	Sent   bool
	Result Result
}

// Pinger tries one destination again and again, whatever the errors, until
// it is closed. Each try is one of its own: it resolves the name, asks for
// the route and opens its sockets anew, so a change of the network shows in the
// very next one, and between two of them nothing runs.
type Pinger struct {
	try      Try
	first    int // the number of the first try
	places   int // how many tries may be under way at once
	interval time.Duration
	events   chan Event
	cancel   context.CancelFunc
	done     chan struct{}
}

// pingerMinInterval keeps a mistaken interval from flooding.
const pingerMinInterval = 10 * time.Millisecond

// Try is one try, the seq-th: what became of it.
type Try func(ctx context.Context, seq int) Result

// NewPinger starts sending echo inside ns (nil: the caller's namespace) every
// interval; 0 stands for ping's one second. The echo's Seq is the first one, or 1.
func NewPinger(ns *nsenter.Namespace, echo Echo, interval time.Duration) *Pinger {
	echo = echo.withDefaults()
	try := func(ctx context.Context, seq int) Result {
		e := echo
		e.Seq = seq
		return Ping(ctx, ns, e)
	}
	return startPinger(ns, try, echo.Seq, echo.Timeout, interval)
}

// NewTrier tries something else than an echo inside ns every interval: the first is
// number 1. One try takes no longer than timeout.
func NewTrier(ns *nsenter.Namespace, try Try, timeout, interval time.Duration) *Pinger {
	return startPinger(ns, try, 1, timeout, interval)
}

func startPinger(ns *nsenter.Namespace, try Try, first int, timeout, interval time.Duration) *Pinger {
	if interval == 0 {
		interval = time.Second
	}
	interval = max(interval, pingerMinInterval)
	ctx, cancel := withNamespace(context.Background(), ns)
	p := &Pinger{
		try:      try,
		first:    first,
		places:   int(2 + 2*timeout/interval),
		interval: interval,
		events:   make(chan Event, 64),
		cancel:   cancel,
		done:     make(chan struct{}),
	}
	go p.run(ctx)
	return p
}

// Events is the news. It is closed once the Pinger has ended, by Close or
// because the namespace was closed, and all its sockets are gone. A reader
// that falls behind slows the Pinger down; no news is lost.
func (p *Pinger) Events() <-chan Event { return p.events }

// Close ends the Pinger and returns when all its sockets are closed. News
// that was not read yet stays readable.
func (p *Pinger) Close() {
	p.cancel()
	<-p.done
}

// run starts a try every interval, and no more of them at once than fit
// into the time that one can take.
func (p *Pinger) run(ctx context.Context) {
	var pending sync.WaitGroup
	defer close(p.done)
	defer close(p.events)
	defer pending.Wait()
	defer p.cancel()
	places := make(chan struct{}, p.places)
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for seq := p.first; ; seq++ {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		p.tell(ctx, Event{Seq: seq, Sent: true, Result: Result{Seq: seq}})
		pending.Go(func() {
			defer func() { <-places }()
			result := p.try(ctx, seq)
			result.Seq = seq
			p.tell(ctx, Event{Seq: seq, Result: result})
		})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// tell passes an event on, unless the Pinger is ending: what a try came to
// then is no news.
func (p *Pinger) tell(ctx context.Context, event Event) {
	if ctx.Err() != nil {
		return
	}
	select {
	case p.events <- event:
	case <-ctx.Done():
	}
}
