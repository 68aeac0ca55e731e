package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// Refused is the finding of a packet that the input lookup turned away, at the device
// that it came in by.
func (j *Judge) Refused(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) cause.Finding {
	switch route.Kind {
	case machine.KindForwardingOff:
		if f, ok := j.shuts(n, p, dev, route); ok {
			return f
		}
		switch meant := j.meantFor(p); {
		case meant && route.Dev == dev.Index && !j.besideOf(n, p, dev), route.Dev == 0 && (meant || j.ends(n, p, dev)):
			return j.notHere(n, p, dev)
		}
		return cause.Unforwarded{At: at(n), Dst: p.Dst, Dev: dev.Name, Lookup: route.Evidence, AllOff: n.ForwardsNowhere()}
	case machine.KindRPFilter:
		return j.irreversible(n, p, dev, route)
	}
	return j.implausible(n, p, dev, route)
}

// besideOf reports whether somebody on the wire of another device of n's has the destination:
// the route to it leads to the wrong one.
func (j *Judge) besideOf(n *machine.Space, p journey.Packet, dev table.Link) bool {
	way, ok := j.wayTo(n, p.Dst, dev.Index)
	return ok && !way.Via.IsValid()
}

// meantFor reports whether a packet has come to whom should have its destination: it was
// not sent to a gateway, whose own address is another one and who only has to pass it on.
func (j *Judge) meantFor(p journey.Packet) bool {
	return j.Sought == nil || j.Sought.NextHop == p.Dst
}

// ends reports whether the way ends in a namespace, whoever was told that it is a gateway:
// no other device of its has an address, so there is nowhere to forward to, and nobody who
// can be seen has the destination's.
func (j *Judge) ends(n *machine.Space, p journey.Packet, dev table.Link) bool {
	devices, err := n.DevicesFor(p.Dst)
	leads := func(d machine.Device) bool { return d.Link.Index != dev.Index && len(d.Addrs) > 0 }
	return err == nil && !slices.ContainsFunc(devices, leads) && !machine.Somewhere(j.World.Connected(n, machine.ByWire), p.Dst)
}

// Spent is the fault of a packet that did not begin with enough hops to live, or was
// given too few by a rule.
func (j *Judge) Spent(n *machine.Space, p journey.Packet, dev string) cause.Finding {
	if p.Origin == nil && p.Shortened == nil { // it came from where nothing can be seen
		return cause.TTLArrived{At: at(n), Dev: dev, Src: p.Src}
	}
	return Short(p, n.Name)
}

// Short is the finding of what gave a packet the TTL that is spent somewhere.
func Short(p journey.Packet, spent string) cause.Finding {
	if p.Shortened != nil {
		f := *p.Shortened
		f.Spent = spent
		return f
	}
	if p.Encap != nil && fabric.TunnelTTL(p.Encap.Dev) != 0 {
		return device.TunnelSpent{At: at(p.Origin), Link: p.Encap.Dev, Spent: spent}
	}
	if p.BeganOn.Type != "" {
		return device.RouteSpent{At: at(p.Origin), Entry: p.BeganOn, Spent: spent}
	}
	set, _ := p.Origin.Sysctl(p.BeganBy)
	return cause.TTLSpent{At: at(p.Origin), Set: set, By: p.BeganBy, Spent: spent}
}

// implausible is the finding of a source that n takes from nobody else.
func (j *Judge) implausible(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) cause.Finding {
	f := cause.ImpossibleSource{At: at(n), Flow: p.Flow(), Dev: dev.Name, Lookup: route.Evidence, Own: remedy.OwnAddress(n, p.Src)}
	if len(j.Passed) > 0 && p.Src == p.Dst && p.Leg == flows.LegRequest {
		// What was sent to a service comes back to who asked.
		by := j.Passed[len(j.Passed)-1].Space
		service := at(by)
		f.Service, f.Exempt = &service, j.exemptAt(by)
		_, virtual := j.Virtual[by]
		f.Unseen = virtual && !by.TracksVirtual()
	}
	return f
}

