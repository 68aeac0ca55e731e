package bridge

import (
	"context"
	"slices"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/claim"
)

// BridgePortIs claims that a device is a port of a bridge, in one of the States, or
// of none where Bridge is empty.
type BridgePortIs struct {
	Netns, Name, Bridge string
	States              []string // listening, learning, forwarding…; none: whichever
	Isolated            bool
}

func (c BridgePortIs) Promised(*lab.Lab) say.Text {
	if c.Bridge == "" {
		return claim.About(c.Netns, "bridge link", claim.None(c.Name))
	}
	line := c.Name + " master " + c.Bridge
	if len(c.States) > 0 {
		line += " state " + strings.Join(c.States, "|")
	}
	if c.Isolated {
		line += " isolated " + onOff(true)
	}
	return claim.About(c.Netns, "bridge link", say.Quote(line))
}

func (c BridgePortIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := claim.Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	link, _ := snap.Link(c.Name)
	if link.Port == nil {
		return claim.None(c.Name), c.Bridge == "", nil
	}
	holds := link.Master == c.Bridge && link.Port.Isolated == c.Isolated && (len(c.States) == 0 || slices.Contains(c.States, link.Port.State))
	return say.Quote(portLine(link)), holds, nil
}

// BridgeIs claims whether a bridge runs a spanning tree.
type BridgeIs struct {
	Netns, Name string
	STP         bool
}

func (c BridgeIs) Promised(*lab.Lab) say.Text {
	return claim.About(c.Netns, "ip -d link", say.Quote(c.Name+" "+stpState(table.Link{Bridge: &table.Bridge{STP: c.STP}})))
}

func (c BridgeIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := claim.Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	link, _ := snap.Link(c.Name)
	if link.Bridge == nil {
		return claim.None(c.Name), false, nil
	}
	return say.Quote(c.Name + " " + stpState(link)), link.Bridge.STP == c.STP, nil
}

// FDBHas claims that the forwarding database of a bridge leads to the MAC address
// of a device by the port Dev, or that it has no entry for it.
type FDBHas struct {
	Netns, Bridge string
	MACOf         steps.Dev
	Dev           string
	Absent        bool
}

func (c FDBHas) Promised(l *lab.Lab) say.Text {
	if c.Absent {
		return claim.About(c.Netns, "bridge fdb", claim.None(claim.MACText(l, c.MACOf)))
	}
	return claim.About(c.Netns, "bridge fdb", say.Quote(claim.MACText(l, c.MACOf)+" dev "+c.Dev+" master "+c.Bridge))
}

func (c FDBHas) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := claim.Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	bridge, there := snap.Link(c.Bridge)
	if !there {
		return claim.None(c.Bridge), c.Absent, nil
	}
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	one, err := table.OpenOne(ns)
	if err != nil {
		return say.Text{}, false, err
	}
	defer one.Close()
	entry, found, err := one.BridgeFDB(bridge.Index, steps.MACOf(l, c.MACOf))
	if err != nil || !found {
		return claim.None(claim.MACText(l, c.MACOf)), c.Absent, err
	}
	return say.Quote(entry.Line()), !c.Absent && entry.Dev == c.Dev, nil
}
