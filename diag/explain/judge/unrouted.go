package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/ipv6"
	"nstutor/diag/explain/cause/source"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// NoRoute is the ruling on a packet that a lookup has no way for; false: the kernel's
// answer says nothing.
func (j *Judge) NoRoute(n *machine.Space, p journey.Packet, route machine.RouteAnswer) (Ruling, bool) {
	if n == p.Origin && p.LeavesLoopback(route) {
		return j.Unrouted(n, p, cause.Lookup{Dst: p.Dst, Answer: route}), true
	}
	switch route.Kind {
	case machine.KindBlackhole, machine.KindUnreachable, machine.KindProhibit, machine.KindThrow, machine.KindNone:
		lookup := cause.Lookup{Dst: p.Dst, Answer: route}
		if leak, way, ok := j.besideVRF(n, p, lookup); ok {
			return Ruling{Finding: leak, Next: way}, true
		}
		vrf, in := j.VRF(n)
		if f, next, ok := absent.VRFUnasked(n, in, p.IsReply(), lookup); ok {
			return Ruling{Finding: f, Next: next}, true
		}
		if f, ok := absent.From(n, p.Src, p.IsReply(), lookup); ok {
			return Ruling{Finding: f}, true
		}
		if route.Kind == machine.KindNone {
			if f, next, ok := absent.Unruled(n, p.Src, p.IsReply(), lookup); ok {
				return Ruling{Finding: f, Next: next}, true
			}
			if vrf.VRF == 0 {
				if f, next, ok := absent.InVRF(n, p.Flow(), n == p.Origin, lookup); ok {
					return Ruling{Finding: f, Next: next}, true
				}
			}
			if f, ok := j.closed(n, p, lookup); ok {
				return Ruling{Finding: f}, true
			}
			return j.Unrouted(n, p, lookup), true
		}
		if _, more := n.Without(p.Dst, p.Src); !more && (placeholder(route.Entry) || passes(route.Entry)) {
			return j.Unrouted(n, p, lookup), true
		}
		if r, ok := j.behindSwitch(n, p, lookup); ok {
			return r, true
		}
		f, next := j.rejected(n, p, route)
		return Ruling{Finding: f, Next: next}, true
	case machine.KindMartian:
		next := route
		next.Kind = machine.KindUnicast
		return Ruling{Finding: cause.LoopbackLeaves{At: at(n), Flow: p.Flow(), Dev: route.DevName, Lookup: route.Evidence}, Next: next}, true
	case machine.KindBroadcast:
		return Ruling{Finding: cause.Broadcast{At: at(n), Dst: p.Dst, Lookup: route.Evidence}}, true
	}
	if p.Encap != nil && n == p.Origin && !n.Local(p.Src) {
		return Ruling{Finding: j.sourceless(n, p)}, true
	}
	return Ruling{}, false
}

// behindSwitch: the table that a policy rule has asked has nothing but a route that rejects all
// there is no other for, as a kill switch, and the device of the other one is down.
func (j *Judge) behindSwitch(n *machine.Space, p journey.Packet, l cause.Lookup) (Ruling, bool) {
	if l.Answer.By.Action == "" || l.Answer.Entry.Table == machine.MainTable || !l.Answer.Entry.Default() {
		return Ruling{}, false
	}
	r, ok := j.behindDown(n, p, l)
	if f, is := r.Finding.(cause.RoutesDown); is {
		f.Default.Table = l.Answer.Entry.Table
		if via := r.Next.Via; f.Default.Dev == "" && via.IsValid() {
			f.Default = remedy.Way{Netns: n.Name, Dev: f.Link.Name, Via: via, Table: l.Answer.Entry.Table}
		}
		r.Finding = f
	}
	return r, ok
}

// placeholder reports whether a route rejects what no other is for: it is no more than the
// kernel would do without it.
func placeholder(r table.Route) bool {
	const last = 4278198272 // what network managers, and the kernel's guide to VRFs, give such
	return r.Table == machine.MainTable && r.Default() && r.Metric >= last
}

// passes reports whether a route has the tables that are asked behind its own decide: what
// is missing is missing there.
func passes(r table.Route) bool {
	return r.Type == string(machine.KindThrow) && r.Table != machine.MainTable
}

