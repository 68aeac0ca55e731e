package steps

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// NeighReplace writes a permanent neighbour entry: the kernel asks nobody.
type NeighReplace struct {
	Netns, Dst, Dev string
	MAC             string // an address, or
	MACOf           Dev    // the device whose address it is
}

func (a NeighReplace) Command(l *lab.Lab) Command {
	mac := a.mac(l).String()
	if mac == "" {
		mac = "MAC-of-" + a.MACOf.Name
	}
	return Command{Netns: a.Netns, Argv: []string{"ip", "neigh", "replace", a.Dst, "lladdr", mac, "dev", a.Dev, "nud", "permanent"}}
}

func (a NeighReplace) mac(l *lab.Lab) net.HardwareAddr {
	if a.MAC == "" {
		return a.MACOf.mac(l)
	}
	mac, _ := net.ParseMAC(a.MAC)
	return mac
}

func (a NeighReplace) Apply(_ context.Context, l *lab.Lab) error {
	if _, err := l.NS(a.Netns); err != nil {
		return err
	}
	mac := a.mac(l)
	if mac == nil {
		return fmt.Errorf("%s: the address of %s is not known", a.Netns, a.MACOf)
	}
	return setNeigh(l, Dev{a.Netns, a.Dev}, a.Dst, mac, netlink.NUD_PERMANENT)
}

func setNeigh(l *lab.Lab, d Dev, dst string, mac net.HardwareAddr, state int) error {
	_, h, link, err := d.find(l)
	if err != nil {
		return err
	}
	err = h.NeighSet(&netlink.Neigh{
		LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V4, IP: net.ParseIP(dst),
		State: state, HardwareAddr: mac,
	})
	if err != nil {
		return fmt.Errorf("%s: replace neighbour %s: %w", d.Netns, dst, err)
	}
	return nil
}

func (a NeighReplace) Done(_ context.Context, l *lab.Lab) (bool, error) {
	entry, err := findNeigh(l, Dev{a.Netns, a.Dev}, a.Dst)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil || entry == nil {
		return false, err
	}
	return entry.State&netlink.NUD_PERMANENT != 0 && entry.HardwareAddr.String() == a.mac(l).String(), nil
}

// Undo deletes the entry; what the kernel had learned before, it learns again.
func (a NeighReplace) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return delNeigh(l, Dev{a.Netns, a.Dev}, a.Dst)
}

// NeighDel deletes a neighbour entry.
type NeighDel struct {
	Netns, Dst, Dev string
	// Written says that the entry is one that somebody wrote: it is gone for good.
	// A learned one comes back with the next packet.
	Written bool
}

func (a NeighDel) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "neigh", "del", a.Dst, "dev", a.Dev}}
}

func (a NeighDel) Apply(_ context.Context, l *lab.Lab) error {
	if err := delNeigh(l, Dev{a.Netns, a.Dev}, a.Dst); err != nil {
		return err
	}
	l.Note(a.key())
	return nil
}

func (a NeighDel) key() string { return a.Command(nil).String() }

// Done holds when no permanent entry is there. That a learned one was deleted
// can only be seen until the next packet, so it is remembered.
func (a NeighDel) Done(_ context.Context, l *lab.Lab) (bool, error) {
	entry, err := findNeigh(l, Dev{a.Netns, a.Dev}, a.Dst)
	switch {
	case isAbsent(err):
		return false, nil
	case err != nil:
		return false, err
	case entry == nil || entry.State == netlink.NUD_FAILED:
		l.Note(a.key())
		return true, nil
	}
	return entry.State != netlink.NUD_PERMANENT && (a.Written || l.Noted(a.key())), nil
}

// Undo puts the entry back: a permanent one as it was, a learned one REACHABLE.
func (a NeighDel) Undo(_ context.Context, l *lab.Lab, was State) error {
	l.Unnote(a.key())
	old, ok := was.neighbour(a.Netns, a.Dst, a.Dev)
	if !ok || old.MAC == nil {
		return nil
	}
	state := netlink.NUD_REACHABLE
	if old.State == "PERMANENT" {
		state = netlink.NUD_PERMANENT
	}
	return setNeigh(l, Dev{a.Netns, a.Dev}, a.Dst, old.MAC, state)
}

func delNeigh(l *lab.Lab, d Dev, dst string) error {
	_, h, link, err := d.find(l)
	if err != nil {
		return err
	}
	err = h.NeighDel(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V4, IP: net.ParseIP(dst)})
	if err != nil {
		return fmt.Errorf("%s: delete neighbour %s: %w", d.Netns, dst, err)
	}
	return nil
}

// forgetNeighbours deletes what the kernel has learned, in every namespace:
// otherwise an old REACHABLE entry hides that nobody would answer any more.
func forgetNeighbours(l *lab.Lab) error {
	const learned = netlink.NUD_INCOMPLETE | netlink.NUD_REACHABLE | netlink.NUD_STALE |
		netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_FAILED
	for _, name := range l.Names() {
		_, h, err := handle(l, name)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return err
		}
		entries, err := h.NeighList(0, netlink.FAMILY_V4)
		if err != nil {
			return fmt.Errorf("%s: list neighbours: %w", name, err)
		}
		for _, n := range entries {
			if n.State&learned == 0 {
				continue
			}
			if err := h.NeighDel(&n); err != nil && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("%s: delete neighbour %s: %w", name, n.IP, err)
			}
		}
	}
	return nil
}

func findNeigh(l *lab.Lab, d Dev, dst string) (*netlink.Neigh, error) {
	_, h, link, err := d.find(l)
	if err != nil {
		return nil, err
	}
	entries, err := h.NeighList(link.Attrs().Index, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("%s: list neighbours: %w", d.Netns, err)
	}
	for _, n := range entries {
		if n.IP.Equal(net.ParseIP(dst)) {
			return &n, nil
		}
	}
	return nil, nil
}
