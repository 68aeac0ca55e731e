package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"io"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// room is a lab where a fix is to be tried: it is born while the network is still read.
type room struct {
	question *io.PipeWriter
	answer   *io.PipeReader
	end      func()
	done     chan error
}

// newRoom has a lab begun, which ends with ctx.
func newRoom(ctx context.Context) *room {
	ctx, cancel := context.WithCancel(ctx)
	in, question := io.Pipe()
	answer, out := io.Pipe()
	r := &room{question: question, answer: answer, done: make(chan error, 1)}
	r.end = func() {
		cancel()
		question.Close() // whoever hands it on would wait for ever
		answer.Close()
	}
	go func() {
		err := lab.Run(ctx, []string{Argument}, in, out)
		in.Close()
		out.Close()
		r.done <- err
	}()
	return r
}

// try has a fix tried there, and the lab ended: that takes ten milliseconds after the answer,
// which nobody waits for.
func (r *room) try(ctx context.Context, t trial) (o outcome, err error) {
	defer r.end()
	defer context.AfterFunc(ctx, r.end)()
	// Where the lab is gone, it is said in the end why.
	_ = json.NewEncoder(r.question).Encode(t)
	r.question.Close()
	if err = json.NewDecoder(r.answer).Decode(&o); err != nil {
		r.answer.Close()
		err = cmp.Or(<-r.done, err)
		return o, say.Err("try the fix: %v", "试修复：%v", err)
	}
	return o, nil
}

// rooms are those that nobody has tried anything in.
type rooms []*room

// take takes one, or has it begun.
func (r *rooms) take(ctx context.Context) *room {
	if len(*r) == 0 {
		return newRoom(ctx)
	}
	first := (*r)[0]
	*r = (*r)[1:]
	return first
}

// leave ends the labs in which nothing is to be tried any more, and waits for it.
func (r *rooms) leave() {
	for _, room := range *r {
		room.end()
	}
	for _, room := range *r {
		<-room.done
	}
	*r = nil
}
