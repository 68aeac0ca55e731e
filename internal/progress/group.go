package progress

import "nstutor/internal/say"

// groups are the names of the groups of exercises.
var groups = map[string]say.Text{
	"links":      say.T("links", "链路"),
	"arp":        say.T("ARP and gateways", "ARP 与网关"),
	"routes":     say.T("routes", "路由"),
	"return":     say.T("the way back", "回程"),
	"forwarding": say.T("forwarding and filters", "转发与过滤"),
	"nat":        say.T("NAT", "NAT"),
	"services":   say.T("services", "服务"),
	"mtu":        say.T("MTU", "MTU"),
	"challenge":  say.T("the whole network", "整个网络"),
}

// Group is the name of a group of exercises.
func Group(id string) say.Text {
	if name, ok := groups[id]; ok {
		return name
	}
	return say.Quote(id)
}
