package steps

import (
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Sysctl writes one kernel setting of a namespace.
type Sysctl struct{ Netns, Key, Value string }

// Change implements Action.
func (a Sysctl) Change(*lab.Lab) change.Change {
	echo := change.Command{Netns: a.Netns, Shell: "echo " + a.Value + " > /proc/sys/" + a.path()}
	return change.Sysctl{Netns: a.Netns, Path: a.path(), Value: a.Value, Same: []string{Typed(echo)}}
}

func (a Sysctl) path() string { return table.SysctlPath(a.Key) }
