package claim

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Snapshot reads one namespace for a claim.
func Snapshot(ctx context.Context, l *lab.Lab, netns string) (*table.Snapshot, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return table.Read(ctx, ns, table.ReadOptions{Names: l.Namespaces()})
}

// About says something of what a command lists in a namespace.
func About(netns, command string, what say.Text) say.Text {
	return say.T("%s %s: %s", "%s %s：%s", netns, command, what)
}

// None says that something is not in a list, and empty that nothing is.
func None(of string) say.Text { return say.T("no %s", "没有 %s", of) }

var empty = say.T("empty", "空")

// RouteIs claims that the main table has a route, or no route, to Dst. Via and
// Dev count when they are given.
type RouteIs struct {
	Netns, Dst, Via, Dev string
	Absent               bool
}

func (c RouteIs) Promised(*lab.Lab) say.Text {
	if c.Absent {
		return About(c.Netns, "ip route", None(c.Dst))
	}
	line := c.Dst
	if c.Via != "" {
		line += " via " + c.Via
	}
	if c.Dev != "" {
		line += " dev " + c.Dev
	}
	return About(c.Netns, "ip route", say.Quote(line))
}

func (c RouteIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	want, err := netip.ParsePrefix(steps.Canonical(c.Dst))
	if err != nil {
		return say.Text{}, false, err
	}
	for _, r := range snap.MainRoutes(4) {
		same := r.Dst == want
		if same && (c.Via == "" || r.Via.String() == c.Via) && (c.Dev == "" || r.Dev == c.Dev) {
			return say.Quote(r.Line()), !c.Absent, nil
		}
	}
	return None(c.Dst), c.Absent, nil
}

// NoRoutes claims that the main table is empty.
type NoRoutes struct{ Netns string }

func (c NoRoutes) Promised(*lab.Lab) say.Text { return About(c.Netns, "ip route", empty) }

func (c NoRoutes) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	routes := snap.MainRoutes(4)
	if len(routes) == 0 {
		return empty, true, nil
	}
	return say.Quote(routes[0].Line()), false, nil
}

// What a NeighIs may claim of an entry's state.
var (
	Resolved   = []string{"REACHABLE", "STALE", "DELAY", "PROBE"}
	Unresolved = []string{"INCOMPLETE", "FAILED"}
	Permanent  = []string{"PERMANENT"}
)

// NeighIs claims that the neighbour table has an entry in one of the States,
// with the MAC address of a device if MACOf is given, or that it has none.
type NeighIs struct {
	Netns, Dst, Dev string
	States          []string
	MACOf           steps.Dev
	Absent          bool
}

func (c NeighIs) Promised(l *lab.Lab) say.Text {
	if c.Absent {
		return About(c.Netns, "ip neigh", None(c.Dst))
	}
	line := c.Dst + " dev " + c.Dev
	if c.MACOf != (steps.Dev{}) {
		line += " lladdr " + MACText(l, c.MACOf)
	}
	return About(c.Netns, "ip neigh", say.Quote(line+" "+strings.Join(c.States, "|")))
}

// MACText is the MAC address of a device as text, or how the device is called where it
// cannot be had.
func MACText(l *lab.Lab, d steps.Dev) string {
	return fmt.Sprintf("%s (%s)", steps.MACOf(l, d), d.Name)
}

func (c NeighIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	n, ok := snap.Neighbour(netip.MustParseAddr(c.Dst), c.Dev)
	if !ok {
		return None(c.Dst), c.Absent, nil
	}
	if c.Absent {
		return say.Quote(n.Line()), false, nil
	}
	holds := slices.Contains(c.States, n.State)
	if c.MACOf != (steps.Dev{}) {
		holds = holds && n.MAC.String() == steps.MACOf(l, c.MACOf).String()
	}
	return say.Quote(n.Line()), holds, nil
}

// LinkIs claims that a device is there, with and without certain flags, or
// that it is not there.
type LinkIs struct {
	Netns, Name string
	Has, Lacks  []string // in ip's spelling: UP, LOWER_UP, NO-CARRIER…
	Peer        string   // the namespace of the other end
	Absent      bool
}

