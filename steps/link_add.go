package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// VethAdd makes a pair of veth devices, both in Netns, both down.
type VethAdd struct{ Netns, Name, Peer string }

func (a VethAdd) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "add", a.Name, "type", "veth", "peer", "name", a.Peer}}
}

func (a VethAdd) Apply(_ context.Context, l *lab.Lab) error {
	ns, h, err := handle(l, a.Netns)
	if err != nil {
		return err
	}
	// ip(8) leaves the queue length to the driver: -1 is "not given".
	err = h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: a.Name, TxQLen: -1}, PeerName: a.Peer})
	if err != nil {
		return fmt.Errorf("%s: add link %s: %w", a.Netns, a.Name, err)
	}
	if err := l.PinDevice(ns, a.Name); err != nil {
		return err
	}
	return l.PinDevice(ns, a.Peer)
}

// Conditions implements Conditional. The other end may have moved on already;
// then it may be called anything.
func (a VethAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev{a.Netns, a.Peer})
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
	return linkDel(l, Dev{a.Netns, a.Peer})
}

// BridgeAdd makes a bridge, down and without ports.
type BridgeAdd struct{ Netns, Name string }

func (a BridgeAdd) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "add", a.Name, "type", "bridge"}}
}

func (a BridgeAdd) Apply(_ context.Context, l *lab.Lab) error {
	ns, h, err := handle(l, a.Netns)
	if err != nil {
		return err
	}
	if err := h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: a.Name, TxQLen: -1}}); err != nil {
		return fmt.Errorf("%s: add bridge %s: %w", a.Netns, a.Name, err)
	}
	return l.PinDevice(ns, a.Name)
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
	return linkDel(l, Dev(a))
}

// LinkMaster makes a device a port of a bridge.
type LinkMaster struct{ Netns, Name, Bridge string }

func (a LinkMaster) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "master", a.Bridge}}
}

func (a LinkMaster) Apply(_ context.Context, l *lab.Lab) error {
	_, h, link, err := Dev{a.Netns, a.Name}.find(l)
	if err != nil {
		return err
	}
	bridge, err := h.LinkByName(a.Bridge)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", a.Netns, a.Bridge, err)
	}
	if err := h.LinkSetMaster(link, bridge); err != nil {
		return fmt.Errorf("%s: set %s master %s: %w", a.Netns, a.Name, a.Bridge, err)
	}
	return nil
}

// Conditions implements Conditional.
func (a LinkMaster) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev{a.Netns, a.Name})
	_, bridge := deviceThere(snap, Dev{a.Netns, a.Bridge})
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
	_, h, link, err := Dev{a.Netns, a.Name}.find(l)
	if err != nil {
		return err
	}
	if err := h.LinkSetNoMaster(link); err != nil {
		return fmt.Errorf("%s: set %s nomaster: %w", a.Netns, a.Name, err)
	}
	bridge := Dev{a.Netns, a.Bridge}
	if mac, ok := was.mac(a.Netns, a.Bridge); ok && mac.String() != bridge.mac(l).String() {
		return setMAC(l, bridge, mac)
	}
	return nil
}

// LinkNetns moves a device into another namespace, under a new name if Rename
// is given.
type LinkNetns struct{ Netns, Name, To, Rename string }

func (a LinkNetns) Command(*lab.Lab) Command {
	argv := []string{"ip", "link", "set", a.Name, "netns", a.To}
	if a.Rename != "" {
		argv = append(argv, "name", a.Rename)
	}
	return Command{Netns: a.Netns, Argv: argv}
}

func (a LinkNetns) target() Dev {
	if a.Rename != "" {
		return Dev{a.To, a.Rename}
	}
	return Dev{a.To, a.Name}
}

func (a LinkNetns) Apply(_ context.Context, l *lab.Lab) error {
	_, h, link, err := Dev{a.Netns, a.Name}.find(l)
	if err != nil {
		return err
	}
	to, err := l.NS(a.To)
	if err != nil {
		return err
	}
	if err := h.LinkSetNsFd(link, int(to.FD())); err != nil {
		return fmt.Errorf("%s: move %s to %s: %w", a.Netns, a.Name, a.To, err)
	}
	if a.Rename != "" {
		_, h, link, err := Dev{a.To, a.Name}.find(l)
		if err != nil {
			return err
		}
		if err := h.LinkSetName(link, a.Rename); err != nil {
			return fmt.Errorf("%s: rename %s: %w", a.To, a.Name, err)
		}
	}
	return l.PinDevice(to, a.target().Name)
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
	_, h, link, err := a.target().find(l)
	if err != nil {
		return err
	}
	back, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	if a.Rename != "" {
		if err := h.LinkSetName(link, a.Name); err != nil {
			return fmt.Errorf("%s: rename %s: %w", a.To, a.Rename, err)
		}
	}
	if err := h.LinkSetNsFd(link, int(back.FD())); err != nil {
		return fmt.Errorf("%s: move %s back to %s: %w", a.To, a.Name, a.Netns, err)
	}
	return l.PinDevice(back, a.Name)
}
