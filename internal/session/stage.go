package session

import (
	"nstutor/chapters/exercises"
	"nstutor/internal/change"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// Stage is how a step is played: as a lesson, whose action is shown and tried,
// or as a drill, where something is broken and the learner repairs it.
type Stage interface {
	// Entered: the lab stands at the step's beginning.
	Entered() Work
	// Translate reads the step's texts in the learner's language.
	Translate()
	// Next is the step to go on to.
	Next() (id string, ok bool)

	// Offer is what the next three would do now.
	Offer() Offer
	// GoOn is what the learner asks for most: the action, a check.
	GoOn() Work
	// GoBack undoes, or begins anew.
	GoBack() Work
	// Anew brings the lab to the beginning of the step.
	Anew() Work
	// Hint asks for one hint more, and MayHint says whether there may be one.
	Hint() Work
	MayHint() bool
	// MayAsk is asked before the learner is told why, which may have a price.
	MayAsk() bool
	// Again is what can be read once more: from the end of a step its beginning, and
	// from the beginning what was told at the end, now or in the step before.
	Again() (Page, bool)
	// rereads is told that the learner reads what Again offers.
	rereads()
	// did is told of a line that the learner has run in a namespace.
	did(netns, line string) Work
	// Other is told that the learner does something else than ask.
	Other()

	// Look looks at the lab, which was altered.
	Look() Work
	// Take takes an answer to this stage's own work.
	Take(msg any) Work
	// Tick keeps the stage's clock going; reading says that its text is on the
	// screen.
	Tick(reading bool) Work
	// Occupied says whether the learner sees that something is looked at.
	Occupied() bool
	// moves is told that the lab is brought somewhere else, be it to the beginning of
	// the same step, and leave that another stage comes, or the session's end.
	moves()
	leave()

	// Show has it looked at, as what it is.
	Show(Viewer)
}

// Viewer looks at a stage.
type Viewer interface {
	ViewLesson(*Lesson)
	ViewDrill(*Drill)
}

// Show implements Stage.
func (l *Lesson) Show(v Viewer) { v.ViewLesson(l) }

// Show implements Stage.
func (d *Drill) Show(v Viewer) { v.ViewDrill(d) }

// Page is a text to read.
type Page struct{ Title, Text string }

// ReadAgain is told that the learner reads what Again offers.
func (s *Session) ReadAgain() { s.Stage.rereads() }

// raise begins the stage for the scene's step. Coming back to an exercise is the
// same try.
func (s *Session) raise() {
	task, ok := exercise.Of(s.Scene.Step)
	if !ok {
		s.Stage.leave()
		s.lesson = s.Scene.Step.ID
		s.Stage = &Lesson{s: s, lookedAt: -1}
		return
	}
	s.Scene.Command = change.Command{} // the solution
	d := s.drills[task.Exercise.Name]
	if d == nil || d.Solved {
		d = &Drill{s: s, Task: task}
		if s.drills == nil {
			s.drills = map[string]*Drill{}
		}
		s.drills[task.Exercise.Name] = d
	}
	if s.Stage != d {
		s.Stage.leave()
		s.CloseWhy() // or this one's would have cost nothing
		d.base = s.Commands - d.typed
		d.opened = s.shells() - d.kept
	}
	d.anew()
	s.Stage = d
}

// translate reads the texts of the step in the learner's language.
func (s *Session) translate() {
	if s.Scene.Step.ID != "" {
		s.Stage.Translate()
	}
}

// Kind is the part of the course that the learner is in: the lessons, or the exercises.
func (s *Session) Kind() steps.Course {
	if s.Scene.Step.ID == "" && len(s.kinds[false]) == 0 {
		return s.Course
	}
	return s.kinds[s.Scene.Step.ByHand]
}

// Offered are the exercises that go with the chapter, where the course has any.
func (s *Session) Offered() []string {
	var offered []string
	for _, name := range exercises.After(s.Scene.Chapter, func(name string) bool { return s.Memory[name].Done }) {
		if _, ok := s.Course.Step(name); ok {
			offered = append(offered, name)
		}
	}
	return offered
}

// ToCourse leads from an exercise back to the lessons, where there are any: to the
// one where the learner left off.
func (s *Session) ToCourse() (id string, ok bool) {
	lessons := s.kinds[false]
	if len(lessons) == 0 || !s.Scene.Step.ByHand {
		return "", false
	}
	if _, ok := lessons.Step(s.lesson); ok {
		return s.lesson, true
	}
	return lessons[0].Steps[0].ID, true
}

// Beside are the steps before and after this one among its kind; empty where there is
// none. A screen asks at every message, so nothing is copied.
func (s *Session) Beside() (before, after string) {
	here := false
	for step := range s.Kind().Steps() {
		switch {
		case here:
			return before, step.ID
		case step.ID == s.Scene.Step.ID:
			here = true
		default:
			before = step.ID
		}
	}
	if !here {
		return "", ""
	}
	return before, ""
}
