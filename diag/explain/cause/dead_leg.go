package cause

import (
	"net/netip"

	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DeadLeg is a route with several next hops, by one of which the destination cannot
// be reached: the flows that the kernel gives to that one are lost. It is NoRoute.
type DeadLeg struct {
	Sure
	At
	Dst     netip.Addr
	Dead    netip.Addr     // the next hop
	Line    string         // the route
	Behind  Finding        // what the packet meets behind it
	Rewrite remedy.Rewrite // the route without it
}

// Code is NoRoute.
func (DeadLeg) Code() Code { return NoRoute }

// Detail names the next hop, and what is behind it.
func (d DeadLeg) Detail() say.Text {
	return say.T("the route to %s has several next hops, and this flow is given to %s, from where it gets no further: %s; those of the others get there",
		"到 %s 的路由有多个下一跳，这条流被分给了 %s，从那里走不下去：%s；分给其他下一跳的流能到", d.Dst, d.Dead, d.Behind.Detail())
}

// Evidence are the route, and what is behind the next hop.
func (d DeadLeg) Evidence() []say.Text { return append(Lines(d.Line), d.Behind.Evidence()...) }

// Fix takes the next hop out of the route.
func (d DeadLeg) Fix() []change.Change { return d.Rewrite.Commands() }
