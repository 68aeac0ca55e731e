package judge

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/ipv6"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/scopes"
	"nstutor/diag/explain/vip"
	"nstutor/diag/farend"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// Unanswered says why nobody gives the MAC address of the next hop, and who would once that
// is mended. x is where the request for it comes to.
func (a *Search) Unanswered(x *fabric.Explorer) Outcome {
	if f, s, ok := a.Elsewhere(x); ok {
		return Outcome{Finding: f, Station: s}
	}
	if s, ok := a.plugged(x); ok {
		return Outcome{Station: s}
	}
	if o := a.unforwarded(x); len(x.Voids) > 0 && o.Station.Space != nil { // it is at the other end
		return o
	}
	for _, judge := range []func(*fabric.Explorer) (cause.Finding, fabric.Station, bool){a.untagged, a.beneath, a.overhead, a.atop, a.refusing, a.widerThanTheWire, a.shadowed, a.behindRouter, a.beside, a.misrouted} {
		if f, s, ok := judge(x); ok {
			return a.turned(Outcome{Finding: f, Station: s})
		}
	}
	if len(x.Voids) > 0 {
		return a.unforwarded(x)
	}
	if f, ok := a.redirected(a.Hop()); ok {
		return Outcome{Finding: f}
	}
	return a.nobody(x)
}

// turned has a packet go on by the wire that it is sent to instead, once that is mended.
func (a *Search) turned(o Outcome) Outcome {
	m, ok := o.Finding.(cause.WrongWire)
	if !ok {
		return o
	}
	if dev, err := a.Space.Link(m.Way.Dev); err == nil {
		o.Out, o.Via = dev, a.Packet.Dst
		if m.Way.Via.IsValid() {
			o.Via = m.Way.Via
		}
	}
	return o
}

// refusing is a station that has a reason of its own not to answer: one with the address on
// the device that is asked, before one that has it elsewhere and may be silent on purpose. So
// it is told to keep to its wire's addresses, where the asker takes more for that than it does.
func (a *Search) refusing(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	own, others := []fabric.Station{}, []fabric.Station{}
	for _, s := range x.Stations {
		switch {
		case s.Space == nil:
		case s.Has(a.NextHop):
			own = append(own, s)
		default:
			others = append(others, s)
		}
	}
	for _, s := range append(own, others...) {
		answer := a.Answers(s)
		if answer.Why == machine.ARPIgnore && !s.Has(a.NextHop) {
			if f, router, wide := a.widerThanTheWire(x); wide {
				return f, router, true
			}
		}
		if f := a.refusal(s, answer); f != nil {
			return f, s, true
		}
	}
	return nil, fabric.Station{}, false
}

// refusal is the fault behind one of the reasons of an ARPAnswer, or nil.
func (a *Search) refusal(s fabric.Station, answer machine.ARPAnswer) cause.Finding {
	proof := answer.Evidence
	if _, enslaved := s.Space.VRFOf(s.Dev); enslaved {
		asked := cause.Lookup{Dst: a.NextHop, Answer: s.Space.Route(machine.RouteQuery{Dst: a.NextHop, Src: a.Sender, IIF: s.Dev.Index})}
		if f, way, ok := absent.VRFUnasked(s.Space, s.Dev, a.Packet.IsReply(), asked); ok && way.Kind == machine.KindLocal {
			return f
		}
	}
	switch answer.Why {
	case machine.ARPForwardingOff:
		return cause.ProxyUnforwarding{At: at(s.Space), Dev: s.Dev.Name, Hop: a.Hop(), Proof: proof, AllOff: s.Space.ForwardsNowhere()}
	case machine.ARPNoRoute, machine.ARPRejectRoute, machine.ARPSameDevice:
		return a.unproxied(s, answer)
	case machine.ARPRPFilter:
		f := fabric.AskerElsewhere(s.Space, s.Dev, a.Sender, a.Hop(), answer)
		if unasked, ok := absent.BackUnasked(s.Space, a.NextHop, a.Sender); ok {
			f.Sent = unasked
		}
		return f
	case machine.ARPMartian:
		return cause.OwnSender{At: at(s.Space), Sender: a.Sender, Hop: a.Hop(), Proof: proof, Own: remedy.OwnAddress(s.Space, a.Sender)}
	case machine.NDPTentative:
		return a.Owned(s.Space, scopes.Unconfirmed(s.Space, s.Dev, a.NextHop, a.Hop()))
	case machine.ARPLate:
		return cause.LocalLate{NextHop: a.Hop(), Station: s.Device(), Rule: answer.Rule, Gone: !s.Space.AsksLocal(), Proof: proof}
	case machine.ARPIgnore:
		return cause.ARPIgnored{
			NextHop: a.Hop(), Station: s.Device(), Proof: proof, Here: s.Has(a.NextHop), Sender: a.Sender,
			All: s.Space.Conf("all", "arp_ignore"), Own: s.Space.Conf(s.Dev.Name, "arp_ignore"),
		}
	case machine.ARPNoARP:
		if s.Has(a.NextHop) && s.Dev.Sharing == "" {
			return device.ARPOff{NextHop: a.Hop(), Station: s.Device()}
		}
	case machine.ARPFilter:
		back := fabric.WayOut{Dev: s.Dev}.InsteadTo(s.Space, a.Sender)
		return cause.ARPFiltered{NextHop: a.Hop(), Sender: a.Sender, Station: s.Device(), Proof: proof, Way: back, Own: fabric.WayOut{Dev: s.Dev}.ForNeighbours(s.Space, a.NextHop, a.Sender)}
	}
	return nil
}

