package session

import (
	"slices"
	"time"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// Drill is a learner's try at an exercise, from the first sight of the symptom
// until it is solved. Beginning anew with the same fault is the same try, and so
// is coming back to it.
type Drill struct {
	s     *Session
	Task  *exercise.Task
	Prose exercises.Prose

	since  time.Time     // when the clock was started last; zero: it stands
	spent  time.Duration // before that
	typed  int           // commands, while the try is not the one on the screen
	base   int           // Session.Commands when none had been typed
	Tries  int           // that solved nothing, and the one that did
	why    int           // how often the explanation was opened
	Warned bool          // that this counts
	Asking bool          // whether all that was changed may go
	acts   []act         // the commands that changed something, in their order
	kept   int           // shells, while the try is not the one on the screen
	opened int           // shells that were opened before the try, or are of an earlier run
	hinted int           // how many hints were read
	Hints  []say.Text    // these
	Fault  string        // what the last ones are about
	Solved bool
	Score  progress.Score    // once it is solved
	Before progress.Exercise // what the memory had of it when it was begun
	Knew   bool              // before is known

	Conditions []steps.Condition // as they were last checked; nil: never
	Checking   bool              // they are being checked
	Counts     bool              // and the learner asked for it
	again      bool              // and asked once more meanwhile
	Hinting    bool              // a hint is being looked for

	looking  bool        // at the lab
	looked   time.Time   // at the lab the last time
	seen     steps.State // then
	same     int         // how often it was the same
	checked  steps.State // at the last check, or at the beginning
	answered bool        // the ping was, at the last check
	ticking  bool
}

// anew takes it that the lab stands at the beginning of the exercise.
func (d *Drill) anew() {
	d.Conditions, d.Checking, d.Counts, d.again, d.Hinting, d.Warned = nil, false, false, false, false, false
	was := d.s.Scene.Was
	d.seen, d.checked, d.same, d.answered, d.looking, d.looked = was, was, 0, false, false, d.s.Now()
}

// Entered implements Stage: each exercise is another network.
func (d *Drill) Entered() Work {
	d.s.Network.forget()
	return all(d.s.altered(), d.recall())
}

// Translate implements Stage.
func (d *Drill) Translate() {
	c, e := &d.s.Scene, d.Task.Exercise
	d.Prose, c.ProseErr = exercises.Text(d.s.tongue, d.Task.Exercise, d.Task.Case().Vars)
	c.Prose = chapters.Prose{Title: d.Prose.Title}
	if c.ProseErr != nil {
		c.Prose.Title = c.Step.ID
	}
	c.Level, c.Chapter, c.Intro = e.Level, "", ""
	c.ChapterTitle = exercise.LevelTitle(e.Level).In(d.s.tongue)
}

// Next is the exercise after this one that was never solved, from the beginning
// again behind the last.
func (d *Drill) Next() (string, bool) {
	ids, here := d.s.Kind().IDs(), d.s.Scene.Step.ID
	at := slices.Index(ids, here)
	for i := range ids {
		id := ids[(at+1+i)%len(ids)]
		if id != here && !d.s.Memory[id].Done {
			return id, true
		}
	}
	return "", false
}

// GoOn implements Stage: a check, and once it is solved the next exercise.
func (d *Drill) GoOn() Work {
	if d.s.Scene.Phase != PhaseAfter {
		return d.checkNow()
	}
	if id, ok := d.Next(); ok {
		return d.s.goNext(id)
	}
	return nil
}

// GoBack implements Stage: the last command is taken back, or the same fault begins
// once more.
func (d *Drill) GoBack() Work {
	d.Warned = false
	if d.mayTakeBack() && !d.Asking {
		return d.takeBack()
	}
	return d.anewOrAsk()
}

// Anew begins the exercise anew.
func (d *Drill) Anew() Work {
	d.Warned = false
	return d.anewOrAsk()
}

// MayHint implements Stage: there is always something to say about the fault.
func (d *Drill) MayHint() bool { return d.s.Scene.Phase == PhaseLook && d.s.Working == 0 && !d.Hinting }

// MayAsk implements Stage. Why names the fault, which is half the solution: it
// is counted, and the learner is told before the first time.
func (d *Drill) MayAsk() bool {
	if d.Solved {
		return true
	}
	d.Asking = false
	if d.why == 0 && !d.Warned {
		d.Warned = true
		return false
	}
	d.why++
	d.Warned = false
	d.save()
	return true
}

// Again implements Stage: the symptom of what is solved, and the solution of what
// was solved before.
func (d *Drill) Again() (Page, bool) {
	c := &d.s.Scene
	title := c.Step.ID + "  " + d.Prose.Title
	switch {
	case d.Solved:
		return Page{title, d.Prose.Symptom}, true
	case c.Phase == PhaseLook && d.s.Memory[c.Step.ID].Done:
		return Page{title, d.Prose.Solved}, true
	}
	return Page{}, false
}

// rereads implements Stage: what was told names the fault.
func (d *Drill) rereads() {
	if !d.Solved {
		d.why++
		d.save()
	}
}

// Other implements Stage: the learner thought better of it.
func (d *Drill) Other() { d.Warned, d.Asking = false, false }

// Look implements Stage. A drill looks by the clock: see watch.
func (d *Drill) Look() Work { return nil }

// Occupied implements Stage.
func (d *Drill) Occupied() bool { return d.Checking || d.Hinting }

// moves implements Stage: beginning anew is the same try.
func (d *Drill) moves() {}

// leave implements Stage: the clock of the try stops, and how far it came is kept.
func (d *Drill) leave() {
	d.s.CloseWhy() // it names this fault
	if d.Solved {
		return
	}
	d.spent, d.since = d.time(), time.Time{}
	d.typed, d.kept = d.s.Commands-d.base, d.shells()
	d.save()
}

// Take implements Stage.
func (d *Drill) Take(msg any) Work {
	gen := d.s.Scene.Gen
	switch msg := msg.(type) {
	case DrillChecked:
		if msg.Gen == gen {
			return d.checkedAll(msg)
		}
	case drillSeen:
		if msg.gen == gen {
			return d.sawLab(msg)
		}
	case DrillHint:
		if msg.Gen == gen {
			d.takeHint(msg)
		}
	case drillDid:
		if msg.gen == gen {
			d.takeDid(msg)
		}
	case drillLost:
		d.Asking = d.Asking || msg.Gen == gen
	case takenBack:
		if msg.gen == gen {
			return d.replay(msg)
		}
	case drillTick:
		d.ticking = false
		return d.watch()
	}
	return nil
}