// Unrouted tells apart what it can mean that there is no route.
func (j *Judge) Unrouted(n *machine.Space, p journey.Packet, l cause.Lookup) Ruling {
	if p.Dst.IsLoopback() {
		lo, err := n.Link("lo")
		up := err == nil && lo.Up()
		if up && p.Dst.Is6() && n != p.Origin {
			return Ruling{Finding: device.LoopbackFromOutside{At: at(n), Lookup: l}}
		}
		return Ruling{Finding: device.LoopbackUnrouted{At: at(n), Lookup: l, Up: up}}
	}
	if f, next, ok := j.tooNarrow(n, p.Dst); ok {
		return Ruling{Finding: f, Next: next}
	}
	if r, ok := j.gatewayMissing(n, p, l); ok {
		return r
	}
	if p.IsReply() {
		return j.noWayBack(n, p, l)
	}
	way, ok := j.wayTo(n, p.Dst, 0)
	if !ok && n != p.Origin {
		way, ok = j.wayBy(n, p.Dst)
	}
	if ok && (n != p.Origin || p.Encap != nil) {
		return Ruling{Finding: cause.Unrouted{At: at(n), Lookup: l, Way: j.firstWay(n, way, p.Dst)}, Next: way.Route(p.Src)}
	}
	if r, ok := j.behindDown(n, p, l); ok {
		return r
	}
	if r, ok := j.behindDead(n, p, l); ok {
		return r
	}
	if n != p.Origin {
		if r, ok := j.behindUnnumbered(n, p, l); ok {
			return r
		}
		if f, ok := absent.Withdrawn(j.World, n, p.Dst, l); ok {
			return Ruling{Finding: f}
		}
		if d, ok := j.onlyWayOut(n, p.Dst); ok {
			return j.throughDevice(n, p, l, d)
		}
		if f, ok := j.unleased(n, l); ok {
			return Ruling{Finding: f}
		}
		return Ruling{Finding: cause.Unrouted{At: at(n), Lookup: l}}
	}
	return j.unroutedOrigin(n, p, l)
}

// gatewayMissing: who has the destination is on the wire of a device that lacks the address which
// he has for his gateway. One that is down has lost it, where it is of IPv6.
func (j *Judge) gatewayMissing(n *machine.Space, p journey.Packet, l cause.Lookup) (Ruling, bool) {
	devices, err := n.DevicesFor(p.Dst)
	if err != nil {
		return Ruling{}, false
	}
	for _, d := range devices {
		if d.Link.Master != "" {
			continue
		}
		wire := j.Explore(n, d.Link, flows.LegRequest, nil).Stations
		for _, s := range wire {
			if s.Space == nil || s.Space == n || len(s.Obstacles) > 0 || !s.Has(p.Dst) {
				continue
			}
			site := fabric.Site{Space: s.Space, Dev: s.Dev}
			f, missing := site.GatewayMissing(n, d.Link, site.Gateway(p.Dst), wire)
			next := fabric.WayOut{Dev: d.Link}.Route(p.Src)
			switch {
			case !missing:
			case !d.Link.Up() && !j.ToldDown(n.Name, d.Link.Name):
				return Ruling{Finding: cause.RoutesDown{At: at(n), Link: d.Link, Lookup: l, Lost: f.Address}, Next: next}, true
			default:
				return Ruling{Finding: f, Next: next}, true
			}
		}
	}
	return Ruling{}, false
}

// onlyWayOut is the device of a namespace without any default route that alone leads out of
// sight, and not by where the packet came in: the others' routers are seen, and lead nowhere.
// An address that several devices have is that of a gateway for those behind them, such as pods.
func (j *Judge) onlyWayOut(n *machine.Space, dst netip.Addr) (only machine.Device, found bool) {
	devices, err := n.DevicesFor(dst)
	if err != nil || n.Route(machine.RouteQuery{Dst: machine.Elsewhere(dst)}).Kind != machine.KindNone {
		return only, false
	}
	for i, d := range devices {
		lent := func(o machine.Device) bool { return len(o.Addrs) > 0 && o.Addrs[0].Prefix == d.Addrs[0].Prefix }
		if len(d.Addrs) > 0 && (slices.ContainsFunc(devices[:i], lent) || slices.ContainsFunc(devices[i+1:], lent)) {
			continue
		}
		if !d.Link.Carrier() || len(d.Addrs) == 0 || d.Link.Master != "" || d.Link.Name == j.CameIn(n) || len(j.Explore(n, d.Link, flows.LegRequest, nil).Edges) == 0 {
			continue
		}
		if found {
			return only, false
		}
		only, found = d, true
	}
	return only, found
}

