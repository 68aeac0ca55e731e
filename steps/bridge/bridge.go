package bridge

import (
	"context"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// BridgeSTP switches a bridge's spanning tree protocol.
type BridgeSTP struct {
	Netns, Name string
	On          bool
}

// Change implements steps.Action.
func (a BridgeSTP) Change(*lab.Lab) change.Change { return change.STP(a.Netns, a.Name, a.On) }

// Conditions implements steps.Action.
func (a BridgeSTP) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := steps.DeviceThere(snap, steps.Dev{Netns: a.Netns, Name: a.Name})
	off := steps.Condition{Table: steps.IPTable(a.Netns, "-d link"), Want: say.T("%s runs no spanning tree (stp_state 0)", "%s 不运行生成树（stp_state 0）", a.Name)}
	if a.On {
		off.Want = say.T("%s runs a spanning tree (stp_state 1)", "%s 运行生成树（stp_state 1）", a.Name)
	}
	if there.Met {
		off.Met = link.Bridge != nil && link.Bridge.STP == a.On
		off.Seen = steps.Unless(off.Met, link.Name+" "+stpState(link))
	}
	return []steps.Condition{there, off}
}

// stpState is a bridge's spanning tree as `ip -d link` shows it.
func stpState(link table.Link) string {
	switch {
	case link.Bridge == nil:
		return link.Kind
	case link.Bridge.STP:
		return "stp_state 1"
	}
	return "stp_state 0"
}

// PortIsolated says whether a port of a bridge takes part in what other isolated
// ports must not see.
type PortIsolated struct {
	Netns, Name string
	On          bool
}

// Change implements steps.Action.
func (a PortIsolated) Change(*lab.Lab) change.Change {
	return change.PortSet{Netns: a.Netns, Dev: a.Name, Settings: []change.PortSetting{{Name: "isolated", Value: onOff(a.On)}}}
}

// Conditions implements steps.Action.
func (a PortIsolated) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := steps.DeviceThere(snap, steps.Dev{Netns: a.Netns, Name: a.Name})
	c := steps.Condition{Table: portTable(a.Netns, a.Name), Want: say.T("the port %s is not isolated", "端口 %s 没有被隔离", a.Name)}
	if a.On {
		c.Want = say.T("the port %s is isolated", "端口 %s 被隔离", a.Name)
	}
	if there.Met {
		c.Met = link.Port != nil && link.Port.Isolated == a.On
		c.Seen = steps.Unless(c.Met, portLine(link))
	}
	return []steps.Condition{there, c}
}

// portTable is the command that prints what a port is set to.
func portTable(netns, port string) change.Command {
	return change.In(netns, "bridge", "-d", "link", "show", "dev", port)
}

// portLine is a port in the words of `bridge -d link`.
func portLine(link table.Link) string {
	if link.Port == nil {
		return link.Line()
	}
	return link.Name + " master " + link.Master + " state " + link.Port.State + " isolated " + onOff(link.Port.Isolated)
}

// onOff is a switch as bridge(8) writes it.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// MacvlanAdd makes a device that shares another one's cable under a MAC address of
// its own, down.
type MacvlanAdd struct{ Netns, Name, Lower string }

// Change implements steps.Action.
func (a MacvlanAdd) Change(*lab.Lab) change.Change {
	return change.LinkAdd{Netns: a.Netns, Name: a.Name, Kind: "macvlan", Lower: a.Lower, Mode: "bridge"}
}

// Conditions implements steps.Action.
func (a MacvlanAdd) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := steps.DeviceThere(snap, steps.Dev{Netns: a.Netns, Name: a.Name})
	lower, _ := snap.Link(a.Lower)
	kind := steps.Condition{
		Table: steps.IPTable(a.Netns, "-d link"), Want: say.T("%s is a macvlan on %s, mode bridge", "%s 是 %s 上的 macvlan，模式为 bridge", a.Name, a.Lower),
		Met: there.Met && link.Kind == "macvlan" && link.Sharing == "bridge" && link.PeerIndex == lower.Index,
	}
	if there.Met {
		kind.Seen = steps.Unless(kind.Met, link.Line())
	}
	return []steps.Condition{there, kind}
}
