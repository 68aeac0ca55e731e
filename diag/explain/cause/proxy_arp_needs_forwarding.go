package cause

import "nstutor/internal/say"

// ProxyARPNeedsForwarding: proxy ARP stays silent where its device does not forward.
const ProxyARPNeedsForwarding Code = "proxy-arp-needs-forwarding"

var _ = register(Cause{
	Code:      ProxyARPNeedsForwarding,
	Words:     say.T("proxy ARP stays silent where its device does not forward", "代理 ARP 的网卡没有开启转发，因此不应答"),
	Table:     []string{"sysctl", "-a", "-r", "forwarding"},
	Pointless: true,
})
