package watch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink/nl"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Options tunes a Watcher; the zero value of each field is its default.
type Options struct {
	Read table.ReadOptions
	// NeighPoll is how often the neighbours are read although nothing was
	// announced: the kernel is silent about an entry becoming INCOMPLETE. 250 ms.
	NeighPoll time.Duration
	// SysctlPoll is the same for the sysctls: the kernel announces forwarding,
	// rp_filter and proxy_arp only. 1 s.
	SysctlPoll time.Duration
	// Coalesce is how long to wait after an announcement for those that belong
	// to the same change. 1 ms.
	Coalesce time.Duration
	// Buffer is the size of the receive buffer in bytes; the kernel caps it at
	// net.core.rmem_max. 1 MiB.
	Buffer int
}

// maxRest bounds how long a Watcher rests after an expensive refresh.
const maxRest = 100 * time.Millisecond

// Watcher keeps a Snapshot of one namespace up to date. The kernel tells it what
// changes; only the tables concerned are read again.
type Watcher struct {
	ns      *nsenter.Namespace
	opts    Options
	updates chan *table.Snapshot
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // written before updates is closed

	dirty    atomic.Uint32 // Tables that somebody has to read again
	poke     chan struct{}
	overruns atomic.Int32 // how often announcements were lost
}

// New begins to watch ns. The first snapshot comes at once, and then one
// for every change, until Close is called or ns is closed.
func New(ns *nsenter.Namespace, opts Options) (*Watcher, error) {
	opts.NeighPoll = orDefault(opts.NeighPoll, 250*time.Millisecond)
	opts.SysctlPoll = orDefault(opts.SysctlPoll, time.Second)
	opts.Coalesce = orDefault(opts.Coalesce, time.Millisecond)
	opts.Buffer = orDefault(opts.Buffer, 1<<20)

	// The subscription comes before the first read, so that nothing falls
	// between them.
	events, err := subscribe(ns, opts.Buffer)
	if err != nil {
		return nil, err
	}
	reader, err := table.OpenReader(ns, opts.Read)
	if err != nil {
		events.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(ns.Context())
	w := &Watcher{
		ns: ns, opts: opts, cancel: cancel,
		updates: make(chan *table.Snapshot, 1),
		done:    make(chan struct{}),
		poke:    make(chan struct{}, 1),
	}
	w.touch(table.AllTables | table.FDB)
	go w.run(ctx, reader, events)
	return w, nil
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Updates carries the newest snapshot. One that nobody took is replaced by the
// next, so a slow receiver sees fewer of them, but always the latest state. The
// channel closes when the Watcher ends.
func (w *Watcher) Updates() <-chan *table.Snapshot { return w.updates }

// Err is why the Watcher ended, once Updates is closed; nil after Close, or
// when the namespace was closed.
func (w *Watcher) Err() error {
	select {
	case <-w.done:
		return w.err
	default:
		return nil
	}
}

// Close ends the Watcher and waits until its sockets are closed.
func (w *Watcher) Close() {
	w.cancel()
	<-w.done
}

// touch notes that tables have to be read again, and wakes the refresher.
func (w *Watcher) touch(tables table.Tables) {
	w.dirty.Or(uint32(tables & w.opts.Read.Which()))
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// run owns the reader; listen runs beside it and only touches.
func (w *Watcher) run(ctx context.Context, reader *table.Reader, events *announcements) {
	var listener sync.WaitGroup
	var listenErr error
	listener.Go(func() {
		if listenErr = w.listen(ctx, events); listenErr != nil {
			w.cancel()
		}
	})
	err := w.refreshLoop(ctx, reader)
	w.cancel()
	listener.Wait()
	reader.Close()
	if w.ns.Context().Err() == nil {
		w.err = say.Join(err, listenErr)
	}
	close(w.done)
	close(w.updates)
}

// refreshLoop refreshes what was touched, by an announcement or by a poll,
// until ctx ends.
func (w *Watcher) refreshLoop(ctx context.Context, reader *table.Reader) error {
	neigh := time.NewTicker(w.opts.NeighPoll)
	defer neigh.Stop()
	sysctl := time.NewTicker(w.opts.SysctlPoll)
	defer sysctl.Stop()

	var last *table.Snapshot
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-neigh.C:
			w.touch(table.Neighbours)
		case <-sysctl.C:
			w.touch(table.Sysctls)
		case <-w.poke:
			pause(ctx, w.opts.Coalesce)
			start := time.Now()
			next, err := w.refresh(ctx, reader, last)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return say.Err("watch: %v", "监视：%v", err)
			}
			last = next
			// Under a flood of changes, at most half of a processor is spent here.
			if took := time.Since(start); took > w.opts.Coalesce {
				pause(ctx, min(took, maxRest))
			}
		}
	}
}

// refresh reads what was touched since last, which is nil at first, sends the
// snapshot if it is different, and returns it.
func (w *Watcher) refresh(ctx context.Context, reader *table.Reader, last *table.Snapshot) (*table.Snapshot, error) {
	tables := table.Tables(w.dirty.Swap(0))
	if tables == 0 {
		return last, nil
	}
	base := last
	if base == nil {
		base = &table.Snapshot{}
	}
	next, err := reader.Refresh(ctx, base, tables)
	if errors.Is(err, nl.ErrDumpInterrupted) {
		w.touch(tables) // still in motion: there is no state to show yet
		return last, nil
	}
	if err != nil {
		return nil, err
	}
	if last == nil || len(table.Diff(last, next)) > 0 {
		w.publish(next)
	}
	return next, nil
}

// publish leaves s in the channel instead of what nobody took. Only the
// refresher sends, so there is room after one receive.
func (w *Watcher) publish(s *table.Snapshot) {
	select {
	case <-w.updates:
	default:
	}
	w.updates <- s
}

// pause waits, but not for longer than ctx lasts.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