// unproxied is the finding of a proxy that has no reason to answer, with one: a
// route to the destination where it is somebody's, or else the address itself.
func (a *Search) unproxied(s fabric.Station, answer machine.ARPAnswer) cause.Finding {
	f := cause.ProxyUnrouted{At: at(s.Space), Dev: s.Dev.Name, Hop: a.Hop(), Proof: answer.Evidence}
	if r, ok := a.downBehind(s.Space); ok && answer.Why == machine.ARPNoRoute {
		return r
	}
	if a.NextHop == a.Packet.Dst && answer.Why == machine.ARPRejectRoute {
		f.Exemption, _ = a.exempt(s.Space, a.Packet, s.Space.Route(machine.RouteQuery{Dst: a.NextHop}))
		return f
	}
	if way, ok := a.wayTo(s.Space, a.NextHop, s.Dev.Index); ok && a.NextHop == a.Packet.Dst {
		f.Way = way.InsteadTo(s.Space, a.NextHop)
		return f
	}
	if a.NextHop != a.Packet.Dst { // or else the node would be whom the packet is for
		f.Address = remedy.Address{Netns: s.Space.Name, Prefix: netip.PrefixFrom(a.NextHop, a.NextHop.BitLen()), Dev: s.Dev.Name}
	}
	return f
}

// downBehind is the finding of a proxy that has lost the routes of a device that is down, and
// among them the default route, which was reason enough to answer for anybody.
func (a *Search) downBehind(n *machine.Space) (cause.Finding, bool) {
	route := n.Route(machine.RouteQuery{Dst: a.Packet.Dst})
	if a.NextHop == a.Packet.Dst || route.Kind != machine.KindNone {
		return nil, false
	}
	r, ok := a.behindDown(n, a.Packet, cause.Lookup{Dst: a.Packet.Dst, Answer: route})
	f, is := r.Finding.(cause.RoutesDown)
	return f, ok && is && f.Default.Dev != "" && !f.Default.Net.IsValid()
}

// behindRouter: the destination is behind somebody on the wire who passes packets on,
// and answers for nobody but himself.
func (a *Search) behindRouter(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.NextHop != a.Packet.Dst {
		return nil, fabric.Station{}, false
	}
	for _, s := range x.Stations {
		if s.Space == nil || !s.Space.PassesOn(s.Dev.Name, a.NextHop) {
			continue
		}
		answer := a.Answers(s)
		if answer.Why != machine.ARPProxyOff {
			continue
		}
		by := a.byRouter(s)
		if way, ok := a.wayTo(s.Space, a.NextHop, s.Dev.Index); by.Dev == "" && (!ok || way.Via.IsValid()) {
			continue
		}
		return cause.BehindRouter{NextHop: a.Hop(), Router: s.Device(), Proof: answer.Evidence, Way: by}, s, true
	}
	return nil, fabric.Station{}, false
}

// byRouter is the default route of who asks, with the router's address in the network of both, where
// it names no next hop. A pod with nobody in its network has it so on purpose, and needs a proxy.
func (a *Search) byRouter(s fabric.Station) remedy.Way {
	now := a.Space.Route(machine.RouteQuery{Dst: a.NextHop}).Entry
	via := machine.AddressFor(s.Space, s.Dev.Name, a.Space, a.Link, a.NextHop)
	own, near := machine.PrefixOver(a.Space, a.Link, via)
	usual := 0
	if a.NextHop.Is6() {
		usual = change.UserMetric
	}
	if !now.Default() || now.Via.IsValid() || len(now.Nexthops) > 0 || now.Table != machine.MainTable || now.Metric != usual || !near || own.IsSingleIP() {
		return remedy.Way{}
	}
	return remedy.Way{Netns: a.Space.Name, Dev: a.Link.Name, Via: via, Replace: true}
}

