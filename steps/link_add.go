package steps

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"

	"nstutor/internal/lab"
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

// Done looks for the host's end and for a veth on it: the other end may have
// moved on already.
func (a VethAdd) Done(_ context.Context, l *lab.Lab) (bool, error) {
	return linkIs(l, Dev{a.Netns, a.Peer}, func(link netlink.Link) bool { return link.Type() == "veth" })
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

func (a BridgeAdd) Done(_ context.Context, l *lab.Lab) (bool, error) {
	return linkIs(l, Dev(a), func(link netlink.Link) bool { return link.Type() == "bridge" })
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

func (a LinkMaster) Done(_ context.Context, l *lab.Lab) (bool, error) {
	_, _, bridge, err := Dev{a.Netns, a.Bridge}.find(l)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return linkIs(l, Dev{a.Netns, a.Name}, func(link netlink.Link) bool {
		return link.Attrs().MasterIndex == bridge.Attrs().Index
	})
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

func (a LinkNetns) Done(_ context.Context, l *lab.Lab) (bool, error) {
	return linkIs(l, a.target(), func(netlink.Link) bool { return true })
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
