package trace

import (
	"bytes"
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// beside is a station that has the address and hangs on a port that is missing
// from the bridge.
func (a *arping) beside(x *fabric.Explorer) (cause.Finding, fabric.Station, bool) {
	for _, owner := range a.w.owners(a.nexthop) {
		if owner.Node == a.n {
			continue
		}
		far := a.w.explore(owner.Node, owner.Dev, a.p.leg, nil)
		if port, bridge, ok := elsewhereOn(x, far); ok {
			return a.portless(owner, port, bridge), fabric.Station{Node: owner.Node, Dev: owner.Dev}, true
		}
		for _, side := range []struct{ bridges, ends *fabric.Explorer }{{x, far}, {far, x}} {
			for _, s := range side.ends.Stations {
				if bridge, ok := bridgeOf(side.bridges, s, a.nexthop); ok {
					return a.portless(owner, fabric.Site{Node: s.Node, Dev: s.Dev}, bridge), fabric.Station{Node: owner.Node, Dev: owner.Dev}, true
				}
			}
		}
	}
	return nil, fabric.Station{}, false
}

// elsewhereOn is a port on the way to far that belongs to another bridge of the
// same namespace than the one that the frame came through.
func elsewhereOn(x, far *fabric.Explorer) (fabric.Site, table.Link, bool) {
	for _, s := range far.Stations {
		for _, c := range s.Crossings {
			if c.Out || c.Dev.Port == nil {
				continue
			}
			for _, b := range x.Bridges {
				if b.Node == c.Node && b.Dev.Name != c.Dev.Master {
					return fabric.Site{Node: c.Node, Dev: c.Dev}, b.Dev, true
				}
			}
		}
	}
	return fabric.Site{}, table.Link{}, false
}

// portless is the fault of a cable that ends beside the bridge.
func (a *arping) portless(owner, cable fabric.Site, bridge table.Link) cause.Finding {
	return cause.NoPort{NextHop: a.hop(), Owner: owner.Node.Name, Cable: cable.Device(), Bridge: fabric.Site{Node: cable.Node, Dev: bridge}.Device()}
}

// bridgeOf is the bridge on the frame's way that the device of s should be a
// port of: it is in the same namespace, and the device has no address.
func bridgeOf(x *fabric.Explorer, s fabric.Station, addr netip.Addr) (table.Link, bool) {
	if s.Node == nil || s.Dev.Kind != "veth" || s.Dev.Master != "" {
		return table.Link{}, false
	}
	if addrs, err := s.Node.Addrs(s.Dev.Index); err != nil || machine.HasFamily(addrs, addr) {
		return table.Link{}, false
	}
	for _, b := range x.Bridges {
		if b.Node == s.Node {
			return b.Dev, true
		}
	}
	return table.Link{}, false
}

// unforwarded: a tunnel does not know where the other end is.
func (a *arping) unforwarded(x *fabric.Explorer) (fabric.Station, bool) {
	if len(x.Voids) == 0 {
		return a.outOfFDB(x)
	}
	v := x.Voids[0]
	a.sent()
	f := cause.TunnelVoid{NextHop: a.hop(), Link: v.Dev}
	f.Entries, f.Unread = v.Node.VXLANEntries(v.Dev)
	far, ok := a.w.otherEnd(v, a.isMeant)
	if !ok {
		a.report(f)
		return fabric.Station{}, false
	}
	mac := fabric.Everybody
	if x.MAC != nil {
		mac = far.Dev.MAC
	}
	f.Right = cause.TunnelEntry{Netns: v.Node.Name, Dev: v.Dev.Name, MAC: mac, Dst: far.addr}
	a.report(f)
	return fabric.Station{Node: far.Node, Dev: far.Dev}, true
}

// sent notes that the frame leaves its device, for the neighbour table has a MAC
// address for it.
func (a *arping) sent() {
	if a.byTable && len(a.w.faults) == 0 {
		a.w.hop(a.n, a.p, StageNeighbour, a.link.Name, quote(a.entry.Line()))
		a.w.wired(a.n, a.p, StageSend, a.link.Name)
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
	f := cause.WrongPort{NextHop: a.hop(), MAC: x.MAC}
	for _, b := range x.Bridges {
		one, err := b.Node.Ask()
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
