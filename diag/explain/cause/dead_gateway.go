package cause

import (
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DeadGateway is a gateway that nobody on its wire has, of a route that stands before
// another one which leads to the destination as well.
type DeadGateway struct {
	NextHop
	Route    table.Route // with the gateway
	Next     table.Route // that is taken without it
	Stations []Station   // that are on the wire
}

// Code is NeighbourUnanswered.
func (DeadGateway) Code() Code { return NeighbourUnanswered }

// Detail names who asks and for what, and the other route.
func (d DeadGateway) Detail() say.Text {
	return say.T("%[1]s asks who has %[2]s, and nobody answers; the route by it comes before that through %[3]s",
		"%[1]s 发出 who-has %[2]s，无人应答；而经过它的这条路由排在走 %[3]s 的那条之前", d.Dev, d.Addr, d.Next.Dev)
}

// Evidence are both routes, the entry and those who are there.
func (d DeadGateway) Evidence() []say.Text {
	return slices.Concat(Lines(d.Route.Line(), d.Next.Line()), d.With(), present(d.Stations))
}

// Fix takes the route away.
func (d DeadGateway) Fix() []change.Change {
	return []change.Change{change.Route{Netns: d.Asker, Verb: change.RouteDel, Route: d.Route}}
}
