package explain

import (
	"fmt"
	"net/netip"
	"slices"

	"nstutor/diag"
)

// resolved are the states in which the kernel uses the MAC address it has.
var resolved = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}

// resolve finds the MAC address that the frame will have, and whether the
// other end takes a frame for it. It is false when the walk cannot go on.
func (w *walk) resolve(n *Node, e echo, link diag.Link, nexthop netip.Addr, peer *Node, far diag.Link) bool {
	entry, known, err := n.NextHopNeighbour(link.Index, nexthop)
	if err != nil {
		w.giveUp(n, e, StageNeighbour, link.Name, quote(err.Error()))
		return false
	}
	if known && slices.Contains(resolved, entry.State) {
		if slices.Equal(entry.MAC, far.MAC) {
			w.hop(n, e, StageNeighbour, link.Name, quote(entry.Line()))
			return true
		}
		w.fault(n, e, StageNeighbour, link.Name, Fault{
			Code: NeighbourWrongMAC, Netns: n.Name,
			Detail:   say("the entry for %s says %s, but %s at the other end is %s: it ignores the frame", nexthop, entry.MAC, far.Name, far.MAC),
			Evidence: []string{entry.Line(), far.AddressLine()},
			fix:      []Fix{{n.Name, fmt.Sprintf("ip neigh del %s dev %s", nexthop, link.Name)}},
		})
		return true
	}
	answer := peer.AnswersARP(far.Index, nexthop, e.src)
	if answer.Yes {
		w.hop(n, e, StageNeighbour, link.Name, say("%s answers for %s (%s)", far.Name, nexthop, answer.By))
		return true
	}
	f := w.unanswered(n, link, nexthop, e, peer, far, answer)
	f.Evidence = answer.Evidence
	if known {
		f.Evidence = append([]string{entry.Line()}, f.Evidence...)
	}
	w.fault(n, e, StageNeighbour, link.Name, f)
	return f.Code != DestinationAbsent
}

// unanswered says why nobody gives the MAC address of the next hop.
func (w *walk) unanswered(n *Node, link diag.Link, nexthop netip.Addr, e echo, peer *Node, far diag.Link, answer ARPAnswer) Fault {
	conf := "net.ipv4.conf." + far.Name
	switch answer.Why {
	case ARPForwardingOff:
		return Fault{
			Code: ProxyARPNeedsForwarding, Netns: peer.Name,
			Detail: say("proxy_arp is on for %s, but it answers only for what it would forward, and its forwarding is off", far.Name),
			fix:    []Fix{{peer.Name, "sysctl -w " + conf + ".forwarding=1"}},
		}
	case ARPNoRoute, ARPRejectRoute, ARPSameDevice:
		return Fault{
			Code: ProxyARPNoRoute, Netns: peer.Name,
			Detail: say("proxy_arp is on for %s, but there is no route to %s through another device", far.Name, nexthop),
			fix:    []Fix{{peer.Name, fmt.Sprintf("ip addr add %s/32 dev %s", nexthop, far.Name)}},
		}
	case ARPRPFilter:
		return Fault{
			Code: RPFilter, Netns: peer.Name,
			Detail: say("the ARP request's sender %s would not be reached through %s, so rp_filter drops it", e.src, far.Name),
			fix:    []Fix{{peer.Name, fmt.Sprintf("ip route add %s dev %s", e.src, far.Name)}},
		}
	}
	if nexthop == e.dst {
		return Fault{
			Code: DestinationAbsent, Netns: n.Name,
			Detail: say("%s is on the wire of %s according to the route, but nobody there has it", nexthop, link.Name),
		}
	}
	length := w.prefixLen(n, link, nexthop)
	w.granted = append(w.granted, grant{peer, netip.PrefixFrom(nexthop, length).Masked(), far})
	return Fault{
		Code: NeighbourUnanswered, Netns: n.Name,
		Detail: say("%s asks who has %s, and nobody answers; proxy ARP on %s would do as well as the address", link.Name, nexthop, far.Name),
		fix:    []Fix{{peer.Name, fmt.Sprintf("ip addr add %s/%d dev %s", nexthop, length, far.Name)}},
	}
}

// prefixLen is that of the device's own prefix which covers addr, or 32.
func (w *walk) prefixLen(n *Node, link diag.Link, addr netip.Addr) int {
	addrs, err := n.Addrs(link.Index)
	if err != nil {
		return addr.BitLen()
	}
	for _, a := range addrs {
		if a.Prefix.Contains(addr) {
			return a.Prefix.Bits()
		}
	}
	return addr.BitLen()
}
