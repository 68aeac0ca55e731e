package fabric

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// WayOut is a device of a namespace that leads to somewhere.
type WayOut struct {
	Dev    table.Link
	Via    netip.Addr // invalid: the destination is on the wire
	Onlink bool       // no route of the device's leads to Via
	Far    Station
}

// To is the way as the first route that a namespace has to an address.
func (o WayOut) To(n *machine.Space, dst netip.Addr) remedy.Way {
	if t := o.Dev.Tunnel; t != nil && !t.Remote.IsValid() && !o.Via.IsValid() {
		return o.overTunnel(n, dst)
	}
	far := o.Via.IsValid() && !machine.NextHopBy(n, o.Dev, o.Via)
	return remedy.Way{Netns: n.Name, Dst: dst, Dev: o.Dev.Name, Via: o.Via, Onlink: o.Onlink || far}
}

// overTunnel is the way by a tunnel without a remote, which sends to the next hop of the
// route: as other routes by it have that, where it is one alone.
func (o WayOut) overTunnel(n *machine.Space, dst netip.Addr) (way remedy.Way) {
	snap, err := n.Snapshot(table.Routes)
	if err != nil {
		return remedy.Way{}
	}
	for _, r := range snap.Routes {
		if r.Dev != o.Dev.Name || !r.Via.IsValid() || o.Far.Space != nil && !o.Far.Space.Local(r.Via) {
			continue
		}
		if way.Via.IsValid() && way.Via != r.Via {
			return remedy.Way{}
		}
		way = remedy.Way{Netns: n.Name, Dst: dst, Dev: o.Dev.Name, Via: r.Via, Onlink: r.Onlink}
	}
	return way
}

// InsteadTo is the way as the route to an address, whether there is one or not.
func (o WayOut) InsteadTo(n *machine.Space, dst netip.Addr) remedy.Way {
	way := o.To(n, dst)
	way.Replace = machine.HasHostRoute(n, dst)
	return way
}

// Route is the way as an answer of the kernel, once it is there.
func (o WayOut) Route(src netip.Addr) machine.RouteAnswer {
	return machine.RouteAnswer{Kind: machine.KindUnicast, Via: o.Via, Dev: o.Dev.Index, DevName: o.Dev.Name, Src: src, MTU: o.Dev.MTU}
}

// Turn is what turns what goes from n to dst out by the way, and no longer by now:
// by taking away what is astray where that is enough, else in the table that the
// kernel really asks.
func (o WayOut) Turn(n *machine.Space, dst netip.Addr, now machine.RouteAnswer) remedy.Turn {
	snap, err := n.Snapshot(table.Links | table.Routes | table.PolicyRules)
	if err != nil {
		return remedy.Turn{Way: o.To(n, dst)}
	}
	in := now.Entry.Table
	if now.Entry.Type == "" || in == machine.MainTable || in == machine.LocalTable {
		if now.Entry.Proto == "kernel" { // it belongs to an address, and others of its network need it
			return remedy.Turn{Way: o.InsteadTo(n, dst)}
		}
		if rest, ok := machine.BestRoute(snap, dst, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) }); ok && o.Is(rest) && machine.PrefixBits(rest.Dst) > 0 && machine.PrefixBits(rest.Dst) < machine.PrefixBits(now.Entry.Dst) {
			return remedy.Turn{Way: o.To(n, dst), Stray: now.Entry}
		}
		return remedy.Turn{Way: o.InsteadTo(n, dst)}
	}
	if rest, ok := machine.BestRoute(snap, dst, nil); ok && o.Is(rest) {
		for _, rule := range snap.PolicyRules {
			if rule.Family == 4 && rule.Table == in && rule.Action == "lookup" {
				to := rest.Dst
				if machine.PrefixBits(to) == 0 {
					to = netip.PrefixFrom(dst, dst.BitLen())
				}
				return remedy.Turn{Way: o.To(n, dst), To: to, Before: rule.Priority}
			}
		}
	}
	instead := o.To(n, dst)
	instead.Replace, instead.Table = true, now.Entry.Table
	return remedy.Turn{Way: instead}
}

