package feed

import (
	"context"

	"nstutor/diag/wire"
	"nstutor/internal/nsenter"
	"nstutor/internal/session/rescue"
)

// wireBurst is how many frames are passed on in one message at most.
const wireBurst = 64

// taps are those of all namespaces and the story they tell together.
type taps struct {
	taps   map[*nsenter.Namespace]*wire.Tap
	cancel context.CancelFunc
	done   chan struct{}
}

// tapAll listens in every namespace that is watched, and nowhere else.
func (f *Feed) tapAll(ctx context.Context) {
	if f.wire.covers(f.spaces) {
		return
	}
	old := f.wire
	if old != nil {
		old.pause()
	} else {
		old = &taps{taps: map[*nsenter.Namespace]*wire.Tap{}}
	}
	next := &taps{taps: map[*nsenter.Namespace]*wire.Tap{}, done: make(chan struct{})}
	var taps []*wire.Tap
	for _, s := range f.spaces {
		tap := old.taps[s.ns]
		delete(old.taps, s.ns)
		if tap == nil {
			var err error
			if tap, err = wire.Capture(s.ns, wire.Filter{TCP: true, UDP: true}); err != nil {
				continue // it closed just now: another change will tell
			}
		}
		next.taps[s.ns] = tap
		taps = append(taps, tap)
	}
	for _, tap := range old.taps {
		tap.Close()
	}
	ctx, next.cancel = context.WithCancel(ctx)
	frames := wire.Merge(ctx, taps...)
	go rescue.Guard(f.send, func() {
		defer close(next.done)
		f.passFrames(frames)
	})
	f.wire = next
}

// covers says whether the taps are those of the spaces.
func (w *taps) covers(spaces map[string]*space) bool {
	if w == nil || len(w.taps) != len(spaces) {
		return false
	}
	for _, s := range spaces {
		if w.taps[s.ns] == nil {
			return false
		}
	}
	return true
}

// passFrames sends frames on, as many at once as there are.
func (f *Feed) passFrames(frames <-chan wire.Frame) {
	for first := range frames {
		burst := Frames{first}
	more:
		for len(burst) < wireBurst {
			select {
			case next, ok := <-frames:
				if !ok {
					break more
				}
				burst = append(burst, next)
			default:
				break more
			}
		}
		f.send(burst)
	}
}

// pause ends the story but leaves the taps open.
func (w *taps) pause() {
	w.cancel()
	<-w.done
}

func (w *taps) close() {
	w.pause()
	for _, tap := range w.taps {
		tap.Close()
	}
}
