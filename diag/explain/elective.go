package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
)

// Swap is a part of an answer's Fix, and what may be done in its place.
type Swap struct {
	Old, New []change.Command
	Narrower bool // it lets less pass; otherwise it is for where Old mends nothing
}

// swap is one before it is known what this machine can be told.
type swap struct {
	old, new []change.Change
	narrower bool
}

// swapsOf are what may be done in the place of a finding's fix.
func swapsOf(f cause.Finding, fix []change.Change) (all []swap) {
	if n, ok := f.(cause.Narrowable); ok {
		if narrower := n.Narrower(); len(narrower) > 0 {
			all = append(all, swap{fix, narrower, true})
		}
	}
	if e, ok := f.(cause.Elective); ok {
		for _, other := range e.Others() {
			all = append(all, swap{fix, other, false})
		}
	}
	return all
}

// Swaps are what may be done in the place of parts of the answer's Fix.
func (a Answer) Swaps() (all []Swap) {
	for _, f := range append([]Fault{a.Cause}, a.Next...) {
		for _, s := range f.swaps {
			made := Swap{change.Here(s.old...), change.Here(s.new...), s.narrower}
			if len(made.Old) > 0 && len(made.New) == len(s.new) && !slices.EqualFunc(made.Old, made.New, change.Command.Equal) {
				all = append(all, made)
			}
		}
	}
	return all
}

// In is a fix with New in the place of Old; nil where Old is no part of it.
func (s Swap) In(fix []change.Command) (other []change.Command) {
	for _, command := range s.Old {
		if !slices.ContainsFunc(fix, command.Equal) {
			return nil
		}
	}
	for _, command := range fix {
		switch {
		case command.Equal(s.Old[0]):
			other = append(other, s.New...)
		case !slices.ContainsFunc(s.Old, command.Equal):
			other = append(other, command)
		}
	}
	return other
}