// shadowed: a route leads to the wrong wire, and without it another one would lead to
// the destination.
func (a *Search) shadowed(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	f, s, ok := a.misrouted(x)
	if !ok {
		return nil, s, false
	}
	m, ok := f.(cause.WrongWire)
	if !ok {
		return nil, s, false
	}
	dev, err := a.Space.Link(m.Way.Dev)
	if err != nil {
		return nil, s, false
	}
	m.Stray = fabric.WayOut{Dev: dev, Via: m.Way.Via}.Turn(a.Space, a.Packet.Dst, a.taken())
	return m, s, m.Stray.Stray.Type != ""
}

// misrouted: the destination is elsewhere, and the route leads to the wrong
// wire.
func (a *Search) misrouted(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.NextHop != a.Packet.Dst {
		return nil, fabric.Station{}, false
	}
	found, ok := a.wayTo(a.Space, a.Packet.Dst, a.Link.Index)
	if !ok {
		found, ok = fabric.Wider(slices.Collect(a.World.Connected(a.Space, machine.ByWire)), a.Space, a.Packet.Dst, a.taken())
	}
	if !ok || found.Dev.Index == a.Link.Index && found.Via == a.NextHop { // which is the way that it has taken
		return nil, fabric.Station{}, false
	}
	if scopes.OfLink(a.NextHop) {
		return ipv6.OtherLink{NextHop: a.Hop(), Behind: found.Dev.Name, Line: a.Link.Line()}, fabric.Station{}, true
	}
	way := found.To(a.Space, a.Packet.Dst)
	way.Replace = true
	return cause.WrongWire{NextHop: a.Hop(), Way: way, Line: a.taken().Line, Stations: x.Present(), Overlap: absent.Overlap(a.Space, a.Packet.Dst, a.taken())}, fabric.Station{}, true
}

// nobody: no station has the address, and none knows of it.
func (a *Search) nobody(x *fabric.Explorer) Outcome {
	if f, ok := a.soughtInVain(a.Packet); ok {
		return Outcome{Finding: f}
	}
	if f, ok := absent.Overlaid(a.Space, a.Packet.Dst, a.taken()); ok && a.NextHop == a.Packet.Dst {
		return Outcome{Finding: f}
	}
	if f, ok := a.unswitched(x); ok {
		return Outcome{Finding: f}
	}
	if s, own, ok := a.meant(x); ok {
		return Outcome{Station: s, Finding: cause.Nameless{At: at(s.Space), Link: s.Dev, Own: own}}
	}
	if a.NextHop == a.Packet.Dst {
		onTheWay := a.Packet.Encap != nil || a.Packet.Leg == flows.LegReply
		own, _ := machine.PrefixOver(a.Space, a.Link, a.Packet.Dst)
		there, taken, behind := x.Present(), a.taken(), table.Route{}
		if len(there) == 0 || taken.Entry.Proto != "kernel" { // else it belongs to an address, and others of its network are there
			behind, _ = absent.Behind(a.Space, a.Packet.Dst, taken)
		}
		return Outcome{Finding: cause.NobodyHas{
			NextHop: a.Hop(), Stations: there, OnTheWay: onTheWay, Bits: own.Bits(), Sent: a.leftBehind(a.Space, a.Packet, x), Serving: vip.Serving(x, a.Packet.Flow()),
			Bound: vip.Bound(x, a.Packet.Dst), Own: a.networks(), Behind: behind,
			Overlap: absent.Overlap(a.Space, a.Packet.Dst, taken), Led: a.led(a.Space, a.Packet),
		}}
	}
	for _, s := range a.routers(x) {
		if f, right := a.wrongGateway(s, x); right {
			return Outcome{Finding: f, Via: cmp.Or(f.Near.Dst, f.Rewrite.Route.Via)}
		}
	}
	s, ok := a.router(x)
	if !ok {
		return Outcome{Finding: cause.EmptyWire{NextHop: a.Hop(), Line: a.Link.Line()}}
	}
	if f, other := absent.Gateway(a.Space, a.Packet.Dst, a.taken(), a.Hop(), x.Present()); other && !(s.LeadsTo(a.Packet.Dst) && (s.Space.Local(a.Packet.Dst) || s.Space.PassesOn(s.Dev.Name, a.Packet.Dst))) {
		return Outcome{Finding: f}
	}
	length := a.Space.PrefixLen(a.Link, a.NextHop)
	if machine.HasHostRoute(s.Space, a.Sender) { // whose network is elsewhere, or nowhere
		length = a.NextHop.BitLen()
	}
	shut := machine.Shut(0)
	if a.NextHop.Is6() {
		shut = s.Space.Shut(s.Dev)
	}
	return Outcome{Station: s, Finding: cause.NoRouter{
		NextHop: a.Hop(), Stations: x.Present(), Proof: a.Answers(s).Evidence,
		Address: remedy.Address{Netns: s.Space.Name, Prefix: netip.PrefixFrom(a.NextHop, length), Dev: s.Dev.Name, Shut: shut, MTU: fabric.WireMTU(x.Stations)},
	}}
}

