package cause

import "nstutor/internal/say"

// RouteLoop: routers hand the packet to each other until its TTL is used up.
const RouteLoop Code = "route-loop"

var _ = register(Cause{
	Code:      RouteLoop,
	Words:     say.T("routers hand the packet to each other until its TTL is used up", "路由器之间互相转交，直到 TTL 耗尽"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})
