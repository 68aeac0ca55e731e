package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// vlanHeader is what the kernel allows a frame to be longer than the receiving
// device's MTU says, in bytes (is_skb_forwardable()).
const vlanHeader = 4

// fits passes a packet through the MTU of the device it leaves by: it is cut to
// pieces, or refused if that is not allowed.
func (w *walk) fits(n *machine.Space, p journey.Packet, link table.Link, route machine.RouteAnswer) journey.Packet {
	mtu, byRoute := link.MTU, route.Entry.MTU
	if byRoute > 0 && byRoute < mtu {
		mtu = byRoute
	} else {
		byRoute = 0
	}
	if p.Length <= mtu {
		return p
	}
	if !p.DF && (p.Dst.Is4() || p.Origin == n) { // routers of IPv6 fragment nothing
		p.Length = mtu
		return p
	}
	if byRoute > 0 {
		w.fault(n, p, hop.StageRoute, link.Name, cause.OverRoute{At: at(n), Length: p.Length, Route: route, Learned: learner(n, p)})
		return p
	}
	w.fault(n, p, hop.StageSend, link.Name, cause.OverDevice{
		At: at(n), Length: p.Length, Link: link, Transit: p.Origin != n, Learned: learner(n, p), Blind: w.blind(n, link),
	})
	return p
}

// blind reports whether a cable's other end cannot be seen.
func (w *walk) blind(n *machine.Space, link table.Link) bool {
	_, err := w.World.Below(n, link)
	return link.Kind == "veth" && err != nil
}

// learner is who learns of an MTU from n, the sender of what did not fit, or nil.
func learner(n *machine.Space, p journey.Packet) *cause.Learner {
	if p.Origin == n || p.Encap != nil {
		return nil
	}
	return &cause.Learner{At: at(p.Origin), IPv6: p.Dst.Is6()}
}

// remembers notes that the sender has learned of a smaller MTU on the path, and
// does not send what does not fit into that. Why is found further on, unless it
// has been mended since.
func (w *walk) remembers(n *machine.Space, p journey.Packet, link table.Link, route machine.RouteAnswer) {
	if !p.DF || p.Origin != n || p.Length <= route.MTU || route.MTU == 0 || route.MTU >= link.MTU || route.Entry.MTU == route.MTU {
		return
	}
	w.remember(n, p, hop.StageSend, link.Name, cause.Remembered{At: at(n), Dst: p.Dst, MTU: route.MTU, Get: route.Get})
}

// beyondSight is the finding with the device behind which the path cannot be seen.
func (w *walk) beyondSight(f cause.Finding) cause.Finding {
	if r, ok := f.(cause.Remembered); ok && w.outside != nil {
		return cause.RememberedBeyond{Remembered: r, Dev: w.outside.Edge.Dev.Name}
	}
	return f
}

// taken passes a frame through what the other end of a cable takes: a veth drops
// what is longer than its own MTU, and tells nobody but the sender's device.
func (w *walk) taken(n *machine.Space, p journey.Packet, dev table.Link) {
	if p.Length <= dev.MTU+vlanHeader {
		return
	}
	w.fault(n, p, hop.StageReceive, dev.Name, cause.OverPeer{At: at(n), Length: p.Length, Link: dev})
}