// Back is what has n reach src by the device, where a packet from there to own comes in by
// it, as fib_validate_source() asks: from own. found is false where a way would have to be
// made up; else a route or a rule is in the way of one that is there.
func (o WayOut) Back(n *machine.Space, src, own netip.Addr) (t remedy.Turn, now machine.RouteAnswer, found bool) {
	q := machine.RouteQuery{Dst: src}
	if n.Local(own) {
		q.Src = own
	}
	now = n.Route(q)
	snap, err := n.Snapshot(table.Links | table.Routes)
	rest, ok := machine.BestRoute(snap, src, func(r table.Route) bool { return machine.SameRoute(r, now.Entry) })
	if err != nil || !ok || rest.Dev != o.Dev.Name || !now.Kind.Rejects() {
		t = o.Turn(n, src, now)
		return t, now, t.Stray.Type != ""
	}
	past := WayOut{Dev: o.Dev, Via: rest.Via, Onlink: rest.Onlink}.To(n, src)
	switch {
	case now.Rule.Action != "":
		return remedy.Turn{Way: past, To: netip.PrefixFrom(src, src.BitLen()), Before: now.Rule.Priority}, now, true
	case now.Entry.Dst.IsSingleIP():
		return remedy.Turn{Way: past, Stray: now.Entry}, now, true
	}
	past.Table = now.Entry.Table
	return remedy.Turn{Way: past}, now, true
}

// ForSource has a namespace send by the way what is from src, an address of its device, where the
// main table's default route leads out of another one: two ways out want a table each. It is
// the zero value where it is not that.
func (o WayOut) ForSource(n *machine.Space, src netip.Addr, now machine.RouteAnswer) remedy.Origin {
	snap, err := n.Snapshot(table.Addrs | table.Routes | table.PolicyRules)
	own := func(a table.Addr) bool { return a.Dev == o.Dev.Name && a.Prefix.Addr() == src }
	if err != nil || !o.Via.IsValid() || o.Dev.Name == now.DevName || now.Entry.Table != machine.MainTable || !now.Entry.Default() || !slices.ContainsFunc(snap.Addrs, own) {
		return remedy.Origin{}
	}
	way := o.To(n, netip.Addr{})
	way.Table = freeTable(snap)
	return remedy.Origin{Src: src, Way: way}
}

// ForNeighbours has a namespace send by the device what is from own, an address of it, to the
// network that peer is in with it: two devices on one wire want a table each. It is the zero
// value where there is no such network.
func (o WayOut) ForNeighbours(n *machine.Space, own, peer netip.Addr) remedy.Origin {
	snap, err := n.Snapshot(table.Addrs | table.Routes | table.PolicyRules)
	if err != nil {
		return remedy.Origin{}
	}
	for _, a := range snap.Addrs {
		if a.Dev == o.Dev.Name && a.Prefix.Addr() == own && a.Prefix.Contains(peer) {
			return remedy.Origin{Src: own, Way: remedy.Way{Netns: n.Name, Dev: o.Dev.Name, Net: a.Prefix.Masked(), Table: freeTable(snap)}}
		}
	}
	return remedy.Origin{}
}

// freeTable is a number of a table that no route is in and no policy rule has asked.
func freeTable(snap *table.Snapshot) int {
	const first = 100 // those below are taken by habit
	taken := map[int]bool{}
	for _, r := range snap.Routes {
		taken[r.Table] = true
	}
	for _, r := range snap.PolicyRules {
		taken[r.Table] = true
	}
	number := first
	for taken[number] {
		number++
	}
	return number
}

// Is reports whether a route leads by the way.
func (o WayOut) Is(r table.Route) bool { return r.Dev == o.Dev.Name && r.Via == o.Via }

// AskerElsewhere is the finding of a namespace that answers nobody for rp_filter, with the
// way back to who asks by a device.
func AskerElsewhere(n *machine.Space, dev table.Link, sender netip.Addr, hop cause.NextHop, answer machine.ARPAnswer) cause.AskerElsewhere {
	back, now, found := WayOut{Dev: dev}.Back(n, sender, hop.Addr)
	f := cause.OtherWayBack{At: cause.At(n.Name), Src: sender, Dev: dev.Name, Lookup: answer.Evidence, Back: now.DevName}
	if f.Loose = !found && LooseEnough(n, dev, hop.Addr, now); !f.Loose {
		f.Stray = back
	}
	return cause.AskerElsewhere{OtherWayBack: f, Hop: hop}
}

// LooseEnough reports whether the loose mode of rp_filter would let in by dev what comes from
// where now leads, to own: there is a way back, and the device has an address. Without one
// the loose mode is as strict as the other (__fib_validate_source()).
func LooseEnough(n *machine.Space, dev table.Link, own netip.Addr, now machine.RouteAnswer) bool {
	addrs, err := n.Addrs(dev.Index)
	return err == nil && machine.HasFamily(addrs, own) && now.Kind == machine.KindUnicast && n.Conf(dev.Name, "rp_filter") != 2
}

// Anew are next hops of a route as another one has to name them: the kernel does not ask
// again whether they are near, when an address goes.
func Anew(n *machine.Space, hops []table.Nexthop) []table.Nexthop {
	for i, h := range hops {
		if link, err := n.Link(h.Dev); err == nil {
			hops[i].Onlink = h.Onlink || !machine.NextHopBy(n, link, h.Via)
		}
	}
	return hops
}
