package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// vlanHeader is what the kernel allows a frame to be longer than the receiving
// device's MTU says, in bytes (is_skb_forwardable()).
const vlanHeader = 4

// fits passes a packet through the MTU of the device it leaves by: it is cut to
// pieces, or refused if that is not allowed.
func (w *walk) fits(n *machine.Space, e echo, link table.Link, route machine.RouteAnswer) echo {
	mtu, byRoute := link.MTU, route.Entry.MTU
	if byRoute > 0 && byRoute < mtu {
		mtu = byRoute
	} else {
		byRoute = 0
	}
	if e.length <= mtu {
		return e
	}
	if !e.df && (e.dst.Is4() || e.origin == n) { // routers of IPv6 fragment nothing
		e.length = mtu
		return e
	}
	if byRoute > 0 {
		w.fault(n, e, StageRoute, link.Name, cause.OverRoute{At: at(n), Length: e.length, Route: route, Learned: w.learner(n, e)})
		return e
	}
	w.fault(n, e, StageSend, link.Name, cause.OverDevice{
		At: at(n), Length: e.length, Link: link, Transit: e.origin != n, Learned: w.learner(n, e),
	})
	return e
}

// learner is who learns of an MTU from n, or nil.
func (w *walk) learner(n *machine.Space, e echo) *cause.At {
	if e.origin == n || e.outer != nil {
		return nil
	}
	sender := at(w.from)
	return &sender
}

// remembers notes that the sender has learned of a smaller MTU on the path, and
// does not send what does not fit into that. Why is found further on, unless it
// has been mended since.
func (w *walk) remembers(n *machine.Space, e echo, link table.Link, route machine.RouteAnswer) {
	if !e.df || e.origin != n || e.length <= route.MTU || route.MTU == 0 || route.MTU >= link.MTU || route.Entry.MTU == route.MTU {
		return
	}
	learnt := Find(e.leg, cause.Remembered{At: at(n), Dst: e.dst, MTU: route.MTU, Get: route.Get})
	w.learnt = &learnt
	w.hop(n, e, StageSend, link.Name, learnt.Detail())
	w.hops[len(w.hops)-1].Predicted = Fail
}

// taken passes a frame through what the other end of a cable takes: a veth drops
// what is longer than its own MTU, and tells nobody but the sender's device.
func (w *walk) taken(n *machine.Space, e echo, dev table.Link) {
	if e.length <= dev.MTU+vlanHeader {
		return
	}
	w.fault(n, e, StageReceive, dev.Name, cause.OverPeer{At: at(n), Length: e.length, Link: dev})
}
