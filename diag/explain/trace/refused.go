package trace

import (
	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/judge"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// refused notes why the input lookup turned the packet away.
func (w *walk) refused(n *machine.Space, p journey.Packet, dev table.Link, route machine.RouteAnswer) {
	if route.Kind == machine.KindMartian && n == p.Origin && p.Encap == nil && p.Src != p.Dst {
		w.fault(n, p, hop.StageRoute, dev.Name, w.Circles(n, p, dev, route, w.opened)) // it is back where it came from
		w.strayed = true
		return
	}
	if a := w.Sought; route.Kind == machine.KindForwardingOff && p.Encap == nil && a != nil && a.Link.Index != 0 {
		if wrong, right, ok := a.Misled(n); ok {
			w.fault(a.Space, p, hop.StageNeighbour, a.Link.Name, wrong)
			w.retake(a, p, right)
			return
		}
	}
	if a := w.asking; route.Kind == machine.KindForwardingOff && p.Encap == nil && a != nil && a.NextHop != p.Dst && route.Dev == dev.Index {
		if wrong, right, ok := a.NoRouter(n); ok {
			w.report(a, wrong)
			w.retake(a, p, right)
			return
		}
	}
	w.fault(n, p, hop.StageRoute, dev.Name, w.Refused(n, p, dev, route))
}

// noRoute notes why a lookup has no way for the packet. It returns the route
// that the fix would add, so that the walk can go on behind it, or one that
// leads nowhere.
func (w *walk) noRoute(n *machine.Space, p journey.Packet, route machine.RouteAnswer) machine.RouteAnswer {
	if ignored, ok := absent.Ignored(n, p.Dst, route); ok {
		w.hop(n, p, hop.StageRoute, ignored.DevName, wNotUsed.Of(ignored.Line))
		return ignored
	}
	if w.first && route.Kind == machine.KindNone && !w.strayed {
		// Why there is none, and what would lead there, is searched for in other namespaces and files.
		w.stop(n, p, hop.StageRoute, route.DevName, cause.Unrouted{At: at(n), Lookup: cause.Lookup{Dst: p.Dst, Answer: route}})
		w.strayed = true
		return machine.RouteAnswer{}
	}
	r, ok := w.NoRoute(n, p, route)
	if !ok {
		why := say.Quote(route.Kind)
		if route.Err != nil {
			why = say.Quote(route.Err)
		}
		w.giveUp(n, p, hop.StageRoute, route.DevName, wAnswer.Of(why))
		return machine.RouteAnswer{}
	}
	w.ruled(n, p, route.DevName, r)
	if r.By != nil && w.sentFrom(r.Source, r.By, n, p) {
		return machine.RouteAnswer{}
	}
	if behind, ok := n.RejectedBehind(p.Dst, route); ok && len(r.Finding.Fix()) > 0 {
		return w.noRoute(n, p, behind)
	}
	if route.Kind.Rejects() && r.Next.Kind != machine.KindUnicast && len(r.Finding.Fix()) > 0 { // what is taken away was all there is
		r = w.Unrouted(n, p, cause.Lookup{Dst: p.Dst, Answer: machine.RouteAnswer{Kind: machine.KindNone}})
		w.ruled(n, p, route.DevName, r)
	}
	if r.Next.Kind == machine.KindUnicast {
		w.Mended.Lead(n, p.Dst, r.Next)
	}
	return r.Next
}

// ruled notes the ruling on a packet that has no way.
func (w *walk) ruled(n *machine.Space, p journey.Packet, dev string, r judge.Ruling) {
	if r.Before != nil {
		w.fault(n, p, hop.StageRoute, r.FirstDev, r.Before)
	}
	w.fault(n, p, hop.StageRoute, dev, r.Finding)
}
