package session

import (
	"nstutor/internal/progress"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// Summed is what a memory has for the summary.
type Summed interface {
	// Refresh takes in what other programs have changed.
	Refresh()
	Known(id string) progress.Known
	Exercise(name string) (progress.Exercise, bool)
	Reset(ids ...string) error
	ResetExercises(ids ...string) error
	ResetAll() error
}

// Remembered: what is remembered was read for the summary.
type Remembered struct {
	Known map[string]progress.Known    // by step
	Tried map[string]progress.Exercise // by exercise
}

// ReadSummary reads what is remembered of the steps and the exercises, after
// everything that was noted so far.
func (s *Session) ReadSummary(course steps.Course, exercises []exercise.Exercise) Work {
	if s.ledger == nil {
		return nil
	}
	read := make(chan Remembered, 1)
	s.note(func(p Progress) {
		defer close(read)
		p.Refresh()
		msg := Remembered{map[string]progress.Known{}, map[string]progress.Exercise{}}
		for step := range course.Steps() {
			msg.Known[step.ID] = p.Known(step.ID)
		}
		for _, e := range exercises {
			if tried, ok := p.Exercise(e.Name); ok {
				msg.Tried[e.Name] = tried
			}
		}
		read <- msg
	})
	return one(func() any { return <-read })
}

// ForgetSteps forgets what is remembered of some steps, forgetExercises the
// scores of exercises, and forgetAll everything.
func (s *Session) ForgetSteps(ids ...string) {
	s.note(func(p Progress) { p.Reset(ids...) })
	s.forget(ids)
}

func (s *Session) ForgetExercises(names ...string) {
	s.note(func(p Progress) { p.ResetExercises(names...) })
	s.forget(names)
}

func (s *Session) ForgetAll() {
	s.note(func(p Progress) { p.ResetAll() })
	var ids []string
	for id := range s.Memory {
		ids = append(ids, id)
	}
	s.forget(ids)
}

func (s *Session) forget(ids []string) {
	c := &s.Scene
	for _, id := range ids {
		delete(s.Memory, id)
		if id == c.Step.ID && c.Phase == PhaseLook {
			c.Hints, c.Choice, c.Guessed = 0, 0, false
		}
	}
}