// meant is who should have the address that is sought: who has none, and is alone on a wire that
// a route for this address leads to, as at the other end of a pod's, or who is down there; or
// has a tunnel that sends from it.
func (a *Search) meant(x *fabric.Explorer) (meant fabric.Station, own netip.Prefix, found bool) {
	if a.NextHop != a.Packet.Dst || !x.Whole() || len(fabric.Owners(a.joined(a.Space), a.NextHop)) > 0 {
		return meant, own, false
	}
	to := a.taken().Entry
	only := len(x.Stations) == 1
	alone := only && to.Proto != "kernel" && to.Dst == change.Single(a.NextHop)
	for _, s := range x.Stations {
		if s.Space == nil || s.Space == a.Space || a.NextHop.Is6() && s.Space.Shut(s.Dev) != 0 {
			continue
		}
		// The addresses of IPv6 go with a device that is set down.
		taken := only && a.NextHop.Is6() && !s.Dev.Up()
		if len(s.Obstacles) > 0 && !taken {
			continue
		}
		addrs, err := s.Space.Addrs(s.Dev.Index)
		alone := alone && !s.Space.PassesOn(s.Dev.Name, a.NextHop) // a router may lead to who has it
		if err != nil || machine.HasFamily(addrs, a.NextHop) || !alone && !taken && !endsAt(s.Space, a.NextHop) {
			continue
		}
		if found {
			return meant, own, false
		}
		meant, own, found = s, netip.PrefixFrom(a.NextHop, a.Space.PrefixLen(a.Link, a.NextHop)), true
	}
	if alone {
		own = change.Single(a.NextHop)
	}
	return meant, own, found
}

// endsAt reports whether a namespace has a tunnel that sends from an address.
func endsAt(n *machine.Space, addr netip.Addr) bool {
	snap, err := n.Snapshot(table.Links)
	return err == nil && slices.ContainsFunc(snap.Links, func(l table.Link) bool {
		return l.VXLAN != nil && l.VXLAN.Local == addr || l.Tunnel != nil && l.Tunnel.Local == addr
	})
}

// networks are those of the device that asks.
func (a *Search) networks() (own []netip.Prefix) {
	addrs, _ := a.Space.Addrs(a.Link.Index)
	for _, addr := range addrs {
		if addr.Prefix.Addr().Is4() == a.NextHop.Is4() && !addr.Prefix.IsSingleIP() {
			own = append(own, addr.Prefix)
		}
	}
	return own
}

// unswitched is found where the wire ends beside an Open vSwitch.
func (a *Search) unswitched(x *fabric.Explorer) (f device.Unswitched, found bool) {
	for _, s := range x.Stations {
		if s.Space == nil || s.Space == a.Space || s.Dev.Master != "" || s.Dev.Kind != "veth" {
			continue
		}
		if addrs, err := s.Space.Addrs(s.Dev.Index); err != nil || machine.HasFamily(addrs, a.NextHop) {
			continue
		}
		snap, err := s.Space.Snapshot(table.Links)
		if err != nil {
			continue
		}
		ports, err := farend.Ports(s.Space.NS, snap.Links)
		if err == nil && len(ports) > 0 && !slices.ContainsFunc(ports, func(p farend.Port) bool { return p.Name == s.Dev.Name }) {
			return device.Unswitched{NextHop: a.Hop(), Cable: s.Device(), Datapath: ports[0].Datapath}, true
		}
	}
	return f, false
}

