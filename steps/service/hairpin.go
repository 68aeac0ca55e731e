package service

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
	c := steps.Condition{
		Table: look(a.Netns, "bridge", "-d", "link", "show", "dev", a.Dev),
		Want:  say.T("%s is a bridge's port with hairpin on", "%s 是网桥端口，并且 hairpin on", a.Dev),
	}
	ns, err := l.NS(a.Netns)
	if err != nil {
		c.Err = unlessAbsent(err)
		return []steps.Condition{c}
	}
	snap, err := table.Read(ctx, ns, table.ReadOptions{Tables: table.Links})
	if err != nil {
		c.Err = err
		return []steps.Condition{c}
	}
	link, ok := snap.Link(a.Dev)
	switch {
	case !ok:
	case link.Port == nil:
		c.Seen = link.Line()
	case link.Port.Hairpin:
		c.Met = true
	default:
		c.Seen = a.Dev + " master " + link.Master + " hairpin off"
	}
	return []steps.Condition{c}
}
