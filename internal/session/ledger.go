package session

import (
	"sync"

	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/internal/session/rescue"
)

// Progress is the memory of what the learner has done. It may write a file at
// each call, so the model calls it only from the ledger and from commands.
type Progress interface {
	Done(id string) bool
	MarkDone(id string, how progress.Way)
	Prediction(id string) (choice int, ok bool)
	Predict(id string, choice int, right bool)
	Hints(id string) int
	UseHint(id string, n int)
	Position() string
	SetPosition(id string)
	SetLang(lang string)
	// Warning is one line about a memory that cannot be read or written, or "".
	Warning() say.Text
	Summed
	Scored
}

// ledger writes to the memory in the order of the learner's acts, off the
// model's goroutine.
type ledger struct {
	progress Progress
	entries  chan func(Progress)
	done     sync.WaitGroup
}

// newLedger starts writing; send is told when the memory has a new complaint.
func newLedger(progress Progress, send func(any)) *ledger {
	l := &ledger{progress: progress, entries: make(chan func(Progress), 64)}
	l.done.Go(func() {
		warning := progress.Warning().String()
		for entry := range l.entries {
			rescue.Guard(send, func() { entry(progress) })
			if now := progress.Warning(); now.String() != warning {
				warning = now.String()
				send(Warning{now})
			}
		}
	})
	return l
}

// note enters one act.
func (s *Session) note(entry func(Progress)) {
	if s.ledger != nil {
		s.ledger.entries <- entry
	}
}

// close ends when everything is written.
func (l *ledger) close() {
	close(l.entries)
	l.done.Wait()
}

// recall reads what is remembered of every step.
func (s *Session) recall() Work {
	if s.ledger == nil {
		return nil
	}
	memory, course := s.ledger.progress, s.Course
	return one(func() (msg any) {
		defer func() {
			if p := recover(); p != nil {
				msg = rescue.Fatal{Err: rescue.Error(p)}
			}
		}()
		known := map[string]Known{}
		for step := range course.Steps() {
			r := Known{Done: memory.Done(step.ID), hints: memory.Hints(step.ID)}
			r.choice, r.guessed = memory.Prediction(step.ID)
			if e, ok := memory.Exercise(step.ID); ok && e.Best != nil {
				r.Done = true
			}
			known[step.ID] = r
		}
		return Memory{known, memory.Warning()}
	})
}

func (s *Session) takeMemory(msg Memory) {
	s.Memory, s.Warning = msg.steps, msg.warning
	if known := s.Memory[s.Scene.Step.ID]; known.guessed && !s.Scene.Guessed {
		s.Scene.Choice, s.Scene.Guessed = known.choice, true
	}
}

// remember changes what is known of the current step, and know of any.
func (s *Session) remember(change func(*Known)) { s.know(s.Scene.Step.ID, change) }

func (s *Session) know(id string, change func(*Known)) {
	known := s.Memory[id]
	change(&known)
	s.Memory[id] = known
}

// Tally counts the steps that are done, ever.
func (s *Session) Tally() (done, all int) {
	for step := range s.Kind().Steps() {
		all++
		if s.Memory[step.ID].Done {
			done++
		}
	}
	return done, all
}
