package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
)

// spot is a place where the network can be broken, and how.
type spot struct {
	kind, name string
	commands   []command
	before     func() // changes the network before it is built
	codes      []cause.Code
	at         []string // where the cause may be said to be; none: anywhere
	// deep faults take more with them than one fix can bring back, such as the
	// routes of a device that is set down.
	deep bool
}

// breakIt chooses the faults: none, one or two.
func (n *network) breakIt() {
	count := pick(n, 0, 1, 1, 1, 1, 1, 2, 2, 3)
	byKind := map[string][]spot{}
	var kinds []string
	for _, find := range faults {
		for _, s := range find(n) {
			if byKind[s.kind] == nil {
				kinds = append(kinds, s.kind)
			}
			byKind[s.kind] = append(byKind[s.kind], s)
		}
	}
	for range count {
		i := n.IntN(len(kinds))
		s := pick(n, byKind[kinds[i]]...)
		kinds = slices.Delete(kinds, i, i+1)
		if s.before != nil {
			s.before()
		}
		if s.codes != nil && strings.Contains(s.name, ": detour ") { // that nothing should come this way is as true
			s.codes, s.at = append(slices.Clone(s.codes), cause.NoReturnRoute), nil
		}
		n.broken = append(n.broken, s)
	}
}

// deep tells whether one of the faults is.
func (n *network) deep() bool {
	return slices.ContainsFunc(n.broken, func(s spot) bool { return s.deep })
}

// faults are all the ways to break a network.
var faults = []func(*network) []spot{
	linkDown, forwardingOff, routeMissing, routeRejects, routeElsewhere, routeLoop, wrongNeighbour,
	addressGone, wrongNetmask, sysctls, proxyOff, filters, policies, foreignChains, ends,
	bridgePorts, tunnels, duplicate, wrongGateway, policyRules, smallMTU, otherMAC, bridgeTricks, moreNft, services,
	moreIptables, otherLayers,
}

func (n *network) passes(ns string) bool { return slices.Contains(n.way, ns) }

// wayEnds are the devices on the way.
func (n *network) wayEnds() (ends []end) {
	for _, c := range n.cables {
		if n.passes(c.a.ns) && n.passes(c.b.ns) {
			ends = append(ends, c.a, c.b)
		}
	}
	return ends
}

// other is what the other end of a device's cable is.
func (n *network) other(e end) end {
	for _, c := range n.cables {
		switch e {
		case c.a:
			return c.b
		case c.b:
			return c.a
		}
	}
	return end{}
}

// What may be said of a way that is no longer there.
var lostWay = []cause.Code{
	cause.LinkDown, cause.NoCarrier, cause.NoRoute, cause.NoReturnRoute, cause.ProxyARPNoRoute,
	cause.DestinationAbsent, cause.NeighbourUnanswered, cause.NoAddress, cause.NotMasqueraded,
	cause.RouteLoop, cause.RPFilter, "wrong-netmask",
}

func linkDown(n *network) (spots []spot) {
	for _, e := range n.wayEnds() {
		spots = append(spots, spot{
			kind: "link down", name: "link down: " + e.ns + " " + e.dev, deep: true, codes: lostWay,
			commands: []command{{e.ns, "ip link set " + e.dev + " down"}},
		})
	}
	return spots
}

func forwardingOff(n *network) (spots []spot) {
	add := func(ns, key string) {
		codes := []cause.Code{cause.ForwardingOff, cause.ProxyARPNeedsForwarding}
		spots = append(spots, spot{
			kind: "forwarding off", name: "forwarding off: " + ns + " " + key, codes: codes, at: []string{ns},
			deep:     key == "ip_forward", // it is several devices that forward no more
			commands: []command{{ns, "sysctl -qw net.ipv4." + key + "=0"}},
		})
	}
	for _, ns := range n.way {
		if slices.Contains(n.setup[ns], "sysctl -qw net.ipv4.ip_forward=1") {
			add(ns, "ip_forward")
		}
	}
	for _, e := range n.wayEnds() {
		if slices.Contains(n.setup[e.ns], "sysctl -qw net.ipv4.ip_forward=1") {
			add(e.ns, "conf."+key(e.dev)+".forwarding")
		}
	}
	return spots
}

// needed are the routes that the ping and its reply need, and for which of the
// addresses.
func (n *network) needed(see func(p path, a netip.Addr)) {
	targets := []netip.Addr{n.real, n.source}
	if n.tunnel != "" {
		targets = append(targets, n.ends[0].addr, n.ends[1].addr)
	}
	for _, p := range n.routes {
		if !n.passes(p.ns) {
			continue
		}
		for _, a := range targets {
			if a.IsValid() && p.dst.Contains(a) {
				see(p, a)
				break
			}
		}
	}
}

