package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

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

func (a LinkMaster) Undo(_ context.Context, l *lab.Lab, _ State) error {
	_, h, link, err := Dev{a.Netns, a.Name}.find(l)
	if err != nil {
		return err
	}
	return h.LinkSetNoMaster(link)
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

// LinkUp sets a device up.
type LinkUp struct{ Netns, Name string }

func (a LinkUp) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "up"}}
}

func (a LinkUp) Apply(_ context.Context, l *lab.Lab) error {
	_, h, link, err := Dev(a).find(l)
	if err != nil {
		return err
	}
	if err := h.LinkSetUp(link); err != nil {
		return fmt.Errorf("%s: set %s up: %w", a.Netns, a.Name, err)
	}
	return nil
}

func (a LinkUp) Done(_ context.Context, l *lab.Lab) (bool, error) {
	return linkIs(l, Dev(a), func(link netlink.Link) bool {
		return link.Attrs().Flags&net.FlagUp != 0
	})
}

// Undo sets the device down. The addresses that coming up gave a loopback
// (127.0.0.1/8, inetdev_event in net/ipv4/devinet.c) stay until they are taken
// away.
func (a LinkUp) Undo(_ context.Context, l *lab.Lab, was State) error {
	_, h, link, err := Dev(a).find(l)
	if err != nil {
		return err
	}
	if err := h.LinkSetDown(link); err != nil {
		return fmt.Errorf("%s: set %s down: %w", a.Netns, a.Name, err)
	}
	if link.Attrs().Flags&net.FlagLoopback == 0 {
		return nil
	}
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		if was.hasAddr(a.Netns, a.Name, addr.IPNet.String()) {
			continue
		}
		if err := h.AddrDel(link, &addr); err != nil {
			return fmt.Errorf("%s: delete address %s: %w", a.Netns, addr.IPNet, err)
		}
	}
	return nil
}

// LinkDown sets a device down, as a preparation.
type LinkDown struct{ Netns, Name string }

func (a LinkDown) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "down"}}
}

func (a LinkDown) Apply(ctx context.Context, l *lab.Lab) error {
	_, h, link, err := Dev(a).find(l)
	if err != nil {
		return err
	}
	return h.LinkSetDown(link)
}

func (a LinkDown) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	up, err := LinkUp(a).Done(ctx, l)
	return !up, err
}

func (a LinkDown) Undo(ctx context.Context, l *lab.Lab, _ State) error {
	return LinkUp(a).Apply(ctx, l)
}

// LinkAddress gives a device another MAC address. The kernel flushes the
// device's neighbour table with it, permanent entries included.
type LinkAddress struct{ Netns, Name, MAC string }

func (a LinkAddress) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "address", a.MAC}}
}

func (a LinkAddress) Apply(_ context.Context, l *lab.Lab) error {
	mac, err := net.ParseMAC(a.MAC)
	if err != nil {
		return err
	}
	return setMAC(l, Dev{a.Netns, a.Name}, mac)
}

func (a LinkAddress) Done(_ context.Context, l *lab.Lab) (bool, error) {
	return linkIs(l, Dev{a.Netns, a.Name}, func(link netlink.Link) bool {
		return strings.EqualFold(link.Attrs().HardwareAddr.String(), a.MAC)
	})
}

func (a LinkAddress) Undo(_ context.Context, l *lab.Lab, was State) error {
	mac, ok := was.mac(a.Netns, a.Name)
	if !ok {
		return fmt.Errorf("%s: the address that %s had is not known", a.Netns, a.Name)
	}
	return setMAC(l, Dev{a.Netns, a.Name}, mac)
}

func setMAC(l *lab.Lab, d Dev, mac net.HardwareAddr) error {
	_, h, link, err := d.find(l)
	if err != nil {
		return err
	}
	if err := h.LinkSetHardwareAddr(link, mac); err != nil {
		return fmt.Errorf("%s: set %s address %s: %w", d.Netns, d.Name, mac, err)
	}
	return nil
}

// linkIs says whether the device exists and ok holds of it.
func linkIs(l *lab.Lab, d Dev, ok func(netlink.Link) bool) (bool, error) {
	_, _, link, err := d.find(l)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return ok(link), nil
}

func linkDel(l *lab.Lab, d Dev) error {
	_, h, link, err := d.find(l)
	if err != nil {
		return err
	}
	if err := h.LinkDel(link); err != nil {
		return fmt.Errorf("%s: delete link %s: %w", d.Netns, d.Name, err)
	}
	return nil
}

// isAbsent says whether err means that the thing asked for is not there, and
// not that it could not be asked.
func isAbsent(err error) bool {
	var noLink netlink.LinkNotFoundError
	return errors.As(err, &noLink) || errors.Is(err, lab.ErrNoNamespace)
}
