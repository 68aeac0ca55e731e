package steps

import (
	"context"
	"net"
	"net/netip"

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

// Change implements Action. Without a lab its command says whose address it is.
func (a NeighReplace) Change(l *lab.Lab) change.Change {
	mac := a.mac(l)
	if mac == nil {
		wrong := change.Mistaken{
			Typed: change.In(a.Netns, "ip", "neigh", "replace", a.Dst, "lladdr", a.wanted(l), "dev", a.Dev, "nud", change.Permanent),
			Err:   say.Err("%s: the address of %s is not known", "%s：不知道 %s 的地址", a.Netns, a.MACOf),
		}
		if l != nil {
			if _, err := l.NS(a.Netns); err != nil {
				wrong.Err = err
			}
		}
		return wrong
	}
	return change.NeighSet{Netns: a.Netns, Dst: netip.MustParseAddr(a.Dst), MAC: mac, Dev: a.Dev, State: change.Permanent}
}

func (a NeighReplace) mac(l *lab.Lab) net.HardwareAddr {
	if a.MAC == "" {
		return MACOf(l, a.MACOf)
	}
	mac, _ := net.ParseMAC(a.MAC)
	return mac
}

// Conditions implements Action.
func (a NeighReplace) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links|table.Neighbours)
	if missing != nil {
		return missing
	}
	_, device := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Dev})
	mac := a.mac(l)
	entry, there := snap.Neighbour(netip.MustParseAddr(a.Dst), a.Dev)
	right := there && mac != nil && entry.MAC.String() == mac.String()
	written := there && entry.State == "PERMANENT"
	address := Condition{Table: IPTable(a.Netns, "neigh"), Want: say.T("an entry for %s with lladdr %s", "%s 的条目，lladdr 为 %s", a.Dst, a.wanted(l)), Met: right}
	state := Condition{Table: address.Table, Want: say.T("its state is PERMANENT", "它的状态是 PERMANENT"), Met: written}
	if there {
		address.Seen, state.Seen = Unless(right, entry.Line()), Unless(written, entry.Line())
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

// NeighDel deletes a neighbour entry.
type NeighDel struct {
	Netns, Dst, Dev string
	// Written says that the entry is one that somebody wrote: it is gone for good.
	// A learned one comes back with the next packet.
	Written bool
}

// Change implements Action.
func (a NeighDel) Change(l *lab.Lab) change.Change {
	return forgotten{change.NeighDel{Netns: a.Netns, Dst: netip.MustParseAddr(a.Dst), Dev: a.Dev}, l, a.key()}
}

// forgotten is an entry that is deleted. That a learned one was can only be seen
// until the next packet, so the lab remembers it.
type forgotten struct {
	change.NeighDel
	lab *lab.Lab
	key string
}

// Apply deletes the entry.
func (f forgotten) Apply(ctx context.Context, s change.Space) error {
	if err := f.NeighDel.Apply(ctx, s); err != nil {
		return err
	}
	f.lab.Note(f.key)
	return nil
}

// Undo puts it back.
func (f forgotten) Undo(ctx context.Context, s change.Space, was change.Before) error {
	f.lab.Unnote(f.key)
	return f.NeighDel.Undo(ctx, s, was)
}

func (a NeighDel) key() string {
	return Typed(change.In(a.Netns, "ip", "neigh", "del", a.Dst, "dev", a.Dev))
}

// Conditions implements Action. It holds when no permanent entry is there.
func (a NeighDel) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links|table.Neighbours)
	if missing != nil {
		return missing
	}
	_, device := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Dev})
	if !device.Met {
		return []Condition{device}
	}
	gone := Condition{Table: IPTable(a.Netns, "neigh"), Want: say.T("the learned entry for %s was deleted", "学到的 %s 条目已被删除", a.Dst)}
	if a.Written {
		gone.Want = say.T("no entry for %s that somebody wrote (PERMANENT)", "没有手工写入的 %s 条目（PERMANENT）", a.Dst)
	}
	entry, there := snap.Neighbour(netip.MustParseAddr(a.Dst), a.Dev)
	if !there || entry.State == "FAILED" {
		l.Note(a.key())
	}
	gone.Met = !there || entry.State != "PERMANENT" && (a.Written || entry.State == "FAILED" || l.Noted(a.key()))
	if there {
		gone.Seen = Unless(gone.Met, entry.Line())
	}
	return []Condition{gone}
}

// forgetNeighbours deletes what the kernel has learned, in every namespace:
// otherwise an old REACHABLE entry hides that nobody would answer any more.
func forgetNeighbours(l *lab.Lab) error {
	for _, name := range l.Names() {
		if err := change.ForgetNeighbours(l, name); err != nil && !IsAbsent(err) {
			return err
		}
	}
	return nil
}