func (c LinkIs) Promised(*lab.Lab) say.Text {
	if c.Absent {
		return About(c.Netns, "ip link", None(c.Name))
	}
	line := say.Quote(c.Name)
	if len(c.Has) > 0 {
		line = say.T("%s <%s>", "%s <%s>", line, strings.Join(c.Has, ","))
	}
	for _, flag := range c.Lacks {
		line = say.T("%s not %s", "%s，没有 %s", line, flag)
	}
	if c.Peer != "" {
		line = say.T("%s %s", "%s %s", line, "link-netns "+c.Peer)
	}
	return About(c.Netns, "ip link", line)
}

func (c LinkIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	link, ok := snap.Link(c.Name)
	if !ok {
		return say.Quote(fmt.Sprintf("Device %q does not exist.", c.Name)), c.Absent, nil
	}
	line := link.Line()
	if link.PeerNetns != "" {
		line += " link-netns " + link.PeerNetns
	}
	holds := !c.Absent && (c.Peer == "" || link.PeerNetns == c.Peer)
	for _, flag := range c.Has {
		holds = holds && link.Has(flag)
	}
	for _, flag := range c.Lacks {
		holds = holds && !link.Has(flag)
	}
	return say.Quote(line), holds, nil
}

// OnlyLoopback claims that lo, which is down, is the only device but those that
// the kernel puts into every namespace (table.Link.Fallback).
type OnlyLoopback struct{ Netns string }

func (c OnlyLoopback) Promised(*lab.Lab) say.Text {
	return About(c.Netns, "ip link", say.T("only lo, state DOWN", "只有 lo，state DOWN"))
}

func (c OnlyLoopback) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	names := make([]string, len(snap.Links))
	only := true
	for i, link := range snap.Links {
		names[i] = link.Name + " " + link.State
		only = only && (link.Fallback() || link.Name == "lo" && link.State == "DOWN")
	}
	return say.List(names...), only && len(names) > 0, nil
}

// AddrIs claims that a device has an IPv4 address, or has none at all.
type AddrIs struct {
	Netns, Dev string
	Addr       string // empty: no address
}

func (c AddrIs) Promised(*lab.Lab) say.Text {
	if c.Addr == "" {
		return About(c.Netns, "ip addr", say.T("%s has no inet", "%s 没有 inet 地址", c.Dev))
	}
	return About(c.Netns, "ip addr", say.Quote(c.Dev+" inet "+c.Addr))
}

func (c AddrIs) Look(ctx context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	snap, err := Snapshot(ctx, l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	var addrs []string
	for _, a := range snap.AddrsOn(c.Dev) {
		if a.Family() == 4 {
			addrs = append(addrs, a.Prefix.String())
		}
	}
	seen := say.Quote(c.Dev + " " + strings.Join(addrs, " "))
	if c.Addr == "" {
		return seen, len(addrs) == 0, nil
	}
	return seen, slices.Contains(addrs, c.Addr), nil
}

// SysctlIs claims the value of a kernel setting.
type SysctlIs struct{ Netns, Key, Value string }

func (c SysctlIs) Promised(*lab.Lab) say.Text {
	return About(c.Netns, "sysctl", say.Quote(c.Key+" = "+c.Value))
}

func (c SysctlIs) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	value, err := ns.ReadSysctl(table.SysctlPath(c.Key))
	return say.Quote(c.Key + " = " + value), value == c.Value, err
}

// RouteGet claims which way the kernel would send a packet to Dst: the
// question that `ip route get` asks.
type RouteGet struct{ Netns, Dst, Via, Dev string }

func (c RouteGet) Promised(*lab.Lab) say.Text {
	line := c.Dst
	if c.Via != "" {
		line += " via " + c.Via
	}
	return About(c.Netns, "ip route get", say.Quote(line+" dev "+c.Dev))
}

func (c RouteGet) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	_, h, err := change.Open(l, c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	routes, err := h.RouteGet(net.ParseIP(c.Dst))
	if err != nil {
		return say.Quote("RTNETLINK answers: " + err.Error()), false, nil
	}
	r := routes[0]
	link, err := h.LinkByIndex(r.LinkIndex)
	if err != nil {
		return say.Text{}, false, err
	}
	via, seen := "", c.Dst
	if r.Gw != nil {
		via = r.Gw.String()
		seen += " via " + via
	}
	return say.Quote(seen + " dev " + link.Attrs().Name), via == c.Via && link.Attrs().Name == c.Dev, nil
}
