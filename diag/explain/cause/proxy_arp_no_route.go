package cause

import (
	"slices"

	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ProxyARPNoRoute: proxy ARP answers only for what is routed elsewhere.
const ProxyARPNoRoute Code = "proxy-arp-no-route"

var _ = Register(Cause{
	Code:      ProxyARPNoRoute,
	Words:     say.T("proxy ARP answers only for what is routed elsewhere", "代理 ARP 只替路由在别处的地址应答"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})

// ProxyUnrouted is proxy ARP for an address that has no route, or one through the
// device of who asks. One of three gives it a reason to answer.
type ProxyUnrouted struct {
	At
	Dev       string
	Hop       NextHop          // that is asked for
	Proof     []string         // that the kernel would not answer
	Exemption remedy.Exemption // from what rejects the destination;
	Way       remedy.Way       // the route to the destination, where it is somebody's; or
	Address   remedy.Address   // the address itself: a gateway needs to have no more than that
}

// Code is ProxyARPNoRoute.
func (ProxyUnrouted) Code() Code { return ProxyARPNoRoute }

// Detail names the device and the address.
func (p ProxyUnrouted) Detail() say.Text {
	return say.T("proxy_arp is on for %s, but there is no route to %s through another device", "%s 的 proxy_arp 已开，但没有从另一块网卡到 %s 的路由", p.Dev, p.Hop.Addr)
}

// Evidence is the entry of who asks, and why there is no answer.
func (p ProxyUnrouted) Evidence() []say.Text { return p.Hop.With(p.Proof...) }

// Fix is what gives it the reason.
func (p ProxyUnrouted) Fix() []change.Change {
	return slices.Concat(p.Exemption.Commands(), p.Way.Commands(), p.Address.Add())
}
