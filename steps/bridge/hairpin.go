package bridge

import (
	"context"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Hairpin lets a bridge send a frame out by the port that it came in by.
type Hairpin struct{ Netns, Dev string }

// Change implements steps.Action.
func (a Hairpin) Change(*lab.Lab) change.Change {
	return change.PortSet{Netns: a.Netns, Dev: a.Dev, Settings: []change.PortSetting{{Name: "hairpin", Value: "on"}}}
}

// Conditions implements steps.Action.
func (a Hairpin) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := steps.DeviceThere(snap, steps.Dev{Netns: a.Netns, Name: a.Dev})
	c := steps.Condition{
		Table: portTable(a.Netns, a.Dev),
		Want:  say.T("%s is a bridge's port with hairpin on", "%s 是网桥端口，并且 hairpin on", a.Dev),
	}
	switch {
	case !there.Met:
	case link.Port == nil:
		c.Seen = link.Line()
	case link.Port.Hairpin:
		c.Met = true
	default:
		c.Seen = a.Dev + " master " + link.Master + " hairpin off"
	}
	return []steps.Condition{there, c}
}
