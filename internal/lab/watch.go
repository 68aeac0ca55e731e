package lab

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// nameChange is a name that came into a folder, or went.
type nameChange struct {
	name string
	gone bool
}

// watcher tells what comes into a folder and goes, until it is closed.
type watcher interface {
	changes() <-chan nameChange // closed after close
	close()
}

// watchNames watches by inotify, or, where a user's instances are used up
// (fs.inotify.max_user_instances, 128 on most machines, shared by all who are
// mapped to one user), by looking again and again.
func watchNames(dir string) (watcher, error) {
	inotify, err := fsnotify.NewWatcher()
	if err == nil {
		if err = inotify.Add(dir); err == nil {
			return newNotified(inotify), nil
		}
		inotify.Close()
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, err
	}
	return newPolled(dir), nil
}

// notified is told by the kernel.
type notified struct {
	inotify *fsnotify.Watcher
	out     chan nameChange
}

func newNotified(inotify *fsnotify.Watcher) *notified {
	n := &notified{inotify, make(chan nameChange)}
	go n.run()
	return n
}

func (n *notified) run() {
	defer close(n.out)
	for {
		select {
		case event, ok := <-n.inotify.Events:
			if !ok {
				return
			}
			if gone := event.Has(fsnotify.Remove); gone || event.Has(fsnotify.Create) {
				n.out <- nameChange{filepath.Base(event.Name), gone}
			}
		case _, ok := <-n.inotify.Errors:
			if !ok {
				return
			}
		}
	}
}

func (n *notified) changes() <-chan nameChange { return n.out }
func (n *notified) close()                     { n.inotify.Close() }

// pollEvery is short enough for who types `ip netns add` and looks, and costs
// less than a thousandth of a processor.
const pollEvery = 200 * time.Millisecond

// polled looks for itself.
type polled struct {
	dir   string
	out   chan nameChange
	ended chan struct{}
	once  sync.Once
}

func newPolled(dir string) *polled {
	p := &polled{dir: dir, out: make(chan nameChange), ended: make(chan struct{})}
	go p.run(p.names())
	return p
}

func (p *polled) names() map[string]bool {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

func (p *polled) run(was map[string]bool) {
	defer close(p.out)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-tick.C:
		}
		now := p.names()
		if now == nil {
			continue
		}
		for name := range was {
			if !now[name] && !p.tell(nameChange{name, true}) {
				return
			}
		}
		for name := range now {
			if !was[name] && !p.tell(nameChange{name, false}) {
				return
			}
		}
		was = now
	}
}

func (p *polled) tell(change nameChange) bool {
	select {
	case p.out <- change:
		return true
	case <-p.ended:
		return false
	}
}

func (p *polled) changes() <-chan nameChange { return p.out }
func (p *polled) close()                     { p.once.Do(func() { close(p.ended) }) }
