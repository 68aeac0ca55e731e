package judge

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
)

// beside is a station that has the address and hangs on a port that is missing
// from the bridge.
func (a *Search) beside(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, owner := range fabric.Owners(a.World.All(), a.NextHop) {
		far := a.Explore(owner.Space, owner.Dev, a.Packet.Leg, nil)
		if owner.Space == a.Space || far.Beside(a.Space, a.Link, a.NextHop) {
			continue
		}
		if port, bridge, ok := x.Elsewhere(far); ok {
			return a.portless(owner, port, bridge), fabric.Station{Space: owner.Space, Dev: owner.Dev}, true
		}
		for _, side := range []struct{ bridges, ends *fabric.Explorer }{{x, far}, {far, x}} {
			for _, s := range side.ends.Stations {
				if bridge, ok := side.bridges.BridgeOf(s, a.NextHop); ok {
					return a.portless(owner, fabric.Site{Space: s.Space, Dev: s.Dev}, bridge), fabric.Station{Space: owner.Space, Dev: owner.Dev}, true
				}
			}
		}
	}
	return nil, fabric.Station{}, false
}

// plugged is who has the next hop, once the cables that were found beside their
// bridges are ports of them.
func (a *Search) plugged(x *fabric.Explorer) (fabric.Station, bool) {
	for _, p := range a.Mended.Plugs() {
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
			there = append(a.Explore(p.Cable.Space, p.Bridge, a.Packet.Leg, nil).Stations, fabric.Station{Space: p.Cable.Space, Dev: p.Bridge})
		case behind:
			there = a.Explore(p.Cable.Space, p.Cable.Dev, a.Packet.Leg, nil).Stations
		}
		if yes, _ := a.Answering(&fabric.Explorer{Stations: there}); len(yes) > 0 {
			return fabric.Nearest(yes)
		}
	}
	return fabric.Station{}, false
}

// portless is the fault of a cable that ends beside the bridge.
func (a *Search) portless(owner, cable fabric.Site, bridge table.Link) cause.Finding {
	return device.NoPort{NextHop: a.Hop(), Owner: owner.Space.Name, Cable: cable.Device(), Bridge: fabric.Site{Space: cable.Space, Dev: bridge}.Device()}
}

// unforwarded: a tunnel does not know where the other end is.
func (a *Search) unforwarded(x *fabric.Explorer) Outcome {
	if len(x.Voids) == 0 {
		return a.OutOfFDB(x)
	}
	v := x.Voids[0]
	f := device.TunnelVoid{NextHop: a.Hop(), Link: v.Dev}
	f.Entries, f.Unread = v.Space.VXLANEntries(v.Dev)
	far, ok := a.otherEnd(v, a.isMeant)
	if !ok {
		return Outcome{Finding: f, Left: true}
	}
	mac := fabric.Everybody
	if x.MAC != nil {
		mac = far.Dev.MAC
	}
	f.Right = remedy.TunnelEntry{Netns: v.Space.Name, Dev: v.Dev.Name, MAC: mac, Dst: far.addr}
	return Outcome{Finding: f, Station: fabric.Station{Space: far.Space, Dev: far.Dev}, Left: true}
}

// OutOfFDB: the station is there, but the forwarding database of a bridge on the
// way sends its frames out of another port.
func (a *Search) OutOfFDB(x *fabric.Explorer) Outcome {
	f := device.WrongPort{NextHop: a.Hop(), MAC: x.MAC}
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
	return Outcome{Finding: f}
}
