package trace

import (
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
)

// vrfTable is the table of the VRF in which a namespace looks for the way of a
// packet, by the device that it came in by last; 0 when it is in none.
func (w *walk) vrfTable(n *machine.Space) int {
	for _, h := range slices.Backward(w.hops) {
		if h.Space != n || h.Stage != hop.StageReceive || h.Carrying {
			continue
		}
		dev, err := n.Link(h.Device)
		if err != nil {
			return 0
		}
		vrf, _ := n.VRFOf(dev)
		return vrf.VRF
	}
	return 0
}

// besideVRF is the finding of a reply that is looked up in a VRF which has no way
// for it, where the main table has one.
func (w *walk) besideVRF(n *machine.Space, p packet, l cause.Lookup) (cause.Finding, machine.RouteAnswer, bool) {
	in := w.vrfTable(n)
	if in == 0 || !p.isReply() {
		return nil, machine.RouteAnswer{}, false
	}
	rest, link, ok := machine.MainRoute(n, p.dst)
	if !ok || machine.PrefixBits(rest.Dst) == 0 {
		return nil, machine.RouteAnswer{}, false
	}
	way := fabric.WayOut{Dev: link, Via: rest.Via, Onlink: rest.Onlink}
	leak := way.To(n, p.dst)
	leak.Table, leak.Net = in, rest.Dst
	return cause.NoWayBack{At: at(n), Lookup: l, Way: leak}, way.Route(p.src), true
}
