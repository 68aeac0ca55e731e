package verify

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/internal/replica"
)

// mostSpaces bounds the namespaces that are copied besides those on the path: a
// bridge of a node may lead to a thousand pods.
const mostSpaces = 6

// copies are the namespaces to copy, and what each is called in the copy.
type copies struct {
	spaces []*machine.Space
	names  []string
	left   int // namespaces that the wires lead to, and that are not copied
}

// choose picks the namespaces on the path, those that the fix is for, and then
// others that the packet's wires lead to.
func choose(world *machine.Machine, from *machine.Space, a explain.Answer) (c copies) {
	opened := world.Opened()
	needed := []string{a.Cause.Netns}
	for _, command := range a.Fix {
		needed = append(needed, command.Netns)
	}
	c.add(from)
	for _, h := range a.Hops {
		if h.Space != nil {
			c.add(h.Space)
		}
	}
	for _, n := range opened {
		if slices.Contains(needed, n.Name) {
			c.add(n)
		}
	}
	c.addWay(world, a)
	c.addWired(opened)
	return c
}

// mostVisited bounds the namespaces that are looked at on the way from the destination.
const mostVisited = 16

// addWay adds the namespaces between what is copied and the destination, where the engine
// has not come to it: after the fix the packet gets there.
func (c *copies) addWay(world *machine.Machine, a explain.Answer) {
	dest, err := netip.ParseAddr(a.Destination)
	owns := func(n *machine.Space) bool { return n.Local(dest) }
	if err != nil || dest.Zone() != "" || a.Beyond != "" || slices.ContainsFunc(c.spaces, owns) {
		return
	}
	all := world.All()
	var queue []*machine.Space
	from := map[*machine.Space]*machine.Space{} // by whom each was come to
	for _, n := range all {
		if owns(n) {
			from[n] = nil
			queue = append(queue, n)
		}
	}
	for ; len(queue) > 0 && len(from) < mostVisited; queue = queue[1:] {
		ids, err := queue[0].Numbers(all)
		if err != nil {
			continue
		}
		for j, id := range ids {
			if _, been := from[all[j]]; id < 0 || been {
				continue
			}
			from[all[j]] = queue[0]
			if !slices.Contains(c.spaces, all[j]) {
				queue = append(queue, all[j])
				continue
			}
			for n := queue[0]; n != nil; n = from[n] {
				c.add(n)
			}
			return
		}
	}
}

// addWired adds namespaces that share a wire with one that is copied: who may have
// heard an ARP request, or answer it.
func (c *copies) addWired(opened []*machine.Space) {
	most := len(c.spaces) + mostSpaces
	left := map[*machine.Space]bool{}
	for i := 0; i < len(c.spaces); i++ { // more come to them meanwhile
		ids, err := c.spaces[i].Numbers(opened)
		if err != nil {
			continue
		}
		for j, id := range ids {
			switch {
			case id < 0 || slices.Contains(c.spaces, opened[j]):
			case len(c.spaces) < most:
				c.add(opened[j])
			default:
				left[opened[j]] = true
			}
		}
	}
	c.left = len(left)
}

// add adds a namespace under a name that `ip netns` would take: what is called by
// a process or a path gets one.
func (c *copies) add(n *machine.Space) {
	if slices.Contains(c.spaces, n) {
		return
	}
	name := n.Name
	if strings.HasPrefix(name, "pid:") || strings.ContainsRune(name, '/') {
		name = fmt.Sprintf("copy-%d", len(c.spaces))
	}
	for name != "" && slices.Contains(c.names, name) {
		name += "'"
	}
	c.spaces, c.names = append(c.spaces, n), append(c.names, name)
}

// called is what the copy of a namespace is called, by what commands call that.
func (c copies) called(netns string) string {
	for i, n := range c.spaces {
		if n.Name == netns {
			return c.names[i]
		}
	}
	return netns
}

// recall asks for the routes to both ends: of what a kernel has learned of paths it tells
// that alone which somebody has used since (fnhe_dump_bucket()).
func (c copies) recall(a explain.Answer) {
	for _, end := range []string{a.Destination, a.Source} {
		addr, err := netip.ParseAddr(end)
		if err != nil {
			continue
		}
		for _, n := range c.spaces {
			n.Route(machine.RouteQuery{Dst: addr})
		}
	}
}

func (c copies) read(ctx context.Context) (replica.Network, error) {
	var sources []replica.Source
	for i, n := range c.spaces {
		sources = append(sources, replica.Source{Name: c.names[i], NS: n.NS})
	}
	return replica.Read(ctx, sources)
}

// mostWires is how many wires to what is not copied have somebody at their other end. A
// node may have a thousand, and each takes as long to make as a namespace's rules.
const mostWires = 8

