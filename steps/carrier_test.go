package steps_test

import (
	"testing"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/steps"
)

// TestALinkThatWorksIsNoChange: a device with a carrier works before the kernel has
// looked at that, and after.
func TestALinkThatWorksIsNoChange(t *testing.T) {
	link := func(state string, flags ...string) steps.State {
		snap := &table.Snapshot{Links: []table.Link{{Index: 7, Name: "cni0", Kind: "bridge", Flags: flags, State: state}}}
		return steps.State{Before: change.Before{Netns: map[string]*table.Snapshot{"host": snap}}}
	}
	up := []string{"UP", "LOWER_UP"}
	for _, learned := range []bool{false, true} {
		if d := steps.DiffState(link("UNKNOWN", up...), link("UP", up...), learned); len(d) > 0 {
			t.Errorf("learned %v: %+v", learned, d)
		}
		if d := steps.DiffState(link("UP", up...), link("DOWN", "UP", "NO-CARRIER"), learned); len(d) != 1 {
			t.Errorf("learned %v: a lost carrier is %+v", learned, d)
		}
	}
}
