// Package steps is what a step of the course is: one real change to the
// kernel's network state, and promises about what is seen before and after.
package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Action is one change, and how far the kernel is from having it. Actions are
// small values; all they need to know is in their fields and in the lab.
type Action interface {
	// Change is what the action does. It may look into the lab for what only the
	// kernel knows, such as a MAC address; with a nil lab its command names the
	// thing instead.
	Change(l *lab.Lab) change.Change
	// Conditions are what has to be so for the action to be done, by whatever hand.
	// The first one that is not met comes first in the order in which a person
	// would look.
	Conditions(ctx context.Context, l *lab.Lab) []Condition
}

// Typed is a command line as it is typed on the lab's node, with `ip netns exec`
// where one has to write it.
func Typed(c change.Command) string { return c.From(lab.Host) }

// Chapter is a row of steps that begins with a lab of its own.
type Chapter struct {
	ID    string   // "2"; titles are found by it
	Start []Action // made silently, on the starting topology, before its first step
	Steps []Step
}

// Step pairs one action with what is to be seen before and after it. Its prose
// is found by ID.
type Step struct {
	ID string // "2.10", "2.B1": unique in the course
	// From names the step whose end is this step's beginning. Empty: the step
	// before it in the chapter.
	From string
	// Setup is made silently after From, before the learner sees the step.
	Setup  []Action
	Action Action
	// Needs is what only some kernels have, as Possible reads it: without it the step
	// cannot be made. Empty: none.
	Needs string
	// Before holds until the action is done, After from then on.
	Before, After Promise
	// Watch is the namespace and the destination that the live pane shows, unless the
	// action is a Watcher: see Watched.
	Watch Watch
	// ByHand steps apply nothing for the learner, who brings about what Action's
	// Done and Conditions ask for. They begin with Setup on the starting topology
	// alone, wherever they stand in the course.
	ByHand bool
}
