package session

import (
	"context"
	"sync"
	"time"

	"nstutor/internal/say"
	"nstutor/steps"
)

// desk lets one job at a time use the player, which is not safe for concurrent
// use. What the learner asks for goes first: it cancels the jobs that run for
// nobody in particular.
type desk struct {
	ctx    context.Context // of the program
	player *steps.Player
	turn   chan struct{} // whoever has sent into it uses the player

	mu         sync.Mutex
	background context.Context // of the jobs that may be cancelled
	cancel     context.CancelFunc
}

func newDesk(ctx context.Context, player *steps.Player) *desk {
	d := &desk{ctx: ctx, player: player, turn: make(chan struct{}, 1)}
	d.background, d.cancel = context.WithCancel(ctx)
	return d
}

// task is work with the player. A nil message is no news.
type task func(ctx context.Context, p *steps.Player) any

// ask runs what the learner asked for, as soon as the player is free. failed
// makes a message of a panic, or of the time being over before it began.
func (d *desk) ask(timeout time.Duration, do task, failed func(error) any) Work {
	return one(func() any {
		d.mu.Lock()
		d.cancel()
		d.background, d.cancel = context.WithCancel(d.ctx)
		d.mu.Unlock()
		ctx, cancel := context.WithTimeout(d.ctx, timeout)
		defer cancel()
		return d.run(ctx, do, failed)
	})
}

// meanwhile runs a job that is given up when the learner asks for something.
func (d *desk) meanwhile(timeout time.Duration, do task, failed func(error) any) Work {
	return one(func() any {
		d.mu.Lock()
		background := d.background
		d.mu.Unlock()
		ctx, cancel := context.WithTimeout(background, timeout)
		defer cancel()
		return d.run(ctx, do, failed)
	})
}

func (d *desk) run(ctx context.Context, do task, failed func(error) any) (msg any) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return failed(ctx.Err())
	}
	defer func() { <-d.turn }()
	defer func() {
		if p := recover(); p != nil {
			msg = failed(say.Err("panic: %v", "程序出错（panic）：%v", p))
		}
	}()
	return do(ctx, d.player)
}

// rest waits until no job uses the player any more.
func (d *desk) rest() {
	d.mu.Lock()
	d.cancel()
	d.mu.Unlock()
	d.turn <- struct{}{}
	<-d.turn
}
