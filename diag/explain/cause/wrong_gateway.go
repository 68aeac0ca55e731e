package cause

import (
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// WrongGateway is a route whose gateway is an address that nobody on the wire has, or
// somebody who is no router, where somebody else there is.
type WrongGateway struct {
	NextHop
	Line     string // the route
	Router   Device
	Rewrite  remedy.Rewrite // the route, by the router
	Stations []Station      // that are on the wire
	// Instead is the namespace that has the gateway's address, and is no router; empty
	// where nobody has it.
	Instead string
	// Near is the route for the network of the device, where the destination itself is on the
	// wire; else it is the zero value.
	Near remedy.Way
}

// Code is NeighbourUnanswered; ForwardingOff where somebody has the address.
func (g WrongGateway) Code() Code {
	if g.Instead != "" {
		return ForwardingOff
	}
	return NeighbourUnanswered
}

// Detail names the gateway, and who is the router.
func (g WrongGateway) Detail() say.Text {
	if g.Instead != "" && g.Near.Dst.IsValid() {
		return say.T("the route says that the gateway is %[1]s, which is %[2]s and no router; %[3]s is on the wire of %[4]s itself: the route of its network is missing",
			"路由写的网关是 %[1]s，那是 %[2]s，并不是路由器；%[3]s 自己就在 %[4]s 的链路上：缺的是它所在网段的路由", g.Addr, machine.Called(g.Instead), g.Near.Dst, g.Dev)
	}
	if g.Instead != "" {
		return say.T("the route says that the gateway is %s, which is %s and no router; the router there is %s, %s in %s",
			"路由写的网关是 %s，那是 %s，并不是路由器；那里的路由器是 %s，即 %[5]s 的 %[4]s",
			g.Addr, machine.Called(g.Instead), g.Rewrite.Route.Via, g.Router.Link.Name, machine.Called(g.Router.Netns))
	}
	if g.Near.Dst.IsValid() {
		return say.T("the route says that the gateway is %[1]s, which nobody on the wire of %[2]s has; %[3]s is on that wire itself: the route of its network is missing",
			"路由写的网关是 %[1]s，%[2]s 的链路上却没有谁有这个地址；%[3]s 自己就在这条链路上：缺的是它所在网段的路由", g.Addr, g.Dev, g.Near.Dst)
	}
	return say.T("the route says that the gateway is %s, which nobody on the wire of %s has; the router there is %s, %s in %s",
		"路由写的网关是 %s，%s 的链路上却没有谁有这个地址；那里的路由器是 %s，即 %[5]s 的 %[4]s",
		g.Addr, g.Dev, g.Rewrite.Route.Via, g.Router.Link.Name, machine.Called(g.Router.Netns))
}

// Evidence are the route, the entry, and those who are there.
func (g WrongGateway) Evidence() []say.Text {
	return slices.Concat(Lines(g.Line), g.With(), present(g.Stations))
}

// Fix has the route name the router, which nobody is to himself.
func (g WrongGateway) Fix() []change.Change {
	if g.Near.Dst.IsValid() {
		return g.Near.Commands()
	}
	return g.Rewrite.Commands()
}
