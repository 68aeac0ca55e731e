package trace

import (
	"bytes"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// beside is a station that has the address and hangs on a port that is missing
// from the bridge.
func (a *arping) beside(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, owner := range fabric.Owners(a.w.world.All(), a.nexthop) {
		far := a.w.explore(owner.Space, owner.Dev, a.p.leg, nil)
		if owner.Space == a.n || far.Beside(a.n, a.link, a.nexthop) {
			continue
		}
		if port, bridge, ok := x.Elsewhere(far); ok {
			return a.portless(owner, port, bridge), fabric.Station{Space: owner.Space, Dev: owner.Dev}, true
		}
		for _, side := range []struct{ bridges, ends *fabric.Explorer }{{x, far}, {far, x}} {
			for _, s := range side.ends.Stations {
				if bridge, ok := side.bridges.BridgeOf(s, a.nexthop); ok {
					return a.portless(owner, fabric.Site{Space: s.Space, Dev: s.Dev}, bridge), fabric.Station{Space: owner.Space, Dev: owner.Dev}, true
				}
			}
		}
	}
	return nil, fabric.Station{}, false
}

// plugged is who has the next hop, once the cables that were found beside their
// bridges are ports of them.
func (a *arping) plugged(x *fabric.Explorer) (fabric.Station, bool) {
	for _, p := range a.w.mended.Plugs() {
		isCable := func(n *machine.Space, dev table.Link) bool {
			return n == p.Cable.Space && dev.Index == p.Cable.Dev.Index
		}
		beside := slices.ContainsFunc(x.Stations, func(s fabric.Station) bool {
			return isCable(s.Space, s.Dev) || slices.ContainsFunc(s.Crossings, func(c fabric.Crossing) bool { return isCable(c.Space, c.Dev) })
		})
		behind := slices.ContainsFunc(x.Bridges, func(b fabric.Site) bool { return b.Space == p.Cable.Space && b.Dev.Index == p.Bridge.Index })
		var there []fabric.Station
		switch {
		case beside:
			there = append(a.w.explore(p.Cable.Space, p.Bridge, a.p.leg, nil).Stations, fabric.Station{Space: p.Cable.Space, Dev: p.Bridge})
		case behind:
			there = a.w.explore(p.Cable.Space, p.Cable.Dev, a.p.leg, nil).Stations
		}
		if yes, _ := a.answering(&fabric.Explorer{Stations: there}); len(yes) > 0 {
			return fabric.Nearest(yes)
		}
	}
	return fabric.Station{}, false
}

// portless is the fault of a cable that ends beside the bridge.
func (a *arping) portless(owner, cable fabric.Site, bridge table.Link) cause.Finding {
	a.w.mended.Plug(cable, bridge)
	return device.NoPort{NextHop: a.hop(), Owner: owner.Space.Name, Cable: cable.Device(), Bridge: fabric.Site{Space: cable.Space, Dev: bridge}.Device()}
}

// unforwarded: a tunnel does not know where the other end is.
func (a *arping) unforwarded(x *fabric.Explorer) (fabric.Station, bool) {
	if len(x.Voids) == 0 {
		return a.outOfFDB(x)
	}
	v := x.Voids[0]
	a.sent()
	f := device.TunnelVoid{NextHop: a.hop(), Link: v.Dev}
	f.Entries, f.Unread = v.Space.VXLANEntries(v.Dev)
	far, ok := a.w.otherEnd(v, a.isMeant)
	if !ok {
		a.report(f)
		return fabric.Station{}, false
	}
	mac := fabric.Everybody
	if x.MAC != nil {
		mac = far.Dev.MAC
	}
	f.Right = remedy.TunnelEntry{Netns: v.Space.Name, Dev: v.Dev.Name, MAC: mac, Dst: far.addr}
	a.report(f)
	return fabric.Station{Space: far.Space, Dev: far.Dev}, true
}

// sent notes that the frame leaves its device, for the neighbour table has a MAC
// address for it.
func (a *arping) sent() {
	if a.byTable && len(a.w.faults) == 0 {
		a.w.hop(a.n, a.p, hop.StageNeighbour, a.link.Name, quote(a.entry.Line()))
		a.w.wired(a.n, a.p, hop.StageSend, a.link.Name)
	}
}

// isMeant reports whether a device at the end of a tunnel is whom the frame is
// for.
func (a *arping) isMeant(n *machine.Space, dev table.Link) bool {
	if a.entry.MAC != nil && bytes.Equal(a.entry.MAC, dev.MAC) {
		return true
	}
	return n.Answers(dev, a.nexthop, a.sender).Yes
}

// outOfFDB: the station is there, but the forwarding database of a bridge on the
// way sends its frames out of another port.
func (a *arping) outOfFDB(x *fabric.Explorer) (fabric.Station, bool) {
	f := device.WrongPort{NextHop: a.hop(), MAC: x.MAC}
	for _, b := range x.Bridges {
		one, err := b.Space.Ask()
		if err != nil {
			continue
		}
		entry, ok, err := one.BridgeFDB(b.Dev.Index, x.MAC)
		if err != nil || !ok {
			continue
		}
		f.Bridge, f.Entry = b.Device(), &entry
		break
	}
	a.report(f)
	return fabric.Station{}, false
}
