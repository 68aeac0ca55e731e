package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// WrongWire is a route without a gateway, by which a destination is taken for a neighbour on a
// wire: nobody there answers for it, the namespace has no address of that network, and has
// heard of nobody who has. Zeroconf (RFC 3927) leaves such a route behind, and who forgets a gateway.
type WrongWire struct {
	cause.NextHop
	Route table.Route // without the gateway
	Next  table.Route // that is taken without it
}

// Code is NeighbourUnanswered.
func (WrongWire) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names who asks and for whom, and where the other route leads.
func (w WrongWire) Detail() say.Text {
	return say.T("%[1]s asks who has %[2]s, and nobody answers: the route to %[3]s names no gateway, and %[4]s has no address of that network; without it the way is via %[5]s",
		"%[1]s 发出 who-has %[2]s，无人应答：到 %[3]s 的路由没有写网关，而 %[4]s 没有这个网段的地址；没有这条路由时走的是 via %[5]s", w.Dev, w.Addr, w.Route.Dst, machine.Called(w.Asker), w.Next.Via)
}

// Evidence are both routes, and the entry.
func (w WrongWire) Evidence() []say.Text {
	return append(cause.Lines(w.Route.Line(), w.Next.Line()), w.With()...)
}

// Fix takes the route away.
func (w WrongWire) Fix() []change.Change {
	return []change.Change{change.Route{Netns: w.Asker, Verb: change.RouteDel, Route: w.Route}}
}