// wrongGateway is the finding of a route that names as its gateway somebody who is
// not there, while the router has another address in the same network: it is the
// route that is wrong, for whoever else is there has found the router.
func (a *Search) wrongGateway(s fabric.Station, x *fabric.Explorer) (f cause.WrongGateway, found bool) {
	route := a.taken()
	if route.Via != a.NextHop || route.Entry.Type != "unicast" || len(route.Entry.Nexthops) > 0 || s.Space == nil || !s.LeadsTo(a.Packet.Dst) {
		return f, false
	}
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return f, false
	}
	f = cause.WrongGateway{NextHop: a.Hop(), Line: route.Line, Router: s.Device(), Stations: x.Present()}
	if own, near := machine.PrefixOver(a.Space, a.Link, a.Packet.Dst); near && s.Has(a.Packet.Dst) && route.Entry.Dst.Bits() < own.Bits() {
		f.Near = onWire(a.Space, a.Link, remedy.Way{Netns: a.Space.Name, Dev: a.Link.Name, Dst: a.Packet.Dst})
		if route.Entry.Table != machine.MainTable {
			f.Near.Table = route.Entry.Table
		}
		return f, true
	}
	for _, own := range addrs {
		right := own.Prefix.Addr()
		if _, near := machine.PrefixOver(a.Space, a.Link, right); right == a.NextHop || !near || right.Is6() != a.NextHop.Is6() || right.IsLinkLocalUnicast() {
			continue
		}
		far := !machine.NextHopBy(a.Space, a.Link, right)
		f.Rewrite = remedy.Rewrite{Netns: a.Space.Name, Route: remedy.Through(route.Entry, table.Nexthop{Via: right, Dev: a.Link.Name, Onlink: far})}
		return f, true
	}
	return f, false
}

// NoRouter is the finding of a route whose gateway is n, which is no router: it has no
// other way than back, and somebody else on the wire has one.
func (a *Search) NoRouter(n *machine.Space) (cause.Finding, fabric.Station, bool) {
	x := a.Send(nil, false)
	x.Of = a.NextHop
	for _, s := range a.routers(x) {
		if s.Space == n || len(s.Obstacles) > 0 {
			continue
		}
		if f, ok := a.wrongGateway(s, x); ok {
			f.Instead = n.Name
			return f, s, true
		}
	}
	return nil, fabric.Station{}, false
}

// router is the station that is most likely meant to be the next hop: one that
// has a way to the destination, or else the first.
func (a *Search) router(x *fabric.Explorer) (fabric.Station, bool) {
	if routers := a.routers(x); len(routers) > 0 {
		return routers[0], true
	}
	i := slices.IndexFunc(x.Stations, func(s fabric.Station) bool { return s.Space != nil })
	if i < 0 {
		return fabric.Station{}, false
	}
	return x.Stations[i], true
}

// routers are the stations that have a way to the destination: those first that have its
// address, or pass on what is for it, and then who would if he forwarded.
func (a *Search) routers(x *fabric.Explorer) (all []fabric.Station) {
	var others []fabric.Station
	for _, s := range x.Stations {
		switch {
		case s.Space == nil || !s.LeadsTo(a.Packet.Dst):
		case s.Space.Local(a.Packet.Dst) || s.Space.PassesOn(s.Dev.Name, a.Packet.Dst):
			all = append(all, s)
		default:
			others = append(others, s)
		}
	}
	return append(all, others...)
}

// widerThanTheWire: the network of an address takes in more than is on its wire.
func (a *Search) widerThanTheWire(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	if a.NextHop != a.Packet.Dst {
		return nil, fabric.Station{}, false
	}
	if f, s, ok := fabric.TooWide(x, a.Space, a.Link, a.Hop()); ok {
		return f, s, true
	}
	return a.widerThanRouted(x)
}

// widerThanRouted is the same where the router has no network on the wire, as a node on that of a
// pod: without the prefix a route would lead to him, and he on.
func (a *Search) widerThanRouted(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	own, wide := machine.PrefixOver(a.Space, a.Link, a.NextHop)
	rest, routed := absent.Routed(a.Space, a.NextHop, a.taken())
	if !wide || !routed {
		return nil, fabric.Station{}, false
	}
	router := *a
	router.NextHop = rest.Via
	entry, known, err := a.Space.NextHopNeighbour(a.Link.Index, rest.Via)
	for _, s := range x.Stations {
		if s.Space == nil || s.Space == a.Space || len(s.Obstacles) > 0 || !s.LeadsTo(a.NextHop) || !s.Space.PassesOn(s.Dev.Name, a.NextHop) {
			continue
		}
		if router.Answers(s).Yes || err == nil && known && entry.State == "PERMANENT" && bytes.Equal(entry.MAC, s.Dev.MAC) {
			return device.TooWide{NextHop: a.Hop(), Own: own, Far: change.Only(rest.Via), FarDev: s.Dev.Name, Unnumbered: true}, s, true
		}
	}
	return nil, fabric.Station{}, false
}
