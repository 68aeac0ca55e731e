package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Hinted is whom something here takes for the router of a device's network, and the line
// that says it: another wide route by the device, the default route of a host on its wire, or that
// the first address of the network is in use, or somebody stands in for it. A network of two
// has no other router than the other one, and of who has no network on the wire it is the only
// one there whom the namespace has found.
func Hinted(n *machine.Space, d machine.Device, wire []Station) (via netip.Addr, proof string) {
	own := d.Addrs[0].Prefix
	if via, proof = told(n, d, wire); via.IsValid() {
		return via, proof
	}
	if entry, ok := onlyNeighbour(n, d.Link); ok && own.IsSingleIP() {
		return entry.Dst, entry.Line()
	}
	if other, ok := onlyOther(own); ok {
		return other, ""
	}
	first, ok := machine.FirstOther(own)
	if !ok {
		return netip.Addr{}, ""
	}
	for _, s := range wire {
		if s.Space == nil || s.Space == n {
			continue
		}
		if answer := s.Space.Answers(s.Dev, first, own.Addr()); answer.Yes {
			return first, strings.Join(answer.Evidence, "; ")
		}
	}
	if entry, known, err := n.NextHopNeighbour(d.Link.Index, first); err == nil && known && entry.MAC != nil {
		return first, entry.Line()
	}
	return netip.Addr{}, ""
}

// onlyNeighbour is the entry of the one neighbour of IPv4 on a device that has been found.
func onlyNeighbour(n *machine.Space, dev table.Link) (only table.Neighbour, ok bool) {
	snap, err := n.Snapshot(table.Links | table.Neighbours)
	if err != nil {
		return only, false
	}
	for _, entry := range snap.Neighbours {
		if entry.Dev != dev.Name || !entry.Dst.Is4() || len(entry.MAC) == 0 || entry.Proxy {
			continue
		}
		if ok {
			return table.Neighbour{}, false
		}
		only, ok = entry, true
	}
	return only, ok
}

// told is whom a route names: one of the namespace's own, or of a host on its wire.
func told(n *machine.Space, d machine.Device, wire []Station) (via netip.Addr, proof string) {
	own := d.Addrs[0].Prefix
	if via, proof = routed(n, d.Link.Name, own); via.IsValid() {
		return via, proof
	}
	for _, s := range wire {
		if s.Space == nil || s.Space == n {
			continue
		}
		if via, proof = routed(s.Space, s.Dev.Name, own); via.IsValid() && !s.Space.Local(via) {
			return via, s.Space.Calls() + ": " + proof
		}
	}
	return netip.Addr{}, ""
}

// wide are the longest prefixes that a route to the rest of the world, or to a private range
// of it, may have: a narrower one may lead to another host.
const wide = 12

// routed is the next hop of a namespace's wide routes by a device that is in a network, the
// default route's first.
func routed(n *machine.Space, dev string, network netip.Prefix) (via netip.Addr, proof string) {
	snap, err := n.Snapshot(table.Links | table.Routes)
	if err != nil {
		return via, proof
	}
	for _, r := range snap.Routes {
		if r.Dev != dev || r.Type != "unicast" || r.Dst.Bits() > wide || !network.Contains(r.Via) || r.Via == network.Addr() {
			continue
		}
		if !via.IsValid() || r.Default() {
			via, proof = r.Via, r.Line()
		}
		if r.Default() {
			break
		}
	}
	return via, proof
}

// onlyOther is the other address of a network that has two for hosts (RFC 3021).
func onlyOther(own netip.Prefix) (netip.Addr, bool) {
	if !own.Addr().Is4() || own.Bits() != 30 && own.Bits() != 31 {
		return netip.Addr{}, false
	}
	hosts := []netip.Addr{own.Masked().Addr(), own.Masked().Addr().Next()}
	if own.Bits() == 30 {
		hosts = []netip.Addr{hosts[1], hosts[1].Next()}
	}
	i := slices.Index(hosts, own.Addr())
	return hosts[max(1-i, 0)], i >= 0
}
