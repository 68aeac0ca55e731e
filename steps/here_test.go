package steps_test

import (
	"slices"
	"testing"

	"nstutor/steps"
)

// TestWhatThisKernelCannotDoIsLeftOut: without its module a setting is not there.
func TestWhatThisKernelCannotDoIsLeftOut(t *testing.T) {
	course := steps.Course{{ID: "x", Steps: []steps.Step{
		{ID: "x.1"}, {ID: "x.2", Needs: "net.no_such_module.setting"}, {ID: "x.3", Needs: "net.ipv4.ip_forward"}, {ID: "x.4", Needs: "module nf_tables"},
	}}}
	here := course.Here()
	if got := here.IDs(); !slices.Equal(got, []string{"x.1", "x.3", "x.4"}) {
		t.Errorf("left are %v", got)
	}
	if len(course.IDs()) != 4 {
		t.Error("the course itself has changed")
	}
}
