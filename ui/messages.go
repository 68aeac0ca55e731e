package ui

import (
	"time"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Messages from commands. Each carries the generation of the step it was asked
// for: an answer about a step that was left meanwhile is dropped.
type (
	// enteredMsg: the lab stands at the beginning of a step.
	enteredMsg struct {
		gen     int
		step    steps.Step
		was     steps.State
		command steps.Command
		rebuilt bool // because undoing the action was not enough
		begin   []steps.Condition
		err     error
	}
	// appliedMsg: the step's action was tried.
	appliedMsg struct {
		gen     int
		changes []steps.Change
		err     error
	}
	// checkedMsg: somebody looked whether the step is done, and if it is not,
	// whether what it begins with still holds and how far the learner is.
	checkedMsg struct {
		gen     int
		after   bool // it was done before
		done    bool
		changes []steps.Change
		looked  bool     // the beginning was looked at too
		broken  []string // what of it does not hold, when the lab was altered
		judged  judged
		err     error
	}
	// keptMsg: the promise of what is seen after the step was tried.
	keptMsg struct {
		gen    int
		report steps.Report
		output []string // what the command printed, if it only looks
		err    error
	}
	// memoryMsg: what is remembered of the learner was read.
	memoryMsg struct {
		steps   map[string]remembered
		warning say.Text
	}
	// warningMsg: what the memory has to say after a write.
	warningMsg struct{ say.Text }
)

// Messages from the feed.
type (
	namesMsg    []string // the namespaces there are now
	snapshotMsg struct{ *table.Snapshot }
	pingMsg     struct {
		aim   int // generation of the aim
		event probe.Event
	}
	framesMsg []wire.Frame
	feedMsg   struct{ err error } // something could not be watched
	fatalMsg  struct{ err error } // a goroutine panicked: end in good order
)

// whyMsg is the answer to a question, or why there is none. It carries the
// generation of the question: an answer to an older one is dropped.
type whyMsg struct {
	gen    int
	answer explain.Answer
	since  time.Time // when what it is about was last changed
	err    error
}

// Messages from clocks.
type (
	checkTickMsg     struct{ gen int }
	whyTickMsg       struct{}
	countdownTickMsg struct{}
	spinnerTickMsg   struct{}
)

// remembered is what the memory knows of one step.
type remembered struct {
	done    bool
	choice  int
	guessed bool
	hints   int
}

// proseOf reads a step's text, which is built into the program. A text that is
// missing shows its error in the lesson's place.
func proseOf(lang, id string) (chapters.Prose, error) {
	prose, err := chapters.Text(lang, id)
	if err != nil {
		prose = chapters.Prose{Title: id}
	}
	return prose, err
}