// firstWay is the way to an address, or the default route by it, where that is what is missing.
func (j *Judge) firstWay(n *machine.Space, way fabric.WayOut, dst netip.Addr) remedy.Way {
	missing := way.To(n, dst)
	outside := way.Via.IsValid() && dst.Is4() && !machine.Private(dst) && !n.HasOtherDefault(machine.MainTable, "")
	if outside || j.wayOfAll(n, way) {
		missing.Dst = netip.Addr{} // it is not the only one that has no way out
	}
	return missing
}

// wayOfAll reports whether a way is the one out of a namespace with a single device, such as a
// container, which has lost its default route: by whom others get out as well, who has his own
// default route by another device.
func (j *Judge) wayOfAll(n *machine.Space, way fabric.WayOut) bool {
	devices, err := n.DevicesFor(way.Via)
	other := func(d machine.Device) bool {
		return len(d.Addrs) > 0 && d.Link.Index != way.Dev.Index && !d.Link.Has("LOOPBACK")
	}
	if err != nil || !way.Via.IsValid() || slices.ContainsFunc(devices, other) || n.Route(machine.RouteQuery{Dst: machine.Elsewhere(way.Via)}).Kind != machine.KindNone {
		return false
	}
	for _, router := range j.joined(n) {
		for _, own := range machine.AddressesOf(router, way.Via) {
			out := router.Route(machine.RouteQuery{Dst: machine.Elsewhere(way.Via)})
			return out.Kind == machine.KindUnicast && out.DevName != own.Dev
		}
	}
	return false
}

// onWire is the route to an address on the wire, for all of the network that an address of the
// device has with it: that address has come without its route (noprefixroute), or lost it.
func onWire(n *machine.Space, dev table.Link, way remedy.Way) remedy.Way {
	if own, near := machine.PrefixOver(n, dev, way.Dst); near && !own.IsSingleIP() {
		way.Net = own.Masked()
	}
	return way
}

// behindDown: a namespace that passes packets on has a device that is down, and with
// it the route that the packet should take.
func (j *Judge) behindDown(n *machine.Space, p journey.Packet, l cause.Lookup) (Ruling, bool) {
	devices, err := n.DevicesFor(p.Dst)
	if err != nil || n == p.Origin {
		return Ruling{}, false
	}
	var down []machine.Device
	for _, d := range devices {
		if !d.Link.Up() && len(d.Addrs) > 0 && d.Link.Master == "" && !holds(d) {
			down = append(down, d)
		}
	}
	for _, d := range down {
		via, knows := j.gateway(n, d, p.Dst)
		if !knows && len(down) > 1 {
			continue
		}
		r := j.throughDevice(n, p, l, d)
		if !knows && !r.Next.Via.IsValid() || knows {
			return r, true
		}
		// Whom the default route led to is not to be seen.
		return Ruling{Finding: cause.RoutesDown{At: at(n), Link: d.Link, Lookup: l}, Next: machine.RouteAnswer{Kind: machine.KindUnicast, Via: via, Dev: d.Link.Index, DevName: d.Link.Name, Src: p.Src}}, true
	}
	return Ruling{}, false
}

// holds reports whether a device that is down does no more than hold addresses, as those of
// services: no network was behind it.
func holds(d machine.Device) bool {
	return !d.Link.Up() && (d.Link.Kind == "dummy" || d.Link.Kind == "bridge") &&
		!slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return !a.Prefix.IsSingleIP() })
}