func routeMissing(n *network) (spots []spot) {
	n.needed(func(p path, _ netip.Addr) {
		rest := strings.TrimSuffix(p.rest, " onlink")
		spots = append(spots, spot{
			kind: "route missing", name: "route missing: " + p.ns + " " + p.dst.String(), codes: lostWay,
			commands: []command{{p.ns, fmt.Sprintf("ip route del %s %s", p.dst, rest)}},
		})
	})
	return spots
}

func routeRejects(n *network) (spots []spot) {
	n.needed(func(p path, a netip.Addr) {
		for _, code := range []cause.Code{cause.RouteBlackhole, cause.RouteUnreachable, cause.RouteProhibit} {
			kind := strings.TrimPrefix(string(code), "route-")
			dst := pick(n, single(a), netip.PrefixFrom(a, 28).Masked())
			verb := "add"
			if slices.ContainsFunc(n.routes, func(other path) bool { return other.ns == p.ns && other.dst == dst }) {
				verb = "replace"
			}
			spots = append(spots, spot{
				kind: "route " + kind, name: fmt.Sprintf("route rejects: %s %s %s", p.ns, kind, dst), deep: verb == "replace",
				codes:    []cause.Code{code, cause.NoReturnRoute, cause.ProxyARPNoRoute, cause.RPFilter, cause.NoRoute}, // of one of two next hops
				commands: []command{{p.ns, fmt.Sprintf("ip route %s %s %s", verb, kind, dst)}},
			})
		}
	})
	return spots
}

// routeElsewhere leads a pod's host route into another pod's veth.
func routeElsewhere(n *network) (spots []spot) {
	for _, s := range n.nodes {
		if s.style == "bridge" || !n.passes(s.ns) {
			continue
		}
		for i, p := range s.pods {
			if !n.passes(p.ns) {
				continue
			}
			wrong := s.pods[(i+1)%len(s.pods)]
			spots = append(spots, spot{
				kind: "route elsewhere", name: "route elsewhere: " + p.ns + " by " + wrong.veth, deep: true, codes: lostWay,
				commands: []command{{s.ns, fmt.Sprintf("ip route replace %s dev %s", p.addr, wrong.veth)}},
			})
		}
	}
	return spots
}

func routeLoop(n *network) (spots []spot) {
	for i := 1; i+1 < len(n.row)-1; i++ {
		back := n.rowLine[i]
		spots = append(spots, spot{
			kind: "route loop", name: "route loop: " + n.row[i+1], codes: []cause.Code{cause.RouteLoop, cause.RPFilter, cause.NoRoute},
			commands: []command{{n.row[i+1], fmt.Sprintf("ip route replace %s via %s dev %s", n.real, back.leftAddr, back.right.dev)}},
		})
	}
	return spots
}

// nexthops are the addresses that are asked for on the way, and by whom.
func (n *network) nexthops(see func(ns, dev string, a netip.Addr)) {
	for _, s := range n.nodes {
		for _, p := range s.pods {
			if !n.passes(p.ns) || !n.passes(s.ns) && s.style != "bridge" {
				continue
			}
			see(p.ns, p.dev, s.gateway)
			dev := p.veth
			if s.style == "bridge" {
				dev = s.bridge
			}
			see(s.ns, dev, p.addr)
		}
	}
	for _, s := range n.rowLine {
		see(s.left.ns, s.left.dev, s.rightAddr)
		see(s.right.ns, s.right.dev, s.leftAddr)
	}
	for _, r := range n.remotes {
		if r.flannel && n.passes(r.at.ns) && n.passes(r.of.ns) {
			see(r.at.ns, n.tunnel, r.addr)
		}
	}
}

func wrongNeighbour(n *network) (spots []spot) {
	n.nexthops(func(ns, dev string, a netip.Addr) {
		spots = append(spots, spot{
			kind: "wrong neighbour", name: fmt.Sprintf("wrong neighbour: %s %s", ns, a), deep: true,
			codes: []cause.Code{cause.NeighbourWrongMAC}, at: []string{ns},
			commands: []command{{ns, fmt.Sprintf("ip neigh replace %s lladdr 02:de:ad:00:00:01 dev %s nud permanent", a, dev)}},
		})
	})
	return spots
}
