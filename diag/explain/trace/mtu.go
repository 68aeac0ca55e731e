package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// vlanHeader is what the kernel allows a frame to be longer than the receiving
// device's MTU says, in bytes (is_skb_forwardable()).
const vlanHeader = 4

// fits passes a packet through the MTU of the device it leaves by: it is cut to
// pieces, or refused if that is not allowed.
func (w *walk) fits(n *machine.Space, p packet, link table.Link, route machine.RouteAnswer) packet {
	mtu, byRoute := link.MTU, route.Entry.MTU
	if byRoute > 0 && byRoute < mtu {
		mtu = byRoute
	} else {
		byRoute = 0
	}
	if p.length <= mtu {
		return p
	}
	if !p.df && (p.dst.Is4() || p.origin == n) { // routers of IPv6 fragment nothing
		p.length = mtu
		return p
	}
	if byRoute > 0 {
		w.fault(n, p, hop.StageRoute, link.Name, cause.OverRoute{At: at(n), Length: p.length, Route: route, Learned: learner(n, p)})
		return p
	}
	w.fault(n, p, hop.StageSend, link.Name, cause.OverDevice{
		At: at(n), Length: p.length, Link: link, Transit: p.origin != n, Learned: learner(n, p), Blind: w.blind(n, link),
	})
	return p
}

// blind reports whether a cable's other end cannot be seen.
func (w *walk) blind(n *machine.Space, link table.Link) bool {
	_, err := w.world.Below(n, link)
	return link.Kind == "veth" && err != nil
}

// learner is who learns of an MTU from n, the sender of what did not fit, or nil.
func learner(n *machine.Space, p packet) *cause.Learner {
	if p.origin == n || p.encap != nil {
		return nil
	}
	return &cause.Learner{At: at(p.origin), IPv6: p.dst.Is6()}
}

// remembers notes that the sender has learned of a smaller MTU on the path, and
// does not send what does not fit into that. Why is found further on, unless it
// has been mended since.
func (w *walk) remembers(n *machine.Space, p packet, link table.Link, route machine.RouteAnswer) {
	if !p.df || p.origin != n || p.length <= route.MTU || route.MTU == 0 || route.MTU >= link.MTU || route.Entry.MTU == route.MTU {
		return
	}
	learnt := Find(p.leg, cause.Remembered{At: at(n), Dst: p.dst, MTU: route.MTU, Get: route.Get})
	w.learnt = &learnt
	w.hop(n, p, hop.StageSend, link.Name, learnt.Detail())
	w.hops[len(w.hops)-1].Predicted = hop.Fail
}

// taken passes a frame through what the other end of a cable takes: a veth drops
// what is longer than its own MTU, and tells nobody but the sender's device.
func (w *walk) taken(n *machine.Space, p packet, dev table.Link) {
	if p.length <= dev.MTU+vlanHeader {
		return
	}
	w.fault(n, p, hop.StageReceive, dev.Name, cause.OverPeer{At: at(n), Length: p.length, Link: dev})
}