// behindDead: the same of a device that is on, where its wire is dead for what is down
// behind it. A routing daemon brings the route back by itself.
func (j *Judge) behindDead(n *machine.Space, p journey.Packet, l cause.Lookup) (Ruling, bool) {
	devices, err := n.DevicesFor(p.Dst)
	if err != nil || n == p.Origin {
		return Ruling{}, false
	}
	for _, d := range devices {
		if !d.Link.Up() || d.Link.Carrier() || d.Link.Master != "" {
			continue
		}
		for _, s := range j.Explore(n, d.Link, flows.LegRequest, nil).Stations {
			if s.Space == nil || s.Space == n || len(s.Obstacles) == 0 {
				continue
			}
			via, ok := s.LeadsOn(d, p.Dst)
			if !ok {
				continue
			}
			dead, way := s.Obstacles[0], fabric.WayOut{Dev: d.Link, Via: via}
			if absent.Announced(n) {
				return Ruling{Finding: dead.Met(n), Next: way.Route(p.Src)}, true
			}
			return Ruling{
				Before: dead.Met(n), FirstDev: d.Link.Name,
				Finding: cause.Unrouted{At: at(n), Lookup: l, Way: way.To(n, p.Dst)}, Next: way.Route(p.Src),
			}, true
		}
	}
	return Ruling{}, false
}

// unroutedOrigin: the sender itself has no route. It lacks an address, or its
// device is down, or there is no default route.
func (j *Judge) unroutedOrigin(n *machine.Space, p journey.Packet, l cause.Lookup) Ruling {
	devices, err := n.DevicesFor(p.Dst)
	if err != nil {
		return Ruling{Finding: cause.Unrouted{At: at(n), Lookup: l}}
	}
	var numbered []machine.Device // one of them may be the way
	for _, d := range devices {
		if len(d.Addrs) == 0 || holds(d) && len(devices) > 1 {
			continue
		}
		numbered = append(numbered, d)
		if _, knows := j.gateway(n, d, p.Dst); knows {
			return j.throughDevice(n, p, l, d)
		}
	}
	if i := slices.IndexFunc(numbered, func(d machine.Device) bool { return j.outward(n, d) }); i >= 0 {
		return j.throughDevice(n, p, l, numbered[i])
	}
	if f, ok := j.unleased(n, l); ok && len(numbered) > 0 {
		return Ruling{Finding: f}
	}
	if len(numbered) > 0 {
		return j.throughDevice(n, p, l, numbered[0])
	}
	if len(devices) == 0 {
		return Ruling{Finding: device.Bare{At: at(n), Lookup: l, Docker: j.World.Unconnected(n)}}
	}
	r, f := Ruling{}, cause.Addressless{At: at(n), Lookup: l}
	if len(devices) == 1 {
		d := devices[0]
		f.Free, f.Down = j.Address(n, d.Link, p.Dst), !d.Link.Up()
		f.Awaits = awaited(n, p.Dst, d.Link)
		own, via := f.Free.Prefix, netip.Addr{}
		if own.IsValid() && !own.Contains(p.Dst) {
			d.Addrs = []table.Addr{{Prefix: own}}
			via, _ = j.gateway(n, d, p.Dst)
			f.Default = remedy.Way{Netns: n.Name, Dev: d.Link.Name, Via: via, Onlink: !own.Contains(via)}
		}
		if own.IsValid() && own.Addr() != p.Dst && !f.Down && (own.Contains(p.Dst) || via.IsValid()) {
			r.Next = fabric.WayOut{Dev: d.Link, Via: via}.Route(own.Addr())
		}
	}
	r.Finding = f
	return r
}

// awaited is what a device without an address of IPv6 has heard of routers.
func awaited(n *machine.Space, dst netip.Addr, link table.Link) (a cause.Awaited) {
	asked, heard, ok := n.Routers(link.Name)
	if !ok || dst.Is4() || !link.Carrier() {
		return a
	}
	a = cause.Awaited{Dev: link.Name, Asked: asked, Heard: heard}
	a.Told, a.Heeds, a.Settings = n.Advertised(link.Name)
	return a
}

