package journey

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/internal/change"
)

// Found is a finding on one of the legs, and what mends it.
type Found struct {
	cause.Finding
	Leg    flows.Leg
	Device string          // of the namespace where it is; empty where it is on none, or that is not known
	Mends  []change.Change // in order, those that this machine can be told; empty where none does
}

// Find keeps a finding, with its fix as it is now.
func Find(leg flows.Leg, f cause.Finding) Found {
	return Found{Finding: f, Leg: leg, Mends: slices.DeleteFunc(f.Fix(), func(c change.Change) bool { return len(change.Here(c)) == 0 })}
}

// Same reports whether one repair mends both faults.
func (f Found) Same(o Found) bool {
	if len(f.Mends) > 0 {
		return slices.EqualFunc(f.Mends, o.Mends, change.Same)
	}
	return len(o.Mends) == 0 && f.Code() == o.Code() && f.Netns() == o.Netns() && f.Leg == o.Leg
}
