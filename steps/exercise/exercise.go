// Package exercise is what a break-and-fix exercise is: a working network, what
// breaks it, the checks that say when it works again, and the course that the
// exercises make.
package exercise

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
	"nstutor/steps/exercise/world"
)

// The levels: 0 is what was given as a file, of which nobody says how hard it is, 1 is one thing that is off, 4 is two faults of which the first
// hides the second, 5 is the challenge, where nothing was built yet.
const (
	Given     = 0
	Levels    = 5
	Challenge = 5
)

// Exercise is one exercise in all its variations.
type Exercise struct {
	Name   string   // on the command line, in the progress file, of the prose's files
	Level  int      // Given to Levels
	Group  string   // links, arp, routes, return, forwarding, nat, services, mtu
	Source []string // https links to the real reports
	Needs  string   // a setting below /proc/sys that only some kernels have; empty: none
	// Make decides everything that can vary: the same seed makes the same Case.
	Make func(r *Seed) Case
	// Texts are the prose by language, as in the files of package exercises; nil: it
	// is there.
	Texts map[string]string
}

// Case is one variation of an exercise.
type Case struct {
	Build func(w *world.World) // the working network, from the lab's starting topology
	Break func(w *world.World) // the fault

	Goals  []check.Check // hold when it is solved; at least one does not while it is broken
	Guards []check.Check // hold all the time: others' traffic, what must stay closed, settings that must stay

	// Fix is the reference solution. Where there are two faults, its first First
	// lines repair the first one.
	Fix   []change.Change
	First int
	// Signs say of each line of Fix, where they are given, whether it has been done.
	Signs []check.Check
	Also  [][]change.Change // other ways that solve it as well
	Wrong []Tempting        // wrong ideas; none of them solves it

	Causes []cause.Code // what explain says of the Watch ping, first fault first
	At     []string     // and the namespace of each

	Watch steps.Watch
	Vars  map[string]string // {{.Pod}} in the prose
}

// Tempting is a fix that looks right, and why it is none.
type Tempting struct {
	Lines []change.Change
	Why   say.Text
}

// In is what a person types in a namespace, with the words of a change in full
// where it is one.
func In(netns, line string) change.Change { return change.Typed(netns, line) }

// Idea is a wrong idea: why it is none, in both languages, and its lines.
func Idea(en, zh string, lines ...change.Change) Tempting { return Tempting{lines, say.T(en, zh)} }
