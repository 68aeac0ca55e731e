package steps

import (
	"context"
	"strings"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// VethAdd makes a pair of veth devices, both in Netns, both down.
type VethAdd struct{ Netns, Name, Peer string }

func (a VethAdd) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "link", "add", a.Name, "type", "veth", "peer", "name", a.Peer}}
}

func (a VethAdd) Apply(_ context.Context, l *lab.Lab) error {
	// ip(8) leaves the queue length to the driver: -1 is "not given".
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: a.Name, TxQLen: -1}, PeerName: a.Peer}
	return change.AddLink(l, a.Netns, pair, "")
}

// Conditions implements Conditional. The other end may have moved on already;
// then it may be called anything.
func (a VethAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Peer})
	kind := Condition{
		Table: ipTable(a.Netns, "-d link"), Want: say.T("%s is a veth", "%s 是 veth", a.Peer),
		Met: there.Met && link.Kind == "veth",
	}
	other := Condition{Table: there.Table, Want: say.T("its other end is %s", "它的另一端是 %s", a.Name)}
	if there.Met {
		moved := link.PeerIndex != 0 && link.PeerNetnsID != -1
		other.Met = kind.Met && (moved || link.Peer == a.Name)
		kind.Seen, other.Seen = unless(kind.Met, link.Line()), unless(other.Met, link.Line())
	}
	return []Condition{there, kind, other}
}

func (a VethAdd) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a VethAdd) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return Dev{Netns: a.Netns, Name: a.Peer}.Delete(l)
}

// BridgeAdd makes a bridge, down and without ports.
type BridgeAdd struct{ Netns, Name string }

func (a BridgeAdd) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "link", "add", a.Name, "type", "bridge"}}
}

func (a BridgeAdd) Apply(_ context.Context, l *lab.Lab) error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: a.Name, TxQLen: -1}}
	return change.AddLink(l, a.Netns, bridge, "")
}

// Conditions implements Conditional.
func (a BridgeAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev(a))
	kind := Condition{
		Table: ipTable(a.Netns, "-d link"), Want: say.T("%s is a bridge", "%s 是网桥", a.Name),
		Met: there.Met && link.Kind == "bridge",
	}
	if there.Met {
		kind.Seen = unless(kind.Met, link.Line())
	}
	return []Condition{there, kind}
}

func (a BridgeAdd) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a BridgeAdd) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return Dev(a).Delete(l)
}

// LinkMaster makes a device a port of a bridge.
type LinkMaster struct{ Netns, Name, Bridge string }

func (a LinkMaster) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "master", a.Bridge}}
}

func (a LinkMaster) Apply(_ context.Context, l *lab.Lab) error {
	return Dev{Netns: a.Netns, Name: a.Name}.SetMaster(l, a.Bridge)
}

// Conditions implements Conditional.
func (a LinkMaster) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Name})
	_, bridge := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Bridge})
	port := Condition{
		Table: there.Table, Want: say.T("%s is a port of %s", "%s 是 %s 的端口", a.Name, a.Bridge),
		Met: there.Met && link.Master == a.Bridge,
	}
	if there.Met {
		port.Seen = unless(port.Met, link.Line())
	}
	return []Condition{there, bridge, port}
}

func (a LinkMaster) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

// Undo takes the port off the bridge. A bridge takes the lowest MAC address of
// its ports, and none when the last one goes (br_stp_recalculate_bridge_id), so
// the one that it had goes in again.
func (a LinkMaster) Undo(_ context.Context, l *lab.Lab, was State) error {
	if err := (Dev{Netns: a.Netns, Name: a.Name}).SetMaster(l, ""); err != nil {
		return err
	}
	bridge := Dev{Netns: a.Netns, Name: a.Bridge}
	if mac, ok := was.mac(a.Netns, a.Bridge); ok && mac.String() != macOf(l, bridge).String() {
		return bridge.SetMAC(l, mac)
	}
	return nil
}

// LinkNetns moves a device into another namespace, under a new name if Rename
// is given.
type LinkNetns struct{ Netns, Name, To, Rename string }

func (a LinkNetns) Command(*lab.Lab) change.Command {
	argv := []string{"ip", "link", "set", a.Name, "netns", a.To}
	if a.Rename != "" {
		argv = append(argv, "name", a.Rename)
	}
	return change.Command{Netns: a.Netns, Argv: argv}
}

func (a LinkNetns) target() Dev {
	if a.Rename != "" {
		return Dev{Netns: a.To, Name: a.Rename}
	}
	return Dev{Netns: a.To, Name: a.Name}
}

func (a LinkNetns) Apply(_ context.Context, l *lab.Lab) error {
	if err := (Dev{Netns: a.Netns, Name: a.Name}).Move(l, a.To); err != nil {
		return err
	}
	if a.Rename == "" {
		return nil
	}
	return Dev{Netns: a.To, Name: a.Name}.SetName(l, a.Rename)
}

// Conditions implements Conditional: a device of that name in the other
// namespace, at the other end of a cable from here.
func (a LinkNetns) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.To, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, a.target())
	cable := Condition{
		Table: ipTable(a.To, "link"),
		Want:  say.T("its other end is in %s", "它的另一端在 %s 里", a.Netns),
		Met:   there.Met && link.PeerIndex != 0 && sameNetns(l, link.PeerNetns, a.Netns),
	}
	switch {
	case there.Met:
		cable.Seen = unless(cable.Met, strings.TrimSpace(link.Line()+" "+link.AddressLine()))
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
		snap, missing := tables(ctx, l, netns, table.Links)
		if missing != nil {
			continue
		}
		if link, ok := snap.Link(dev); ok {
			return netns + ": " + link.Line()
		}
	}
	return ""
}

func (a LinkNetns) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a LinkNetns) Undo(_ context.Context, l *lab.Lab, _ State) error {
	moved := a.target()
	if a.Rename != "" {
		if err := moved.SetName(l, a.Name); err != nil {
			return err
		}
		moved.Name = a.Name
	}
	return moved.Move(l, a.Netns)
}
