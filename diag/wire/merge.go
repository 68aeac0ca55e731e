package wire

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// mergeHold is how long Merge keeps a frame back for an earlier one of another
// Tap. Two readers are rarely further apart than one turn of the scheduler.
const mergeHold = 2 * time.Millisecond

// mergeLag is how much longer it keeps one back for a Tap that is behind: on a
// busy machine a reader may not run for some ten milliseconds.
const mergeLag = time.Second

// Merge joins what several taps see into one story, ordered by the kernel's
// timestamps: a frame leaves one namespace before it enters the next. A frame
// comes mergeHold later than its Tap delivers it, or when no Tap has one left
// that the kernel queued before; one that is later than mergeLag as well is
// delivered out of order rather than lost.
//
// Merge reads the taps' Frames, so nobody else must. A slow reader of the
// result makes the taps drop and count frames. The channel is closed when ctx
// ends, which does not close the taps, or when all taps have ended and what was
// held back is delivered.
func Merge(ctx context.Context, taps ...*Tap) <-chan Frame {
	sources := make([]mergeSource, len(taps))
	for i, tap := range taps {
		sources[i] = mergeSource{frames: tap.Frames(), behind: tap.behind}
	}
	return mergeFrames(ctx, sources)
}

// mergeSource is one Tap's part of the story.
type mergeSource struct {
	frames <-chan Frame
	// behind says whether frames are on their way, by how many have come so far.
	behind func(received uint64) bool
}

func mergeFrames(ctx context.Context, sources []mergeSource) <-chan Frame {
	in, out := make(chan heldFrame), make(chan Frame)
	var readers sync.WaitGroup
	for i, source := range sources {
		readers.Go(func() { holdFrames(ctx, i, source.frames, in) })
	}
	go func() {
		readers.Wait()
		close(in)
	}()
	go func() {
		defer close(out)
		releaseFrames(ctx, sources, in, out)
	}()
	return out
}

// holdFrames notes when each frame of a source may go on.
func holdFrames(ctx context.Context, source int, frames <-chan Frame, in chan<- heldFrame) {
	for {
		select {
		case frame, ok := <-frames:
			if !ok {
				return
			}
			select {
			case in <- heldFrame{frame, source, time.Now().Add(mergeHold)}:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// releaseFrames sends the earliest frame once it was held long enough and no
// source is behind. While out is not read it stops reading in, so that it never
// holds more than passes in the hold-back time.
func releaseFrames(ctx context.Context, sources []mergeSource, in <-chan heldFrame, out chan<- Frame) {
	var held heldFrames
	received := make([]uint64, len(sources))
	last := make([]time.Time, len(sources)) // the kernel's time of the latest frame
	behind := func(at time.Time) bool {
		for i, source := range sources {
			if !last[i].After(at) && source.behind(received[i]) {
				return true
			}
		}
		return false
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for in != nil || len(held) > 0 {
		var due <-chan time.Time
		if len(held) > 0 {
			wait := time.Until(held[0].due)
			if in != nil && wait <= 0 && wait > -mergeLag && behind(held[0].At) {
				wait = mergeHold
			}
			if wait <= 0 || in == nil {
				select {
				case out <- heap.Pop(&held).(heldFrame).Frame:
				case <-ctx.Done():
					return
				}
				continue
			}
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case frame, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			received[frame.source]++
			last[frame.source] = frame.At
			heap.Push(&held, frame)
		case <-due:
		case <-ctx.Done():
			return
		}
	}
}

// heldFrame is a frame, its source, and when it has waited long enough for
// earlier ones.
type heldFrame struct {
	Frame
	source int
	due    time.Time
}

// heldFrames is a heap with the earliest frame on top.
type heldFrames []heldFrame

func (h heldFrames) Len() int      { return len(h) }
func (h heldFrames) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heldFrames) Push(x any)   { *h = append(*h, x.(heldFrame)) }

// Less keeps frames of the same nanosecond in the order they came.
func (h heldFrames) Less(i, j int) bool {
	if h[i].At.Equal(h[j].At) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].At.Before(h[j].At)
}

func (h *heldFrames) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
