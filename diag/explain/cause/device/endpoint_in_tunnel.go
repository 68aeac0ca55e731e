package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// EndpointInTunnel is a packet for a tunnel whose own packets would go into it again: it sends
// none (send4() in drivers/net/wireguard/socket.c, vxlan_xmit_one(), ip_tunnel_xmit()).
type EndpointInTunnel struct {
	cause.Sure
	cause.At
	Link     table.Link
	Endpoint netip.AddrPort // of the peer; its port is 0 where the kind of tunnel has none of its own
	Line     string         // the route to that
	Way      remedy.Way     // past the device; its Dev is empty: not known
}

// Code is RouteLoop.
func (EndpointInTunnel) Code() cause.Code { return cause.RouteLoop }

// Detail names the endpoint.
func (e EndpointInTunnel) Detail() say.Text {
	if e.Endpoint.Port() == 0 {
		return say.T("%[1]s is to send to its other end at %[2]s, and the way there is %[1]s itself: it sends nothing", "%[1]s 要发给位于 %[2]s 的另一端，而到那里的路由又指向 %[1]s 自己：它什么也不会发出", e.Link.Name, e.Endpoint.Addr())
	}
	return say.T("%[1]s is to send to its peer at %[2]s, and the way there is %[1]s itself: it sends nothing", "%[1]s 要发给位于 %[2]s 的对端，而到那里的路由又指向 %[1]s 自己：它什么也不会发出", e.Link.Name, e.Endpoint)
}

// Evidence is the route.
func (e EndpointInTunnel) Evidence() []say.Text { return cause.Lines(e.Line) }

// Fix leads the device's packets past it.
func (e EndpointInTunnel) Fix() []change.Change { return e.Way.Commands() }