// notHere: the packet is for nobody in this namespace, and there is nowhere
// that the namespace could pass it on to.
func (j *Judge) notHere(n *machine.Space, p journey.Packet, dev table.Link) cause.Finding {
	if addrs, err := n.Addrs(dev.Index); err == nil && !machine.HasFamily(addrs, p.Dst) {
		own := netip.PrefixFrom(p.Dst, p.Dst.BitLen())
		if a := j.Sought; a != nil && a.NextHop == p.Dst {
			own = netip.PrefixFrom(p.Dst, a.Space.PrefixLen(a.Link, p.Dst))
		}
		return cause.Nameless{At: at(n), Link: dev, Own: own}
	}
	_, heard := n.OnPort(p.Kind, p.DstPort)
	return cause.NotHere{At: at(n), Link: dev, Dst: p.Dst, Deaf: p.DstPort != 0 && !heard}
}

// irreversible is the finding of a packet that rp_filter drops: where the loose
// mode is not enough, a route to its source is missing.
func (j *Judge) irreversible(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) cause.Finding {
	if p.IsRequest() && n.Route(machine.RouteQuery{Dst: p.Src}).Kind == machine.KindNone {
		if r := j.noWayBack(n, j.Back(p), cause.Lookup{Dst: p.Src, Answer: route}); r.Finding.Code() == cause.NotMasqueraded {
			return r.Finding
		}
	}
	f := cause.OtherWayBack{At: at(n), Src: p.Src, Dev: dev.Name, Lookup: route.Evidence}
	marked := n.Route(machine.RouteQuery{Dst: p.Src, Mark: p.Mark})
	if p.Mark != 0 && marked.Kind == machine.KindUnicast && marked.Dev == dev.Index && !n.ConfOr(dev.Name, "src_valid_mark") {
		f.Mark, f.Marked = p.Mark, marked.Line
		return f
	}
	turn, now, found := fabric.WayOut{Dev: dev}.Back(n, p.Src, p.Dst)
	f.Back = now.DevName
	if p.IsRequest() {
		for _, passed := range slices.Backward(j.Ways()) {
			if passed.Space == n {
				continue
			}
			if sent, ok := absent.Unasked(passed.Space, p.Src, passed.Route); ok {
				f.Sent = sent
				return f
			}
		}
	}
	if unasked, ok := absent.BackUnasked(n, p.Dst, p.Src); ok {
		f.Sent = unasked
		return f
	}
	if found {
		f.Stray = turn
		return f
	}
	if f.Loose = fabric.LooseEnough(n, dev, p.Dst, now); f.Loose {
		return f
	}
	if j.Direct.Kind == dev.Kind && dev.Tunnel != nil && p.IsRequest() {
		// The answer goes past the tunnel, by design.
		f.Loose, f.Own = true, remedy.Address{Netns: n.Name, Prefix: change.Only(p.Dst), Dev: dev.Name}
		return f
	}
	if fabric.CarriedTo(n, dev, p.Src) { // a route to it through the tunnel would lead the tunnel into itself
		f.Off = n.Conf("all", "rp_filter") == 0
		return f
	}
	way, ok := j.wayTo(n, p.Src, 0)
	if p.IsRequest() {
		way, ok = j.backwards(n, p.Src)
	}
	if !ok || way.Dev.Index != dev.Index {
		way = fabric.WayOut{Dev: dev}
	}
	f.Way = way.InsteadTo(n, p.Src)
	return f
}

// Impostor: the reply has come to a namespace that is not the one which asked,
// but has its address.
func (j *Judge) Impostor(n *machine.Space, p journey.Packet) cause.Finding {
	if f, ok := j.soughtInVain(p); ok {
		return f
	}
	client := j.Last[n].SetOut()
	if by, kept := j.Kept[n]; kept && p.IsReply() && client.IsValid() && client != p.Dst { // n has given its request that source
		return service.UntakenBack{At: at(n), Flow: p.Flow(), Client: client, Kept: by}
	}
	f := cause.Impostor{At: at(n), Addr: p.Dst, Having: machine.AddressesOf(n, p.Dst), Own: remedy.OwnAddress(n, p.Dst)}
	if parted := j.Parted; parted != nil {
		f.Parted = &cause.Parting{Line: parted.Route.Line, Way: j.wayBack(parted.Space, p.Dst, parted.Route)}
	} else if a := j.Sought; a != nil && a.ByTable {
		hop := a.Hop()
		f.Hop = &hop
	}
	return f
}
