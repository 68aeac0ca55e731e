// Package uplink has the actions of a second way out: another default route, and a rule
// that sends packets there by their source.
package uplink

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/claim"
)

// DefaultAdd adds a default route beside the one that decides, which goes on deciding: to
// the main table with a metric, or to another table.
type DefaultAdd struct {
	Netns, Via, Dev string
	Metric          int
	Table           int    // 0: main
	Keeps           string // the device by which packets of no other source leave
}

// Change implements steps.Action.
func (a DefaultAdd) Change(*lab.Lab) change.Change {
	line := "ip route add default via " + a.Via + " dev " + a.Dev
	if a.Metric != 0 {
		line += " metric " + strconv.Itoa(a.Metric)
	}
	if a.Table != 0 {
		line += " table " + strconv.Itoa(a.Table)
	}
	return change.Typed(a.Netns, line)
}

// Conditions implements steps.Action: whatever the metric is, as long as the other route
// goes on deciding.
func (a DefaultAdd) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, a.Netns, table.Links|table.Routes)
	if missing != nil {
		return missing
	}
	row := RouteIn{Netns: a.Netns, Via: a.Via, Dev: a.Dev, Table: a.Table}
	line, there := row.in(snap)
	return []steps.Condition{
		{Table: steps.IPTable(a.Netns, row.command()), Want: say.T("a default route via %s dev %s", "一条默认路由，via %s dev %s", a.Via, a.Dev), Seen: steps.Unless(there, line), Met: there},
		leaves(l, a.Netns, netip.Addr{}, a.Keeps),
	}
}

// FromRule has a table asked for what goes out with one source.
type FromRule struct {
	Netns, From string
	Table       int
	Dev         string // by which such packets leave then
	Keeps       string // by which others leave
}

// Change implements steps.Action.
func (a FromRule) Change(*lab.Lab) change.Change {
	return change.Typed(a.Netns, "ip rule add from "+a.From+" lookup "+strconv.Itoa(a.Table))
}

// Conditions implements steps.Action: the kernel is asked, so it does not matter how the
// rule is written.
func (a FromRule) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return []steps.Condition{leaves(l, a.Netns, netip.MustParseAddr(a.From), a.Dev), leaves(l, a.Netns, netip.Addr{}, a.Keeps)}
}

// farAway stand for all destinations of a default route: one in each half.
var farAway = []netip.Addr{netip.AddrFrom4([4]byte{8, 8, 8, 8}), netip.AddrFrom4([4]byte{198, 51, 100, 1})}

// leaves is the condition that packets to far away, from an address if there is one, leave
// by a device.
func leaves(l *lab.Lab, netns string, from netip.Addr, dev string) steps.Condition {
	question := strings.Join([]string{"route", "get", farAway[1].String()}, " ")
	c := steps.Condition{Want: say.T("it leaves by %s", "它从 %s 出去", dev), Met: true}
	if from.IsValid() {
		question += " from " + from.String()
	}
	c.Table = steps.IPTable(netns, question)
	ns, err := l.NS(netns)
	if err != nil {
		c.Met, c.Err = false, err
		return c
	}
	one, err := table.OpenOne(ns)
	if err != nil {
		c.Met, c.Err = false, err
		return c
	}
	defer one.Close()
	for _, dst := range farAway {
		r, err := one.Route(table.RouteRequest{Dst: dst, Src: from})
		switch {
		case table.Refused(err):
			c.Met, c.Seen = false, say.Quote(err).String()
		case err != nil:
			c.Met, c.Err = false, err
		case r.Dev != dev:
			c.Met, c.Seen = false, "dev "+r.Dev
		}
	}
	return c
}

// RouteIn claims that a table has a default route, wherever a lookup ends.
type RouteIn struct {
	Netns, Via, Dev string
	Table           int // 0: main
}

func (c RouteIn) command() string {
	if c.Table == 0 {
		return "route"
	}
	return strings.Join([]string{"route", "show", "table", strconv.Itoa(c.Table)}, " ")
}

// in finds the route in what was read, or a default route of that table that is another.
func (c RouteIn) in(snap *table.Snapshot) (line string, there bool) {
	number := c.Table
	if number == 0 {
		number = unix.RT_TABLE_MAIN
	}
	for _, r := range snap.Routes {
		if r.Family() != 4 || r.Table != number || r.Dst.Bits() != 0 {
			continue
		}
		if line = r.Line(); r.Via.String() == c.Via && r.Dev == c.Dev {
			return line, true
		}
	}
	return line, false
}

// Promised implements steps.Claim.
func (c RouteIn) Promised(*lab.Lab) say.Text {
	return claim.About(c.Netns, "ip "+c.command(), say.Quote("default via "+c.Via+" dev "+c.Dev))
}

// Look implements steps.Claim.
func (c RouteIn) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := claim.Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	line, there := c.in(snap)
	if line == "" {
		return claim.None("default"), there, nil
	}
	return say.Quote(line), there, nil
}
