package cause

import (
	"cmp"
	"slices"

	"nstutor/internal/say"
)

// Code names a cause. The set is closed, and a contract: it is in the JSON form
// of an answer.
type Code string

// Cause is what is known of a cause without looking at a network.
type Cause struct {
	Code  Code
	Words say.Text // what it is, in half a sentence
	// Table is the command, typed in the namespace of the fault, whose output
	// shows it: where a hint points first. None has none.
	Table []string
	// Pointless causes are no reason where the packet should never have come.
	Pointless bool
}

var all []Cause

// Register puts a cause among all others.
func Register(c Cause) struct{} {
	all = append(all, c)
	return struct{}{}
}

// All are all causes, by their codes.
func All() []Cause {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Cause) int { return cmp.Compare(a.Code, b.Code) })
	return sorted
}

// Of is the cause with that code; NotKnown for one that is none.
func Of(code Code) Cause {
	for _, c := range all {
		if c.Code == code {
			return c
		}
	}
	return Of(NotKnown)
}
