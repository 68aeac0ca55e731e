package change

import (
	"context"
	"net"
	"net/netip"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// The states in which a neighbour is written. Of a permanent one the kernel asks
// nobody; a reachable one it asks again by and by, a stale one when it is used.
const (
	Permanent = "permanent"
	Reachable = "reachable"
	Stale     = "stale"
)

var neighStates = map[string]int{Permanent: unix.NUD_PERMANENT, Reachable: unix.NUD_REACHABLE, Stale: unix.NUD_STALE}

// NeighSet writes a neighbour entry.
type NeighSet struct {
	Netns string
	Dst   netip.Addr
	MAC   net.HardwareAddr
	Dev   string
	State string
}

var _ = register("ip neigh replace", func(netns string, words []string) (Change, error) {
	n := NeighSet{Netns: netns, State: Permanent}
	var err error
	if n.Dst, words, err = first(words); err != nil {
		return nil, err
	}
	mac := func(value string) (err error) { n.MAC, err = net.ParseMAC(value); return err }
	err = readOptions(words, option{name: "lladdr", take: mac}, text("dev", &n.Dev), text("nud", &n.State))
	return n, err
})

// first is the address that the words begin with, and what is left.
func first(words []string) (netip.Addr, []string, error) {
	if len(words) == 0 {
		return netip.Addr{}, nil, say.Err("no address is named", "没有指定地址")
	}
	addr, err := netip.ParseAddr(words[0])
	return addr, words[1:], err
}

// Command is `ip neigh replace DST lladdr MAC dev DEV nud STATE`.
func (n NeighSet) Command() Command {
	return In(n.Netns, "ip", "neigh", "replace", n.Dst.String(), "lladdr", n.MAC.String(), "dev", n.Dev, "nud", n.State)
}

// Apply writes the entry.
func (n NeighSet) Apply(_ context.Context, s Space) error {
	state, ok := neighStates[n.State]
	if !ok {
		return say.Err("%s: neighbour %s: %q is no state that is known here", "%s：邻居 %s：这里不认识状态 %q", n.Netns, n.Dst, n.State)
	}
	return Dev{n.Netns, n.Dev}.set(s, say.T("replace neighbour %s", "写入邻居 %s", n.Dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighSet(&netlink.Neigh{
			LinkIndex: link.Attrs().Index, Family: netlinkFamily(n.Dst), IP: n.Dst.AsSlice(), State: state, HardwareAddr: n.MAC,
		})
	})
}

// Undo deletes the entry; what the kernel had learned before, it learns again.
func (n NeighSet) Undo(ctx context.Context, s Space, was Before) error {
	if old, ok := was.neighbour(n.Netns, n.Dst, n.Dev); ok && old.State == "PERMANENT" {
		return NeighSet{n.Netns, n.Dst, old.MAC, n.Dev, Permanent}.Apply(ctx, s)
	}
	return NeighDel{n.Netns, n.Dst, n.Dev}.Apply(ctx, s)
}

// NeighDel deletes a neighbour entry.
type NeighDel struct {
	Netns string
	Dst   netip.Addr
	Dev   string
}

var _ = register("ip neigh del", func(netns string, words []string) (Change, error) {
	n := NeighDel{Netns: netns}
	var err error
	if n.Dst, words, err = first(words); err != nil {
		return nil, err
	}
	err = readOptions(words, text("dev", &n.Dev))
	return n, err
})

// Command is `ip neigh del DST dev DEV`.
func (n NeighDel) Command() Command {
	return In(n.Netns, "ip", "neigh", "del", n.Dst.String(), "dev", n.Dev)
}

// Apply deletes the entry.
func (n NeighDel) Apply(_ context.Context, s Space) error {
	return Dev{n.Netns, n.Dev}.set(s, say.T("delete neighbour %s", "删除邻居 %s", n.Dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighDel(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlinkFamily(n.Dst), IP: n.Dst.AsSlice()})
	})
}

// Undo puts the entry back: a permanent one as it was, a learned one reachable.
func (n NeighDel) Undo(ctx context.Context, s Space, was Before) error {
	old, ok := was.neighbour(n.Netns, n.Dst, n.Dev)
	if !ok || old.MAC == nil {
		return nil
	}
	state := Reachable
	if old.State == "PERMANENT" {
		state = Permanent
	}
	return NeighSet{n.Netns, n.Dst, old.MAC, n.Dev, state}.Apply(ctx, s)
}

func (b Before) neighbour(netns string, dst netip.Addr, dev string) (table.Neighbour, bool) {
	if snap := b.Netns[netns]; snap != nil {
		return snap.Neighbour(dst, dev)
	}
	return table.Neighbour{}, false
}
