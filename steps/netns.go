package steps

import (
	"context"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// NetnsAdd makes a named network namespace.
type NetnsAdd struct{ Name string }

// Change implements Action.
func (a NetnsAdd) Change(*lab.Lab) change.Change { return change.NetnsAdd(a) }

// Conditions implements Action.
func (a NetnsAdd) Conditions(_ context.Context, l *lab.Lab) []Condition {
	there := NamespaceThere(a.Name)
	_, err := l.NS(a.Name)
	if there.Met = err == nil; !there.Met && !IsAbsent(err) {
		there.Err = err
	}
	return []Condition{there}
}

// NetnsDel deletes a named network namespace. What it has goes with it, also the other
// end of each cable; nothing brings that back but the lab built anew.
type NetnsDel struct{ Name string }

// Change implements Action.
func (a NetnsDel) Change(*lab.Lab) change.Change { return change.NetnsDel(a) }

// Conditions implements Action.
func (a NetnsDel) Conditions(_ context.Context, l *lab.Lab) []Condition {
	_, err := l.NS(a.Name)
	gone := Condition{Table: change.In("", "ip", "netns"), Want: say.T("no network namespace called %s", "没有名为 %s 的网络命名空间", a.Name), Met: IsAbsent(err)}
	switch {
	case err == nil:
		gone.Seen = a.Name
	case !gone.Met:
		gone.Err = err
	}
	return []Condition{gone}
}
