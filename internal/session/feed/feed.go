package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"nstutor/diag/table"
	"nstutor/diag/table/watch"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/rescue"
	"nstutor/steps"
)

// Aim is what the feed is to look at beside what it always does.
type Aim struct {
	Gen     int         // of the ping: its events carry it
	Tables  string      // the namespace whose neighbours are polled
	Tried   steps.Tried // what is tried again and again, if pinging
	Pinging bool
	Told    steps.Told // the namespaces that are asked what becomes of packets
}

// Feed follows the lab: it watches the tables of every namespace, the frames
// on every wire, and pings. What it sees it sends as messages. It owns all its
// goroutines, and ends them before Run returns.
type Feed struct {
	lab  *lab.Lab
	send func(any)
	keys []string      // settings to read besides those that all snapshots have
	poke chan struct{} // the aim, or a namespace, is another

	mu     sync.Mutex
	wanted Aim

	names   Names // as they were last sent
	spaces  map[string]*space
	wire    *taps
	pinger  *pinger
	counter *counter
}

// New makes a feed of a lab; what it sees goes to send. Keys are settings to read in each
// namespace that has them, besides those that decide whether a packet passes.
func New(l *lab.Lab, keys []string, send func(any)) *Feed {
	return &Feed{lab: l, send: send, keys: keys, poke: make(chan struct{}, 1), spaces: map[string]*space{}}
}

// AimAt changes the aim. It does not wait.
func (f *Feed) AimAt(a Aim) {
	f.mu.Lock()
	f.wanted = a
	f.mu.Unlock()
	f.stir()
}

func (f *Feed) aim() Aim {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wanted
}

func (f *Feed) stir() {
	select {
	case f.poke <- struct{}{}:
	default:
	}
}

// Run follows the lab until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	defer f.close()
	for {
		f.follow(ctx)
		select {
		case <-f.poke:
		case <-f.lab.Changes():
		case <-ctx.Done():
			return
		}
	}
}

// follow brings what is watched in line with the namespaces there are and with
// the aim.
func (f *Feed) follow(ctx context.Context) {
	want := f.aim()
	names := Names{}
	for _, name := range f.lab.Names() {
		ns, err := f.lab.NS(name)
		if err != nil {
			continue // it is just coming or going: another change will tell
		}
		f.open(ctx, ns, name == want.Tables)
		names = append(names, name)
	}
	for name, s := range f.spaces {
		if !slices.Contains(names, name) {
			s.close()
			delete(f.spaces, name)
		}
	}
	if !slices.Equal(names, f.names) {
		f.names = names
		f.send(names)
	}
	f.tapAll(ctx)
	f.ping(want)
	f.count(want)
}

// open watches a namespace, unless it is watched in this manner already.
func (f *Feed) open(ctx context.Context, ns *nsenter.Namespace, near bool) {
	old := f.spaces[ns.Name()]
	if old != nil {
		if old.ns == ns && old.near == near && !old.ended() {
			return
		}
		old.close()
		delete(f.spaces, ns.Name())
	}
	s, err := openSpace(ctx, ns, near, f)
	if err == nil {
		f.spaces[ns.Name()] = s
	} else if !errors.Is(err, nsenter.ErrClosed) {
		f.complain(err)
	}
}

// complain reports what could not be watched, and tries again after a while.
func (f *Feed) complain(err error) {
	f.send(Trouble{err})
	time.AfterFunc(retryTime, f.stir)
}

// close ends everything.
func (f *Feed) close() {
	if f.pinger != nil {
		f.pinger.close()
	}
	if f.counter != nil {
		f.counter.close()
	}
	if f.wire != nil {
		f.wire.close()
	}
	for _, s := range f.spaces {
		s.close()
	}
}

// retryTime is how long to wait before watching again what could not be watched.
const retryTime = time.Second

// frameTime is how often a snapshot of one namespace is passed on at most.
const frameTime = 8 * time.Millisecond

// space is one watched namespace.
type space struct {
	ns      *nsenter.Namespace
	near    bool // the neighbours are polled too
	watcher *watch.Watcher
	done    chan struct{}
}

func openSpace(ctx context.Context, ns *nsenter.Namespace, near bool, f *Feed) (*space, error) {
	opts := watch.Options{
		Read:       table.ReadOptions{Tables: table.AllTables | table.FDB, Names: f.lab.Namespaces(), Keys: f.keys},
		NeighPoll:  400 * time.Millisecond, // INCOMPLETE lasts three seconds
		SysctlPoll: 2 * time.Second,        // the kernel announces those that matter
	}
	if !near {
		opts.NeighPoll = time.Hour // the kernel announces all but INCOMPLETE
		opts.SysctlPoll = 5 * time.Second
	}
	watcher, err := watch.New(ns, opts)
	if err != nil {
		return nil, err
	}
	s := &space{ns: ns, near: near, watcher: watcher, done: make(chan struct{})}
	go rescue.Guard(f.send, func() {
		defer close(s.done)
		for snap := range watcher.Updates() {
			f.send(Snapshot{snap})
			select {
			case <-ctx.Done():
			case <-time.After(frameTime):
			}
		}
		if err := watcher.Err(); err != nil {
			f.complain(err)
			return
		}
		f.stir() // the namespace was closed: there may be another of its name
	})
	return s, nil
}

func (s *space) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// close ends the watcher, and returns when nothing more of it will be sent.
func (s *space) close() {
	s.watcher.Close()
	<-s.done
}
