package steps

import (
	"context"
	"net/netip"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// row is the very route in the main table, as somebody would write it, and
// whether it is there.
func (a RouteAdd) row(ctx context.Context, l *lab.Lab) (line string, there bool, err error) {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return "", false, err
	}
	want, err := netip.ParsePrefix(Canonical(a.Dst))
	if err != nil {
		return "", false, err
	}
	snap, err := table.Read(ctx, ns, table.ReadOptions{Tables: table.Links | table.Routes})
	if err != nil {
		return "", false, err
	}
	for _, r := range snap.MainRoutes(4) {
		same := r.Dst == want.Masked()
		if same && viaText(r) == a.Via && (a.Dev == "" || r.Dev == a.Dev) {
			return r.Line(), true, nil
		}
	}
	return "", false, nil
}

func viaText(r table.Route) string {
	if !r.Via.IsValid() {
		return ""
	}
	return r.Via.String()
}

// decided is the entry of the routing tables that the kernel chooses for one
// destination; there is none where no route is, or one that rejects.
type decided struct {
	table.Route
	found bool
	err   error // the kernel could not be asked
}

// Conditions implements Action. It asks the kernel which entry decides
// about packets to the destination, so it does not matter how many routes share
// the work, in which table they are and who wrote them.
func (a RouteAdd) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := Tables(ctx, l, a.Netns, table.Links|table.Routes)
	if missing != nil {
		return missing
	}
	var all []Condition
	if a.Dev != "" {
		all = append(all, deviceUp(snap, Dev{Netns: a.Netns, Name: a.Dev}))
	}
	there := Condition{Table: IPTable(a.Netns, "route"), Want: say.T("a route that covers %s", "一条覆盖 %s 的路由", a.Dst)}
	hop := Condition{Table: there.Table, Want: say.T("it goes via %s", "它的下一跳是 %s", a.Via)}
	dev := Condition{Table: there.Table, Want: say.T("it goes by %s", "它从 %s 出去", a.Dev)}
	if a.Dst == "default" {
		there.Want = say.T("a default route", "一条默认路由")
	}
	if a.Via == "" {
		hop.Want = say.T("it is direct, without a next hop", "它是直连的，没有下一跳")
	}
	there.Met, hop.Met, dev.Met = true, true, true
	for _, r := range a.decide(l) {
		if r.err != nil {
			there.Err, hop.Err, dev.Err = r.err, r.err, r.err
			break
		}
		there.Met = there.Met && r.found
		for _, c := range []struct {
			condition *Condition
			holds     bool
		}{{&hop, r.found && r.Type == "unicast" && viaText(r.Route) == a.Via}, {&dev, r.found && r.Dev == a.Dev}} {
			if c.condition.Met && !c.holds && r.found {
				c.condition.Seen = r.Line()
			}
			c.condition.Met = c.condition.Met && c.holds
		}
	}
	if !there.Met {
		there.Seen = rejecting(snap, a.Dst)
	}
	all = append(all, there, hop)
	if a.Dev != "" {
		all = append(all, dev)
	}
	if a.Except != "" {
		all = append(all, a.except(l))
	}
	return all
}

// except is the condition that a wider route has not taken Except along.
func (a RouteAdd) except(l *lab.Lab) Condition {
	c := Condition{Table: IPTable(a.Netns, "route"), Want: say.T("%s keeps its way, which is not %s", "%s 仍走原来的路，不走 %s", a.Except, a.Dev)}
	there := RouteAdd{Netns: a.Netns, Dst: a.Except}
	c.Met = true
	for _, r := range there.decide(l) {
		c.Err = r.err
		if r.found && r.Dev == a.Dev {
			c.Met, c.Seen = false, r.Line()
		}
	}
	return c
}

// rejecting is the route to the destination that lets nothing pass, if there is
// one: the kernel does not name it.
func rejecting(snap *table.Snapshot, dst string) string {
	for _, r := range snap.MainRoutes(4) {
		same := r.Dst.String() == Canonical(dst)
		if same && r.Type != "unicast" {
			return r.Line()
		}
	}
	return ""
}

// decide asks the kernel about some destinations that the route is for.
func (a RouteAdd) decide(l *lab.Lab) []decided {
	probes, err := a.probes()
	if err != nil {
		return []decided{{err: err}}
	}
	ns, err := l.NS(a.Netns)
	if err != nil {
		return []decided{{err: err}}
	}
	one, err := table.OpenOne(ns)
	if err != nil {
		return []decided{{err: err}}
	}
	defer one.Close()
	var all []decided
	for _, dst := range probes {
		r, err := one.RouteEntry(table.RouteRequest{Dst: dst})
		if table.Refused(err) {
			all = append(all, decided{})
			continue
		}
		all = append(all, decided{Route: r, found: err == nil, err: err})
	}
	return all
}

// probes are destinations that stand for all of the route's: of a default route
// one in each half, for nothing else in the lab to have; of a prefix its first
// and its last host.
func (a RouteAdd) probes() ([]netip.Addr, error) {
	if a.Dst == "default" {
		return []netip.Addr{netip.AddrFrom4([4]byte{8, 8, 8, 8}), netip.AddrFrom4([4]byte{198, 51, 100, 1})}, nil
	}
	p, err := netip.ParsePrefix(Canonical(a.Dst))
	if err != nil {
		return nil, err
	}
	if p.Bits() > 30 {
		return []netip.Addr{p.Addr()}, nil
	}
	last := p.Addr().As4()
	for bit := p.Bits(); bit < 31; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	return []netip.Addr{p.Addr().Next(), netip.AddrFrom4(last)}, nil
}

// repair is the command where another route has the place already.
func (a RouteAdd) repair(ctx context.Context, l *lab.Lab) (change.Command, bool) {
	for _, r := range a.decide(l) {
		if r.found && r.Dst.String() == Canonical(a.Dst) {
			return a.change(change.RouteReplace).Command(), true
		}
	}
	return change.Command{}, false
}
