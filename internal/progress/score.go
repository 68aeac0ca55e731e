package progress

import (
	"cmp"
	"time"
)

// Score is how a try at an exercise went, as it was and without points.
type Score struct {
	Seconds  int       `json:"seconds"`          // from the symptom to the end of the try
	Commands int       `json:"commands"`         // that the learner ran
	Shells   int       `json:"shells,omitempty"` // that were opened; what was typed in them is not counted
	Hints    int       `json:"hints"`            // that were read
	Tries    int       `json:"tries"`            // how often the checks were asked for, the last one included
	Why      int       `json:"why"`              // how often the explanation was opened
	Seed     uint64    `json:"seed,string"`      // text: not every reader of JSON has integers of 64 bits
	Solved   bool      `json:"solved"`
	When     time.Time `json:"when"` // the end of the try; kept to the second, in UTC
}

// Better says whether a solve is better than another: less help, then fewer
// tries, then fewer commands, then less time. A try that solved nothing is
// never the better one.
func (s Score) Better(than Score) bool {
	if s.Solved != than.Solved {
		return s.Solved
	}
	return s.Solved && cmp.Or(
		cmp.Compare(s.Hints+s.Why, than.Hints+than.Why),
		cmp.Compare(s.Tries, than.Tries),
		cmp.Compare(s.Commands, than.Commands),
		cmp.Compare(s.Seconds, than.Seconds),
	) < 0
}

// Exercise is what is remembered of an exercise.
type Exercise struct {
	Last Score  // the last try
	Best *Score // the best solve; nil: it was never solved
}

// SetScore remembers a try at an exercise: as the last one, and as the best if
// it solved the exercise and better than before.
func (p *Progress) SetScore(name string, s Score) {
	s.When = s.When.UTC().Truncate(time.Second)
	p.change(func(f *file) {
		e := f.Exercises[name]
		if e == nil {
			e = &exercise{}
			f.Exercises[name] = e
		}
		e.Last = score{Score: s}
		if s.Solved && (e.Best == nil || s.Better(e.Best.Score)) {
			e.Best = &score{Score: s}
		}
	})
}

// Exercise is what is remembered of an exercise, if it was ever tried.
func (p *Progress) Exercise(name string) (Exercise, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.data.Exercises[name]
	if e == nil {
		return Exercise{}, false
	}
	return e.told(), true
}

// told is what others may know of it.
func (e exercise) told() Exercise {
	told := Exercise{Last: e.Last.Score}
	if e.Best != nil {
		best := e.Best.Score
		told.Best = &best
	}
	return told
}
