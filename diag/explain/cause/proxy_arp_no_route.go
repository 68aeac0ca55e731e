package cause

import "nstutor/internal/say"

// ProxyARPNoRoute: proxy ARP answers only for what is routed elsewhere.
const ProxyARPNoRoute Code = "proxy-arp-no-route"

var _ = register(Cause{
	Code:      ProxyARPNoRoute,
	Words:     say.T("proxy ARP answers only for what is routed elsewhere", "代理 ARP 只替路由在别处的地址应答"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})
