package steps

import (
	"context"
	"errors"
	"strings"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// LinkUp sets a device up.
type LinkUp struct{ Netns, Name string }

// Change implements Action.
func (a LinkUp) Change(*lab.Lab) change.Change { return change.Up(a.Netns, a.Name) }

// Conditions implements Action.
func (a LinkUp) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	return []Condition{deviceUp(snap, Dev(a))}
}

// LinkDown sets a device down.
type LinkDown struct{ Netns, Name string }

// Change implements Action.
func (a LinkDown) Change(*lab.Lab) change.Change { return change.Down(a.Netns, a.Name) }

// Conditions implements Action.
func (a LinkDown) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev(a))
	if !there.Met {
		return []Condition{there}
	}
	return []Condition{{
		Table: there.Table, Want: say.T("%s is down", "%s 已停用", a.Name),
		Seen: Unless(!link.Up(), link.Line()), Met: !link.Up(),
	}}
}

// LinkAddress gives a device another MAC address. The kernel flushes the
// device's neighbour table with it, permanent entries included.
type LinkAddress struct{ Netns, Name, MAC string }

// Change implements Action.
func (a LinkAddress) Change(*lab.Lab) change.Change { return change.MAC(a.Netns, a.Name, a.MAC) }

// Conditions implements Action.
func (a LinkAddress) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Name})
	if !there.Met {
		return []Condition{there}
	}
	same := strings.EqualFold(link.MAC.String(), a.MAC)
	return []Condition{{
		Table: IPTable(a.Netns, "link show "+a.Name),
		Want:  say.T("%s has the MAC address %s", "%s 的 MAC 地址是 %s", a.Name, a.MAC),
		Seen:  Unless(same, link.AddressLine()), Met: same,
	}}
}

// LinkPromisc has a device take the frames for other stations as well, for whoever
// captures; IP drops them all the same (ip_rcv_core, PACKET_OTHERHOST).
type LinkPromisc struct{ Netns, Name string }

// Change implements Action.
func (a LinkPromisc) Change(*lab.Lab) change.Change { return change.Promisc(a.Netns, a.Name) }

// Conditions implements Action.
func (a LinkPromisc) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev(a))
	if !there.Met {
		return []Condition{there}
	}
	on := link.Has("PROMISC")
	return []Condition{{
		Table: IPTable(a.Netns, "link show "+a.Name),
		Want:  say.T("%s is promiscuous", "%s 处于混杂模式", a.Name),
		Seen:  Unless(on, link.Line()), Met: on,
	}}
}

// isAbsent says whether err means that the thing asked for is not there, and
// not that it could not be asked.
func IsAbsent(err error) bool {
	var noLink netlink.LinkNotFoundError
	return errors.As(err, &noLink) || errors.Is(err, lab.ErrNoNamespace)
}
