package explain

import (
	"bytes"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// beside is a station that has the address and hangs on a port that is missing
// from the bridge.
func (a *arping) beside(x *explorer) (Fault, station, bool) {
	for _, owner := range a.w.owners(a.nexthop) {
		if owner.node == a.n {
			continue
		}
		far := a.w.explore(owner.node, owner.dev, a.e.leg, nil)
		if port, bridge, ok := elsewhereOn(x, far); ok {
			return a.portless(owner, station{node: port.node, dev: port.dev}, bridge), station{node: owner.node, dev: owner.dev}, true
		}
		for _, side := range []struct{ bridges, ends *explorer }{{x, far}, {far, x}} {
			for _, s := range side.ends.stations {
				if bridge, ok := bridgeOf(side.bridges, s); ok {
					return a.portless(owner, s, bridge), station{node: owner.node, dev: owner.dev}, true
				}
			}
		}
	}
	return Fault{}, station{}, false
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
func (a *arping) portless(owner site, s station, bridge table.Link) Fault {
	return Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name, sure: true,
		Detail:   say("%s has %s, but %s, which should connect the two, is no port of %s", title(owner.node), a.nexthop, s.dev.Name, bridge.Name),
		Evidence: []string{s.dev.Line()},
		fix:      []change.Command{change.LinkSet(s.node.Name, s.dev.Name, "master", bridge.Name)},
	}
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
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name, sure: true,
		Detail:   say("the forwarding database of %s has no entry for the frame: it is sent to nobody", v.dev.Name),
		Evidence: fdbShow(v),
	}
	far, ok := a.w.otherEnd(v, a.isMeant)
	if !ok {
		a.report(f)
		return station{}, false
	}
	mac := everybody
	if x.mac != nil {
		mac = far.dev.MAC
	}
	f.fix = []change.Command{change.In(v.node.Name, "bridge", "fdb", "append", mac.String(), "dev", v.dev.Name, "dst", far.addr.String(), "self", "permanent")}
	a.report(f)
	return station{node: far.node, dev: far.dev}, true
}

// fdbShow are the entries of a tunnel's forwarding database.
func fdbShow(v site) []string {
	lines := []string{v.dev.Line()}
	one, err := v.node.Ask()
	if err != nil {
		return lines
	}
	entries, err := one.VXLANFDB(v.dev.Index)
	for _, e := range entries {
		lines = append(lines, e.Line())
	}
	if err == nil && len(entries) == 0 {
		lines = append(lines, "bridge fdb show dev "+v.dev.Name+": nothing")
	}
	return lines
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
	f := Fault{
		Code: cause.NeighbourUnanswered, Netns: a.n.Name,
		Detail: say("frames for %s do not come to who has that address: a forwarding database on the way has it elsewhere", x.mac),
	}
	for _, b := range x.bridges {
		one, err := b.node.Ask()
		if err != nil {
			continue
		}
		entry, ok, err := one.BridgeFDB(b.dev.Index, x.mac)
		if err != nil || !ok {
			continue
		}
		f.Detail = say("the forwarding database of %s sends frames for %s out of %s, where nobody has that address", b.dev.Name, x.mac, entry.Dev)
		f.Evidence = append(f.Evidence, entry.Line())
		f.fix = []change.Command{change.In(b.node.Name, "bridge", "fdb", "del", x.mac.String(), "dev", entry.Dev, "master")}
		break
	}
	a.report(f)
	return station{}, false
}
