package steps

import (
	"context"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// VethAdd makes a pair of veth devices, both in Netns, both down.
type VethAdd struct{ Netns, Name, Peer string }

// Change implements Action.
func (a VethAdd) Change(*lab.Lab) change.Change {
	return change.LinkAdd{Netns: a.Netns, Name: a.Name, Kind: "veth", Peer: a.Peer}
}

// Conditions implements Action. The other end may have moved on already;
// then it may be called anything.
func (a VethAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Peer})
	kind := Condition{
		Table: IPTable(a.Netns, "-d link"), Want: say.T("%s is a veth", "%s 是 veth", a.Peer),
		Met: there.Met && link.Kind == "veth",
	}
	other := Condition{Table: there.Table, Want: say.T("its other end is %s", "它的另一端是 %s", a.Name)}
	if there.Met {
		moved := link.PeerIndex != 0 && link.PeerNetnsID != -1
		other.Met = kind.Met && (moved || link.Peer == a.Name)
		kind.Seen, other.Seen = Unless(kind.Met, link.Line()), Unless(other.Met, link.Line())
	}
	return []Condition{there, kind, other}
}

// BridgeAdd makes a bridge, down and without ports.
type BridgeAdd struct{ Netns, Name string }

// Change implements Action.
func (a BridgeAdd) Change(*lab.Lab) change.Change {
	return change.LinkAdd{Netns: a.Netns, Name: a.Name, Kind: "bridge"}
}

// Conditions implements Action.
func (a BridgeAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev(a))
	kind := Condition{
		Table: IPTable(a.Netns, "-d link"), Want: say.T("%s is a bridge", "%s 是网桥", a.Name),
		Met: there.Met && link.Kind == "bridge",
	}
	if there.Met {
		kind.Seen = Unless(kind.Met, link.Line())
	}
	return []Condition{there, kind}
}

// LinkMaster makes a device a port of a bridge.
type LinkMaster struct{ Netns, Name, Bridge string }

// Change implements Action.
func (a LinkMaster) Change(*lab.Lab) change.Change {
	return change.Master(a.Netns, a.Name, a.Bridge)
}

// Conditions implements Action.
func (a LinkMaster) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Name})
	_, bridge := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Bridge})
	port := Condition{
		Table: there.Table, Want: say.T("%s is a port of %s", "%s 是 %s 的端口", a.Name, a.Bridge),
		Met: there.Met && link.Master == a.Bridge,
	}
	if there.Met {
		port.Seen = Unless(port.Met, link.Line())
	}
	return []Condition{there, bridge, port}
}

// LinkNetns moves a device into another namespace, under a new name if Rename
// is given.
type LinkNetns struct{ Netns, Name, To, Rename string }

// Change implements Action.
func (a LinkNetns) Change(*lab.Lab) change.Change { return a.move() }

func (a LinkNetns) move() change.LinkMove {
	return change.LinkMove{Netns: a.Netns, Dev: a.Name, To: a.To, Rename: a.Rename}
}

// Conditions implements Action: a device of that name in the other
// namespace, at the other end of a cable from here.
func (a LinkNetns) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.To, table.Links)
	if missing != nil {
		return missing
	}
	link, there := DeviceThere(snap, a.move().Target())
	cable := Condition{
		Table: IPTable(a.To, "link"),
		Want:  say.T("its other end is in %s", "它的另一端在 %s 里", a.Netns),
		Met:   there.Met && link.PeerIndex != 0 && sameNetns(l, link.PeerNetns, a.Netns),
	}
	switch {
	case there.Met:
		cable.Seen = Unless(cable.Met, strings.TrimSpace(link.Line()+" "+link.AddressLine()))
	default:
		there.Seen = whereIs(ctx, l, a.Name)
	}
	return []Condition{there, cable}
}

// sameNetns says whether two names are of the same namespace.
func sameNetns(l *lab.Lab, a, b string) bool {
	one, err := l.NS(a)
	if err != nil {
		return false
	}
	other, err := l.NS(b)
	return err == nil && one.Inode() == other.Inode()
}

// whereIs finds a device in another namespace, as `ip link` there shows it.
func whereIs(ctx context.Context, l *lab.Lab, dev string) string {
	for _, netns := range l.Names() {
		snap, missing := Tables(ctx, l, netns, table.Links)
		if missing != nil {
			continue
		}
		if link, ok := snap.Link(dev); ok {
			return netns + ": " + link.Line()
		}
	}
	return ""
}
