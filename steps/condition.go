package steps

import (
	"cmp"
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Condition is one thing that has to be so in the kernel for a step to be done,
// and what is there now.
type Condition struct {
	Table change.Command // the table to look at, as the command that prints it
	Want  say.Text       // what has to be there: "a default route via 172.20.1.1 dev ns1-eth0"
	Seen  string         // the kernel's line that is there instead; empty: nothing of the kind
	Met   bool
	// Ground is a namespace or a device: where there is none, no command makes anything in it.
	Ground bool
	Err    error // it could not be checked: then Met means nothing
}

// Effect is the one condition of an action that can say no more than whether it
// was done.
func Effect(l *lab.Lab, a Action, done bool) []Condition {
	command := a.Change(l).Command()
	return []Condition{{
		Table: command,
		Want:  say.T("what `%s` does", "`%s` 的效果", command),
		Met:   done,
	}}
}

// decider is an action that knows sooner whether it is done than it could say by
// which of its conditions.
type decider interface {
	Done(ctx context.Context, l *lab.Lab) (bool, error)
}

// Done says whether the kernel is in the action's state already, however it got
// there.
func Done(ctx context.Context, l *lab.Lab, a Action) (bool, error) {
	if d, ok := a.(decider); ok {
		return d.Done(ctx, l)
	}
	return Met(a.Conditions(ctx, l))
}

// met says whether all conditions are met. That one could not be checked is an
// error only where none of the others is certainly not met.
func Met(conditions []Condition) (bool, error) {
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
