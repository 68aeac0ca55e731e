package cause

import "nstutor/internal/say"

// RouteUnreachable: an unreachable route refuses the packet.
const RouteUnreachable Code = "route-unreachable"

var _ = register(Cause{
	Code:      RouteUnreachable,
	Words:     say.T("an unreachable route refuses the packet", "unreachable 路由拒绝了包"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})