// Anonymous: there is a way, but no address that the packet could come from. IPv4 sends
// it from 0.0.0.0, which nobody answers (ip_route_input_slow()); IPv6 does not send it.
func (j *Judge) Anonymous(n *machine.Space, p journey.Packet, route machine.RouteAnswer) (cause.Finding, bool) {
	if p.Src.IsValid() || p.Encap != nil {
		return nil, false
	}
	devices, err := n.DevicesFor(p.Dst)
	if err != nil {
		return nil, false
	}
	if slices.ContainsFunc(devices, func(d machine.Device) bool { return len(d.Addrs) > 0 }) {
		return scoped(n, p.Dst, route, devices)
	}
	f := cause.Addressless{At: at(n), Lookup: cause.Lookup{Dst: p.Dst, Answer: route}}
	for _, d := range devices {
		if free := j.Address(n, d.Link, p.Dst); free.Prefix.IsValid() && (!f.Free.Prefix.IsValid() || d.Link.Index == route.Dev) {
			f.Free, f.Down = free, !d.Link.Up()
		}
	}
	return f, true
}

// scoped is the finding of a packet of IPv4 whose sender has addresses, of narrower scopes than
// its route.
func scoped(n *machine.Space, dst netip.Addr, route machine.RouteAnswer, devices []machine.Device) (cause.Finding, bool) {
	for _, d := range devices {
		for _, a := range d.Addrs {
			if dst.Is4() && d.Link.Index == route.Dev && a.Scope != "global" {
				return source.Scoped{At: at(n), Lookup: cause.Lookup{Dst: dst, Answer: route}, Addr: a}, true
			}
		}
	}
	return nil, false
}

// throughDevice: the device with an address could be the way, were it up, or
// were there a default route by it.
func (j *Judge) throughDevice(n *machine.Space, p journey.Packet, l cause.Lookup, d machine.Device) Ruling {
	own := d.Addrs[0].Prefix
	wire := j.Explore(n, d.Link, flows.LegRequest, nil)
	gateway, knows := fabric.Gateway(n, d, p.Dst, wire)
	if via, proof := fabric.Hinted(n, d, wire.Stations); via == gateway && !knows && proof != "" {
		l.Answer.Evidence = append(slices.Clone(l.Answer.Evidence), proof)
	}
	byDefault := remedy.Way{Netns: n.Name, Dev: d.Link.Name, Via: gateway, Onlink: gateway.IsValid() && !machine.NextHopBy(n, d.Link, gateway)}
	if g, named := fabric.Configured(d, p.Dst); named && g.Addr == gateway {
		byDefault.Net = g.Net
	}
	next := machine.RouteAnswer{Kind: machine.KindUnicast, Via: gateway, Dev: d.Link.Index, DevName: d.Link.Name, Src: own.Addr()}
	if gateway == p.Dst { // nobody is a router to himself
		byDefault, next.Via = onWire(n, d.Link, remedy.Way{Netns: n.Name, Dev: d.Link.Name, Dst: p.Dst}), netip.Addr{}
	}
	switch {
	case d.Link.Up() && p.Dst.Is6() && !gateway.IsValid():
		told, heeds, settings := n.Advertised(d.Link.Name)
		return Ruling{Finding: ipv6.Unadvertised{At: at(n), Lookup: l, Dev: d.Link.Name, Settings: settings, Deaf: told && !heeds, Off: !told, Net: d.Learned()}}
	case d.Link.Up() && !gateway.IsValid():
		return Ruling{Finding: cause.Unrouted{At: at(n), Lookup: l, Way: remedy.Way{Netns: n.Name, Dev: d.Link.Name}}}
	case d.Link.Up():
		f := cause.Unrouted{At: at(n), Lookup: l, Way: byDefault}
		if told, heeds, settings := n.Advertised(d.Link.Name); p.Dst.Is6() && told && !heeds && !byDefault.Dst.IsValid() {
			f.Deaf = settings
		}
		return Ruling{Finding: f, Next: next}
	case own.Contains(p.Dst):
		byDefault, next.Via = remedy.Way{}, netip.Addr{}
	}
	r := Ruling{Finding: cause.RoutesDown{At: at(n), Link: d.Link, Lookup: l, Default: byDefault}, Next: next}
	if below, err := j.World.Below(n, d.Link); d.Link.VLANID != 0 && err == nil && below != nil {
		if dev, err := below.LinkByIndex(d.Link.PeerIndex); err == nil && !dev.Up() { // a VLAN cannot come up before it
			r.Before, r.FirstDev = fabric.Down(below, dev), dev.Name
		}
	}
	return r
}
