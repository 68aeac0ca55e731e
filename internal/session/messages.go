package session

import (
	"time"

	"nstutor/diag/explain"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Messages from commands. Each carries the generation of the step it was asked
// for: an answer about a step that was left meanwhile is dropped.
type (
	// Entered: the lab stands at the beginning of a step.
	Entered struct {
		Gen     int
		Step    steps.Step
		Was     steps.State
		Command change.Command
		rebuilt bool // because undoing the action was not enough
		anew    bool // the lab is not the one that it was: all devices are others
		begin   []steps.Condition
		err     error
	}
	// Applied: the step's action was tried.
	Applied struct {
		Gen     int
		changes []steps.Change
		Err     error
	}
	// Checked: somebody looked whether the step is done, and if it is not,
	// whether what it begins with still holds and how far the learner is.
	Checked struct {
		Gen     int
		after   bool // it was done before
		Done    bool
		changes []steps.Change
		Looked  bool         // the beginning was looked at too
		Broken  []steps.Seen // what of it does not hold
		state   *steps.State // at the last try of a promise that was not kept; nil: not read
		Judged  Judged
		err     error
	}
	// Kept: the promise of what is seen after the step was tried.
	Kept struct {
		Gen    int
		Report steps.Report
		output []string // what the command printed, if it only looks
		state  steps.State
		Err    error
	}
	// Memory: what is remembered of the learner was read.
	Memory struct {
		steps   map[string]Known
		warning say.Text
	}
	// Warning: what the memory has to say after a write.
	Warning struct{ say.Text }
)

// Answered is the answer to a question, or why there is none. It carries the
// generation of the question: an answer to an older one is dropped.
type Answered struct {
	Gen    int
	Answer explain.Answer
	Since  time.Time // when what it is about was last changed
	Err    error
}

// Messages from clocks.
type (
	checkTick struct{ gen int }
	whyTick   struct{}
)

// Known is what the memory knows of one step.
type Known struct {
	Done    bool
	choice  int
	guessed bool
	hints   int
}
