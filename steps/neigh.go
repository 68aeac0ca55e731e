package steps

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// NeighReplace writes a permanent neighbour entry: the kernel asks nobody.
type NeighReplace struct {
	Netns, Dst, Dev string
	MAC             string // an address, or
	MACOf           Dev    // the device whose address it is
}

func (a NeighReplace) Command(l *lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "neigh", "replace", a.Dst, "lladdr", a.wanted(l), "dev", a.Dev, "nud", "permanent"}}
}

func (a NeighReplace) mac(l *lab.Lab) net.HardwareAddr {
	if a.MAC == "" {
		return macOf(l, a.MACOf)
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
		return say.Err("%s: the address of %s is not known", "%s：不知道 %s 的地址", a.Netns, a.MACOf)
	}
	return Dev{Netns: a.Netns, Name: a.Dev}.SetNeigh(l, a.Dst, mac, netlink.NUD_PERMANENT)
}

// Conditions implements Conditional.
func (a NeighReplace) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links|table.Neighbours)
	if missing != nil {
		return missing
	}
	_, device := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Dev})
	mac := a.mac(l)
	entry, there := snap.Neighbour(netip.MustParseAddr(a.Dst), a.Dev)
	right := there && mac != nil && entry.MAC.String() == mac.String()
	written := there && entry.State == "PERMANENT"
	address := Condition{Table: ipTable(a.Netns, "neigh"), Want: say.T("an entry for %s with lladdr %s", "%s 的条目，lladdr 为 %s", a.Dst, a.wanted(l)), Met: right}
	state := Condition{Table: address.Table, Want: say.T("its state is PERMANENT", "它的状态是 PERMANENT"), Met: written}
	if there {
		address.Seen, state.Seen = unless(right, entry.Line()), unless(written, entry.Line())
	}
	return []Condition{device, address, state}
}

// wanted is the MAC address, or whose it is.
func (a NeighReplace) wanted(l *lab.Lab) string {
	if mac := a.mac(l); mac != nil {
		return mac.String()
	}
	return "MAC-of-" + a.MACOf.Name
}

func (a NeighReplace) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

// Undo deletes the entry; what the kernel had learned before, it learns again.
func (a NeighReplace) Undo(_ context.Context, l *lab.Lab, _ State) error {
	return Dev{Netns: a.Netns, Name: a.Dev}.DelNeigh(l, a.Dst)
}

// NeighDel deletes a neighbour entry.
type NeighDel struct {
	Netns, Dst, Dev string
	// Written says that the entry is one that somebody wrote: it is gone for good.
	// A learned one comes back with the next packet.
	Written bool
}

func (a NeighDel) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "neigh", "del", a.Dst, "dev", a.Dev}}
}

func (a NeighDel) Apply(_ context.Context, l *lab.Lab) error {
	if err := (Dev{Netns: a.Netns, Name: a.Dev}).DelNeigh(l, a.Dst); err != nil {
		return err
	}
	l.Note(a.key())
	return nil
}

func (a NeighDel) key() string { return Typed(a.Command(nil)) }

// Conditions implements Conditional. It holds when no permanent entry is there.
// That a learned one was deleted can only be seen until the next packet, so it
// is remembered.
func (a NeighDel) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links|table.Neighbours)
	if missing != nil {
		return missing
	}
	_, device := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Dev})
	if !device.Met {
		return []Condition{device}
	}
	gone := Condition{Table: ipTable(a.Netns, "neigh"), Want: say.T("the learned entry for %s was deleted", "学到的 %s 条目已被删除", a.Dst)}
	if a.Written {
		gone.Want = say.T("no entry for %s that somebody wrote (PERMANENT)", "没有手工写入的 %s 条目（PERMANENT）", a.Dst)
	}
	entry, there := snap.Neighbour(netip.MustParseAddr(a.Dst), a.Dev)
	if !there || entry.State == "FAILED" {
		l.Note(a.key())
	}
	gone.Met = !there || entry.State != "PERMANENT" && (a.Written || entry.State == "FAILED" || l.Noted(a.key()))
	if there {
		gone.Seen = unless(gone.Met, entry.Line())
	}
	return []Condition{gone}
}

func (a NeighDel) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
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
	return Dev{Netns: a.Netns, Name: a.Dev}.SetNeigh(l, a.Dst, old.MAC, state)
}

// forgetNeighbours deletes what the kernel has learned, in every namespace:
// otherwise an old REACHABLE entry hides that nobody would answer any more.
func forgetNeighbours(l *lab.Lab) error {
	const learned = netlink.NUD_INCOMPLETE | netlink.NUD_REACHABLE | netlink.NUD_STALE |
		netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_FAILED
	for _, name := range l.Names() {
		_, h, err := change.Open(l, name)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return err
		}
		entries, err := h.NeighList(0, netlink.FAMILY_V4)
		if err != nil {
			return say.Err("%s: list neighbours: %v", "%s：列出邻居：%v", name, err)
		}
		for _, n := range entries {
			if n.State&learned == 0 {
				continue
			}
			if err := h.NeighDel(&n); err != nil && !errors.Is(err, unix.ENOENT) {
				return say.Err("%s: delete neighbour %s: %v", "%s：删除邻居 %s：%v", name, n.IP, err)
			}
		}
	}
	return nil
}
