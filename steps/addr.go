package steps

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// AddrAdd gives a device an address. If the device is up, the kernel adds the
// connected route itself.
type AddrAdd struct{ Netns, Addr, Dev string }

// Change implements Action.
func (a AddrAdd) Change(*lab.Lab) change.Change {
	return change.AddrAdd{Netns: a.Netns, Addr: a.Addr, Dev: a.Dev}
}

// Conditions implements Action. With its prefix length the address brings
// the network on the link; a route of its own does so as well.
func (a AddrAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	want, err := netip.ParsePrefix(a.Addr)
	if err != nil {
		return []Condition{{Table: IPTable(a.Netns, "addr"), Want: say.Quote(a.Addr), Err: err}}
	}
	snap, missing := Tables(ctx, l, a.Netns, table.Links|table.Addrs|table.Routes)
	if missing != nil {
		return missing
	}
	link, device := DeviceThere(snap, Dev{Netns: a.Netns, Name: a.Dev})
	here := Condition{
		Table: IPTable(a.Netns, "addr show "+a.Dev),
		Want:  say.T("the address %s on %s", "%[2]s 上有地址 %[1]s", want.Addr(), a.Dev),
	}
	found, has := addrOn(snap, want, a.Dev)
	here.Met, here.Seen = has, Unless(has, otherAddr(snap, want.Addr(), a.Dev))
	all := []Condition{device, here}
	if want.IsSingleIP() {
		return all
	}
	onLink := Condition{
		Table: here.Table,
		Want:  say.T("it has the prefix length /%d: %s is on the link", "它的前缀长度是 /%d：%s 就在这条链路上", want.Bits(), want.Masked()),
		Met:   has && found.Prefix == want,
	}
	if link.Up() {
		onLink.Met = has && routeCovers(snap, want.Masked(), a.Dev)
	}
	if has {
		onLink.Seen = Unless(onLink.Met, found.Inet())
	}
	return append(all, onLink)
}

// addrOn finds an address on a device, if there is a choice with that prefix
// length.
func addrOn(snap *table.Snapshot, want netip.Prefix, dev string) (found table.Addr, ok bool) {
	for _, addr := range snap.AddrsOn(dev) {
		if addr.Prefix.Addr() == want.Addr() && (!ok || addr.Prefix == want) {
			found, ok = addr, true
		}
	}
	return found, ok
}

// otherAddr is what is there instead: the address on another device, or the
// other addresses of this one.
func otherAddr(snap *table.Snapshot, want netip.Addr, dev string) string {
	var others []string
	for _, addr := range snap.Addrs {
		switch {
		case addr.Prefix.Addr() == want:
			return addr.Line()
		case addr.Dev == dev && addr.Family() == 4:
			others = append(others, addr.Inet())
		}
	}
	return InOneLine(others)
}

// routeCovers says whether a direct route by that device has all of a prefix.
func routeCovers(snap *table.Snapshot, p netip.Prefix, dev string) bool {
	return slices.ContainsFunc(snap.MainRoutes(4), func(r table.Route) bool {
		return r.Type == "unicast" && r.Dev == dev && !r.Via.IsValid() && r.Dst.Bits() <= p.Bits() && r.Dst.Contains(p.Addr())
	})
}

// AddrDel takes an address away, and with it every route that needs it.
type AddrDel struct{ Netns, Addr, Dev string }

// Change implements Action.
func (a AddrDel) Change(*lab.Lab) change.Change {
	return change.AddrDel{Netns: a.Netns, Addr: a.Addr, Dev: a.Dev}
}

// Conditions implements Action.
func (a AddrDel) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links|table.Addrs)
	if missing != nil {
		return missing
	}
	gone := Condition{
		Table: IPTable(a.Netns, "addr show "+a.Dev), Met: true,
		Want: say.T("no address %s on %s", "%[2]s 上没有地址 %[1]s", a.Addr, a.Dev),
	}
	for _, addr := range snap.AddrsOn(a.Dev) {
		if addr.Prefix.String() == a.Addr {
			gone.Met, gone.Seen = false, addr.Inet()
		}
	}
	return []Condition{gone}
}
