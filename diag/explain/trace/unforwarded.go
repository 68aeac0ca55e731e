package trace

import (
	"bytes"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// beside is a station that has the address and hangs on a port that is missing
// from the bridge.
func (a *arping) beside(x *explorer) (cause.Finding, station, bool) {
	for _, owner := range a.w.owners(a.nexthop) {
		if owner.node == a.n {
			continue
		}
		far := a.w.explore(owner.node, owner.dev, a.e.leg, nil)
		if port, bridge, ok := elsewhereOn(x, far); ok {
			return a.portless(owner, port, bridge), station{node: owner.node, dev: owner.dev}, true
		}
		for _, side := range []struct{ bridges, ends *explorer }{{x, far}, {far, x}} {
			for _, s := range side.ends.stations {
				if bridge, ok := bridgeOf(side.bridges, s); ok {
					return a.portless(owner, site{s.node, s.dev}, bridge), station{node: owner.node, dev: owner.dev}, true
				}
			}
		}
	}
	return nil, station{}, false
}

// elsewhereOn is a port on the way to far that belongs to another bridge of the
// same namespace than the one that the frame came through.
func elsewhereOn(x, far *explorer) (site, table.Link, bool) {
	for _, s := range far.stations {
		for _, c := range s.crossings {
			if c.out || c.dev.Port == nil {
				continue
			}
			for _, b := range x.bridges {
				if b.node == c.node && b.dev.Name != c.dev.Master {
					return site{c.node, c.dev}, b.dev, true
				}
			}
		}
	}
	return site{}, table.Link{}, false
}

// portless is the fault of a cable that ends beside the bridge.
func (a *arping) portless(owner, cable site, bridge table.Link) cause.Finding {
	return cause.NoPort{NextHop: a.hop(), Owner: owner.node.Name, Cable: cable.device(), Bridge: bridge.Name}
}

// bridgeOf is the bridge on the frame's way that the device of s should be a
// port of: it is in the same namespace, and the device has no address.
func bridgeOf(x *explorer, s station) (table.Link, bool) {
	if s.node == nil || s.dev.Kind != "veth" || s.dev.Master != "" {
		return table.Link{}, false
	}
	if addrs, err := s.node.Addrs(s.dev.Index); err != nil || hasIPv4(addrs) {
		return table.Link{}, false
	}
	for _, b := range x.bridges {
		if b.node == s.node {
			return b.dev, true
		}
	}
	return table.Link{}, false
}

// unforwarded: a tunnel does not know where the other end is.
func (a *arping) unforwarded(x *explorer) (station, bool) {
	if len(x.voids) == 0 {
		return a.outOfFDB(x)
	}
	v := x.voids[0]
	a.sent()
	f := cause.TunnelVoid{NextHop: a.hop(), Link: v.dev}
	f.Entries, f.Unread = everyEntry(v)
	far, ok := a.w.otherEnd(v, a.isMeant)
	if !ok {
		a.report(f)
		return station{}, false
	}
	mac := everybody
	if x.mac != nil {
		mac = far.dev.MAC
	}
	f.Right = cause.TunnelEntry{Netns: v.node.Name, Dev: v.dev.Name, MAC: mac, Dst: far.addr}
	a.report(f)
	return station{node: far.node, dev: far.dev}, true
}

// everyEntry are the entries of a tunnel's forwarding database, and whether some
// could not be read.
func everyEntry(v site) (_ []table.FDBEntry, unread bool) {
	one, err := v.node.Ask()
	if err != nil {
		return nil, true
	}
	entries, err := one.VXLANFDB(v.dev.Index)
	return entries, err != nil
}

// sent notes that the frame leaves its device, for the neighbour table has a MAC
// address for it.
func (a *arping) sent() {
	if a.byTable && len(a.w.faults) == 0 {
		a.w.hop(a.n, a.e, StageNeighbour, a.link.Name, quote(a.entry.Line()))
		a.w.wired(a.n, a.e, StageSend, a.link.Name)
	}
}

// isMeant reports whether a device at the end of a tunnel is whom the frame is
// for.
func (a *arping) isMeant(n *machine.Space, dev table.Link) bool {
	if a.entry.MAC != nil && bytes.Equal(a.entry.MAC, dev.MAC) {
		return true
	}
	return n.AnswersARP(dev, a.nexthop, a.sender).Yes
}

// outOfFDB: the station is there, but the forwarding database of a bridge on the
// way sends its frames out of another port.
func (a *arping) outOfFDB(x *explorer) (station, bool) {
	f := cause.WrongPort{NextHop: a.hop(), MAC: x.mac}
	for _, b := range x.bridges {
		one, err := b.node.Ask()
		if err != nil {
			continue
		}
		entry, ok, err := one.BridgeFDB(b.dev.Index, x.mac)
		if err != nil || !ok {
			continue
		}
		f.Bridge, f.Entry = b.device(), &entry
		break
	}
	a.report(f)
	return station{}, false
}
