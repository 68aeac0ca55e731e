package session

import (
	"time"

	"nstutor/internal/progress"
)

// Scored is what a memory has for exercises.
type Scored interface {
	SetScore(name string, s progress.Score)
}

// drillKnown: what the memory has of an exercise was read.
type drillKnown struct {
	name  string
	known progress.Exercise
}

// time is how long the learner has been at it.
func (d *Drill) time() time.Duration {
	if d.since.IsZero() {
		return d.spent
	}
	return d.spent + d.s.Now().Sub(d.since)
}

// shells is how many shells were opened in the lab during the try, by the key or from
// another terminal. What is typed there nobody counts.
func (d *Drill) shells() int { return max(d.s.shells()-d.opened, 0) }

// shells is how many shells were ever opened in the lab.
func (s *Session) shells() int {
	if s.Hands == nil || s.Hands.Lab == nil {
		return 0
	}
	return s.Hands.Lab.Shells()
}

// Result is how the try has gone so far, or went.
func (d *Drill) Result() progress.Score {
	if d.Solved {
		return d.Score
	}
	return progress.Score{
		Seconds: int(d.time().Seconds()), Commands: max(d.s.Commands-d.base, 0),
		Shells: d.shells(), Hints: d.hinted, Tries: d.Tries, Why: d.why, Seed: d.Task.Seed, When: d.s.Now(),
	}
}

// save has the try remembered as it stands, once anything was done.
func (d *Drill) save() {
	name, score := d.Task.Exercise.Name, d.Result()
	if score.Commands+score.Shells+score.Hints+score.Tries+score.Why > 0 {
		d.s.note(func(p Progress) { p.SetScore(name, score) })
	}
}

// solve: all conditions are met.
func (d *Drill) solve() {
	s, c := d.s, &d.s.Scene
	c.Phase, c.Err = PhaseAfter, nil
	d.Tries++
	d.Score = d.Result()
	d.Score.Solved = true
	d.Solved, d.since, d.Warned = true, time.Time{}, false
	s.Cue.Page++
	s.remember(func(r *Known) { r.Done = true })
	name, score := d.Task.Exercise.Name, d.Score
	s.note(func(p Progress) { p.SetScore(name, score) })
}

// recall reads what the memory has of the exercise.
func (d *Drill) recall() Work {
	if d.Knew || d.s.ledger == nil {
		return nil
	}
	name := d.Task.Exercise.Name
	read := make(chan drillKnown, 1)
	d.s.note(func(p Progress) {
		defer close(read)
		known, _ := p.Exercise(name)
		read <- drillKnown{name, known}
	})
	return one(func() any { return <-read })
}

// takeKnown goes on with a try of the same fault that an earlier run of the
// program did not finish: closing the program takes no hint back.
func (s *Session) takeKnown(msg drillKnown) {
	d := s.drills[msg.name]
	if d == nil || d.Knew {
		return
	}
	d.Before, d.Knew = msg.known, true
	last := msg.known.Last
	if last.Solved || last.Seed != d.Task.Seed || d.Solved {
		return
	}
	d.spent += time.Duration(last.Seconds) * time.Second
	d.base, d.typed = d.base-last.Commands, d.typed+last.Commands
	d.opened -= last.Shells
	d.Tries, d.hinted, d.why = d.Tries+last.Tries, d.hinted+last.Hints, d.why+last.Why
}
