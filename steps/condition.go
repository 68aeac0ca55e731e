package steps

import (
	"cmp"
	"context"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Condition is one thing that has to be so in the kernel for a step to be done,
// and what is there now.
type Condition struct {
	Table say.Text // the table to look at, as the command that prints it: `ip -n ns1 route`
	Want  say.Text // what has to be there: "a default route via 172.20.1.1 dev ns1-eth0"
	Seen  string   // the kernel's line that is there instead; empty: nothing of the kind
	Met   bool
	Err   error // it could not be checked: then Met means nothing
}

// Conditional is an action that can say condition by condition how far the
// kernel is. The first condition that is not met comes first in the order in
// which a person would look.
type Conditional interface {
	Conditions(ctx context.Context, l *lab.Lab) []Condition
}

// Conditions are those of the step's action. An action that has none of its own
// gets one that is its Done.
func Conditions(ctx context.Context, l *lab.Lab, step Step) []Condition {
	if a, ok := step.Action.(Conditional); ok {
		return a.Conditions(ctx, l)
	}
	done, err := step.Action.Done(ctx, l)
	command := step.Action.Command(l)
	return []Condition{{
		Table: say.Quote(command),
		Want:  say.T("what `%s` does", "`%s` 的效果", command),
		Met:   done, Err: err,
	}}
}

// met says whether all conditions are met. That one could not be checked is an
// error only where none of the others is certainly not met.
func met(conditions []Condition) (bool, error) {
	var unknown error
	for _, c := range conditions {
		switch {
		case c.Err != nil:
			unknown = cmp.Or(unknown, c.Err)
		case !c.Met:
			return false, nil
		}
	}
	return unknown == nil, unknown
}
