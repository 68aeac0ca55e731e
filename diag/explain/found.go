package explain

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
)

// found is a finding on one of the legs, and what mends it.
type found struct {
	cause.Finding
	leg string
	fix []change.Command
}

// find keeps a finding, with its fix as it is now.
func find(leg string, f cause.Finding) found { return found{f, leg, f.Fix()} }

// told is the finding in words.
func (f found) told() Fault {
	evidence := f.Evidence()
	if evidence == nil {
		evidence = []Text{}
	}
	return Fault{Code: f.Code(), Netns: f.Netns(), Leg: f.leg, Detail: f.Detail(), Evidence: evidence, fix: f.fix}
}

// same reports whether one repair mends both faults.
func (f found) same(o found) bool {
	if len(f.fix) > 0 {
		return slices.EqualFunc(f.fix, o.fix, change.Command.Equal)
	}
	return len(o.fix) == 0 && f.Code() == o.Code() && f.Netns() == o.Netns() && f.leg == o.leg
}

// at is the namespace as the place of a fault.
func at(n *machine.Space) cause.At { return cause.At(n.Name) }

// flow are the addresses that the packet has here.
func (e echo) flow() cause.Flow { return cause.Flow{Src: e.src, Dst: e.dst} }
