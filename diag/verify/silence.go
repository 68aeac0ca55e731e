package verify

import (
	"context"
	"time"
)

// Nothing in the copy is far away: what a packet brings about, the kernel does at once, or
// when it has been answered who has an address, and the listeners as soon as they are run.
// So whoever is not answered while this process is run in time, again and again, and while
// nobody is asked for, will not be.
const (
	tick = 2 * time.Millisecond
	runs = 12 // ticks that come in time
	calm = 4  // of them in a row, at last
)

// quiet is closed when nothing more is to be expected of what was sent by now; silence
// and answer bound the waiting where it never is. stop ends it.
func (s *stage) quiet(ctx context.Context) (quiet <-chan struct{}, stop context.CancelFunc) {
	ctx, stop = context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		for all, row := 0, 0; ctx.Err() == nil; {
			slept := time.Now()
			time.Sleep(tick)
			all, row = all+1, row+1
			if time.Since(slept) > 2*tick {
				all, row = all-1, 0 // the machine is busy
			}
			if all < runs || row < calm {
				continue
			}
			if !s.built.Asking() {
				close(done)
				return
			}
			all, row = 0, 0
		}
	}()
	return done, stop
}