// shorten leaves those wires alone by which nothing of the flow passes, where there are
// many: that have no part in the path, are in no command, and lead to none of its ends.
func (c copies) shorten(network replica.Network, a explain.Answer) {
	var named, ends []string
	for _, h := range a.Hops {
		named = append(named, h.Device)
	}
	for _, command := range a.Fix {
		named = append(named, command.Argv...)
	}
	for _, end := range append([]string{a.Source, a.Destination, a.Flow.SeenFrom, a.Flow.Translated}, backendsOf(a)...) {
		if at, err := netip.ParseAddrPort(end); err == nil {
			end = at.Addr().String()
		}
		ends = append(ends, end)
	}
	for i, s := range network.Spaces {
		left := mostWires
		known := s.Known()
		for j, l := range s.Links {
			switch {
			case !l.Leads():
			case left > 0:
				left--
			case slices.Contains(named, l.Name):
			case slices.ContainsFunc(known[l.Index], func(addr netip.Addr) bool { return slices.Contains(ends, addr.String()) }):
			default:
				network.Spaces[i].Links[j].Alone = true
			}
		}
	}
}

// witness notes on the wires to what is not copied which answers were seen to come in by
// them: whoever is there knows the way back, whether or not that is to be expected of him.
func (c copies) witness(network replica.Network, a explain.Answer) {
	for _, h := range a.Hops {
		i := slices.Index(c.spaces, h.Space)
		if s := h.Sighting; i < 0 || s == nil || s.Out || s.Carrier != (hop.Endpoints{}) || h.Leg != flows.LegReply || h.Observed != hop.OK {
			continue
		}
		links := network.Spaces[i].Links
		if j := slices.IndexFunc(links, func(l replica.Link) bool { return l.Name == h.Device }); j >= 0 {
			links[j].Answered = append(links[j].Answered, replica.Answer{By: h.Sighting.Flow.Src, To: h.Sighting.Flow.Dst})
		}
	}
}

func backendsOf(a explain.Answer) (all []string) {
	for _, b := range a.Backends {
		all = append(all, b.Address)
	}
	return all
}

// mostFlows bounds the other flows that are judged.
const mostFlows = 64

// others are flows between the namespaces: from each a ping to every address of the
// others, a connection or a datagram to each port there on which somebody listens,
// and to where the asked one goes.
func (c copies) others(asked flow, network replica.Network) []flow {
	addrs := make([][]netip.Addr, len(c.spaces))
	for i, s := range network.Spaces {
		for _, a := range s.Addresses() {
			if !slices.Contains(addrs[i], a) {
				addrs[i] = append(addrs[i], a)
			}
		}
		// Those of the packet's own family are what its fix is most about.
		slices.SortStableFunc(addrs[i], func(a, b netip.Addr) int {
			return cmp.Compare(differs(a, asked.Dest), differs(b, asked.Dest))
		})
	}
	var all []flow
	add := func(i int, f flow) {
		f.From = c.names[i]
		if f != asked && !slices.Contains(addrs[i], f.Dest) && !slices.Contains(all, f) && len(all) < mostFlows {
			all = append(all, f)
		}
	}
	for i := range c.spaces {
		add(i, flow{Dest: asked.Dest, Proto: asked.Proto, Port: asked.Port})
	}
	// The first addresses, and ports, of all come before the second ones of any.
	for round, more := 0, true; more && len(all) < mostFlows; round++ {
		more = false
		for i := range c.spaces {
			for j := range c.spaces {
				if i == j {
					continue
				}
				if round < len(addrs[j]) {
					more = true
					add(i, flow{Dest: addrs[j][round]})
				}
				if listeners := network.Spaces[j].Listeners; round < len(listeners) {
					more = true
					if to, ok := reachable(listeners[round], addrs[j]); ok {
						add(i, to)
					}
				}
			}
		}
	}
	return all
}

// differs is 1 for addresses of two families, 0 for those of one.
func differs(a, b netip.Addr) int {
	if a.Is6() == b.Is6() {
		return 0
	}
	return 1
}

// reachable is a flow to who listens, at the first address where others can get to.
func reachable(l replica.Listener, addrs []netip.Addr) (f flow, ok bool) {
	f = flow{Dest: l.At.Addr(), Proto: unix.IPPROTO_TCP, Port: l.At.Port()}
	if l.Proto == "udp" {
		f.Proto = unix.IPPROTO_UDP
	}
	if f.Dest.IsUnspecified() {
		i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return a.Is6() == f.Dest.Is6() })
		if i < 0 {
			return f, false
		}
		f.Dest = addrs[i]
	}
	return f, !f.Dest.IsLoopback() && !f.Dest.IsUnspecified()
}
