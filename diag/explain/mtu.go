package explain

import (
	"slices"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
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
	if !e.df {
		e.length = mtu
		return e
	}
	if byRoute > 0 {
		w.fault(n, e, StageRoute, link.Name, Fault{
			Code: cause.MTUExceeded, Netns: n.Name,
			Detail:   say("a packet of %d bytes that must not be fragmented is more than the route allows: mtu %d", e.length, byRoute),
			Evidence: []string{route.Line}, fix: w.forgetful(n, e, []change.Command{widened(route, n)}),
		})
		return e
	}
	detail := say("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: the sender is told \"message too long\"", e.length, link.Name, link.MTU)
	if e.origin != n {
		detail = say("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: %s answers \"fragmentation needed\"", e.length, link.Name, link.MTU, title(n))
	}
	w.fault(n, e, StageSend, link.Name, Fault{
		Code: cause.MTUExceeded, Netns: n.Name, Detail: detail,
		Evidence: []string{link.Line()}, fix: w.forgetful(n, e, widen(n, link, e.length)),
	})
	return e
}

// widened is the route without its MTU.
func widened(a machine.RouteAnswer, n *machine.Space) change.Command {
	entry := a.Entry
	entry.MTU, entry.MTULocked = 0, false
	return change.In(n.Name, slices.Concat([]string{"ip", "route", "replace"}, entry.Args())...)
}

// forgetful adds that the sender has to forget the path's MTU, which it learned
// from a router's answer and keeps for ten minutes (ip_rt_mtu_expires).
func (w *walk) forgetful(n *machine.Space, e echo, fix []change.Command) []change.Command {
	if len(fix) == 0 || e.origin == n || e.outer != nil {
		return fix
	}
	return append(fix, change.In(w.from.Name, "ip", "route", "flush", "cache"))
}

// remembers notes that the sender has learned of a smaller MTU on the path, and
// does not send what does not fit into that. Why is found further on, unless it
// has been mended since.
func (w *walk) remembers(n *machine.Space, e echo, link table.Link, route machine.RouteAnswer) {
	if !e.df || e.origin != n || e.length <= route.MTU || route.MTU == 0 || route.MTU >= link.MTU || route.Entry.MTU == route.MTU {
		return
	}
	w.learnt = &Fault{
		Code: cause.MTUExceeded, Netns: n.Name, Leg: e.leg,
		Detail:   say("%s remembers that packets of more than %d bytes do not get to %s, and sends none", title(n), route.MTU, e.dst),
		Evidence: []string{route.Get}, fix: []change.Command{change.In(n.Name, "ip", "route", "flush", "cache")},
	}
	w.hop(n, e, StageSend, link.Name, w.learnt.Detail)
	w.hops[len(w.hops)-1].Predicted = Fail
}

// widen makes room for packets of a length on a device, where the device can
// be made wider: what a tunnel adds has to fit below it.
func widen(n *machine.Space, link table.Link, length int) []change.Command {
	if link.Kind != "veth" && link.Kind != "bridge" {
		return nil
	}
	return []change.Command{change.LinkSet(n.Name, link.Name, "mtu", strconv.Itoa(length))}
}

// taken passes a frame through what the other end of a cable takes: a veth drops
// what is longer than its own MTU, and tells nobody but the sender's device.
func (w *walk) taken(n *machine.Space, e echo, dev table.Link) {
	if e.length <= dev.MTU+vlanHeader {
		return
	}
	w.fault(n, e, StageReceive, dev.Name, Fault{
		Code: cause.MTUExceeded, Netns: n.Name,
		Detail:   say("%s has an MTU of %d and drops the frame of a packet of %d bytes without a word", dev.Name, dev.MTU, e.length),
		Evidence: []string{dev.Line()}, fix: widen(n, dev, e.length),
	})
}
