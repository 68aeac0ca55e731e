package steps

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
)

// snapshot reads one namespace for a claim.
func snapshot(ctx context.Context, l *lab.Lab, netns string) (*table.Snapshot, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return table.Read(ctx, ns, table.ReadOptions{Names: l.Namespaces()})
}

// RouteIs claims that the main table has a route, or no route, to Dst. Via and
// Dev count when they are given.
type RouteIs struct {
	Netns, Dst, Via, Dev string
	Absent               bool
}

func (c RouteIs) Promised(*lab.Lab) string {
	if c.Absent {
		return fmt.Sprintf("%s ip route: no %s", c.Netns, c.Dst)
	}
	line := c.Dst
	if c.Via != "" {
		line += " via " + c.Via
	}
	if c.Dev != "" {
		line += " dev " + c.Dev
	}
	return fmt.Sprintf("%s ip route: %s", c.Netns, line)
}

func (c RouteIs) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	want, err := netip.ParsePrefix(canonical(c.Dst))
	if err != nil {
		return "", false, err
	}
	for _, r := range snap.MainRoutes(4) {
		same := r.Dst == want
		if same && (c.Via == "" || r.Via.String() == c.Via) && (c.Dev == "" || r.Dev == c.Dev) {
			return r.Line(), !c.Absent, nil
		}
	}
	return "no " + c.Dst, c.Absent, nil
}

// NoRoutes claims that the main table is empty.
type NoRoutes struct{ Netns string }

func (c NoRoutes) Promised(*lab.Lab) string { return c.Netns + " ip route: empty" }

func (c NoRoutes) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	routes := snap.MainRoutes(4)
	if len(routes) == 0 {
		return "empty", true, nil
	}
	return routes[0].Line(), false, nil
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
	MACOf           Dev
	Absent          bool
}

func (c NeighIs) Promised(l *lab.Lab) string {
	if c.Absent {
		return fmt.Sprintf("%s ip neigh: no %s", c.Netns, c.Dst)
	}
	line := c.Dst + " dev " + c.Dev
	if c.MACOf != (Dev{}) {
		line += " lladdr " + macText(l, c.MACOf)
	}
	return fmt.Sprintf("%s ip neigh: %s %s", c.Netns, line, strings.Join(c.States, "|"))
}

func macText(l *lab.Lab, d Dev) string {
	return fmt.Sprintf("%s (%s)", macOf(l, d), d.Name)
}

func (c NeighIs) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	n, ok := snap.Neighbour(netip.MustParseAddr(c.Dst), c.Dev)
	if !ok {
		return "no " + c.Dst, c.Absent, nil
	}
	if c.Absent {
		return n.Line(), false, nil
	}
	holds := slices.Contains(c.States, n.State)
	if c.MACOf != (Dev{}) {
		holds = holds && n.MAC.String() == macOf(l, c.MACOf).String()
	}
	return n.Line(), holds, nil
}

// LinkIs claims that a device is there, with and without certain flags, or
// that it is not there.
type LinkIs struct {
	Netns, Name string
	Has, Lacks  []string // in ip's spelling: UP, LOWER_UP, NO-CARRIER…
	Peer        string   // the namespace of the other end
	Absent      bool
}

func (c LinkIs) Promised(*lab.Lab) string {
	if c.Absent {
		return fmt.Sprintf("%s ip link: no %s", c.Netns, c.Name)
	}
	words := []string{c.Name}
	if len(c.Has) > 0 {
		words = append(words, "<"+strings.Join(c.Has, ",")+">")
	}
	for _, flag := range c.Lacks {
		words = append(words, "not "+flag)
	}
	if c.Peer != "" {
		words = append(words, "link-netns "+c.Peer)
	}
	return fmt.Sprintf("%s ip link: %s", c.Netns, strings.Join(words, " "))
}

func (c LinkIs) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	link, ok := snap.Link(c.Name)
	if !ok {
		return fmt.Sprintf("Device %q does not exist.", c.Name), c.Absent, nil
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
	return line, holds, nil
}

// OnlyLoopback claims that lo, which is down, is the only device but those that
// the kernel puts into every namespace (table.Link.Fallback).
type OnlyLoopback struct{ Netns string }

func (c OnlyLoopback) Promised(*lab.Lab) string {
	return c.Netns + " ip link: only lo, state DOWN"
}

func (c OnlyLoopback) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	names := make([]string, len(snap.Links))
	only := true
	for i, link := range snap.Links {
		names[i] = link.Name + " " + link.State
		only = only && (link.Fallback() || link.Name == "lo" && link.State == "DOWN")
	}
	return strings.Join(names, ", "), only && len(names) > 0, nil
}

// AddrIs claims that a device has an IPv4 address, or has none at all.
type AddrIs struct {
	Netns, Dev string
	Addr       string // empty: no address
}

func (c AddrIs) Promised(*lab.Lab) string {
	if c.Addr == "" {
		return fmt.Sprintf("%s ip addr: %s has no inet", c.Netns, c.Dev)
	}
	return fmt.Sprintf("%s ip addr: %s inet %s", c.Netns, c.Dev, c.Addr)
}

func (c AddrIs) Look(ctx context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	snap, err := snapshot(ctx, l, c.Netns)
	if err != nil {
		return "", false, err
	}
	var addrs []string
	for _, a := range snap.AddrsOn(c.Dev) {
		if a.Family() == 4 {
			addrs = append(addrs, a.Prefix.String())
		}
	}
	seen := c.Dev + " " + strings.Join(addrs, " ")
	if c.Addr == "" {
		return seen, len(addrs) == 0, nil
	}
	return seen, slices.Contains(addrs, c.Addr), nil
}

// SysctlIs claims the value of a kernel setting.
type SysctlIs struct{ Netns, Key, Value string }

func (c SysctlIs) Promised(*lab.Lab) string {
	return fmt.Sprintf("%s sysctl: %s = %s", c.Netns, c.Key, c.Value)
}

func (c SysctlIs) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return "", false, err
	}
	value, err := ns.ReadSysctl(table.SysctlPath(c.Key))
	return c.Key + " = " + value, value == c.Value, err
}

// RouteGet claims which way the kernel would send a packet to Dst: the
// question that `ip route get` asks.
type RouteGet struct{ Netns, Dst, Via, Dev string }

func (c RouteGet) Promised(*lab.Lab) string {
	line := c.Dst
	if c.Via != "" {
		line += " via " + c.Via
	}
	return fmt.Sprintf("%s ip route get: %s dev %s", c.Netns, line, c.Dev)
}

func (c RouteGet) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	_, h, err := change.Open(l, c.Netns)
	if err != nil {
		return "", false, err
	}
	routes, err := h.RouteGet(net.ParseIP(c.Dst))
	if err != nil {
		return "RTNETLINK answers: " + err.Error(), false, nil
	}
	r := routes[0]
	link, err := h.LinkByIndex(r.LinkIndex)
	if err != nil {
		return "", false, err
	}
	via, seen := "", c.Dst
	if r.Gw != nil {
		via = r.Gw.String()
		seen += " via " + via
	}
	return seen + " dev " + link.Attrs().Name, via == c.Via && link.Attrs().Name == c.Dev, nil
}
