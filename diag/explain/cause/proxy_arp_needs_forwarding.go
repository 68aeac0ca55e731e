package cause

import (
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ProxyARPNeedsForwarding: proxy ARP stays silent where its device does not forward.
const ProxyARPNeedsForwarding Code = "proxy-arp-needs-forwarding"

var _ = Register(Cause{
	Code:      ProxyARPNeedsForwarding,
	Words:     say.T("proxy ARP stays silent where its device does not forward", "代理 ARP 的网卡没有开启转发，因此不应答"),
	Table:     []string{"sysctl", "-a", "-r", "forwarding"},
	Pointless: true,
})

// ProxyUnforwarding is proxy ARP on a device that does not forward.
type ProxyUnforwarding struct {
	At
	Dev   string
	Hop   NextHop  // that is asked for
	Proof []string // that the kernel would not answer
	// AllOff is set where no device of the namespace forwards.
	AllOff bool
}

// Code is ProxyARPNeedsForwarding.
func (ProxyUnforwarding) Code() Code { return ProxyARPNeedsForwarding }

// Detail names the device.
func (p ProxyUnforwarding) Detail() say.Text {
	return say.T("proxy_arp is on for %s, but it answers only for what it would forward, and its forwarding is off",
		"%s 的 proxy_arp 已开，但它只替自己肯转发的地址应答，而它的 forwarding 是关的", p.Dev)
}

// Evidence is the entry of who asks, and why there is no answer.
func (p ProxyUnforwarding) Evidence() []say.Text { return p.Hop.With(p.Proof...) }

// Fix has the namespace forward.
func (p ProxyUnforwarding) Fix() []change.Change { return forward(p.Netns(), p.Dev, p.AllOff) }
