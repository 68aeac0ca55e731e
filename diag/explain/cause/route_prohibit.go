package cause

import "nstutor/internal/say"

// RouteProhibit: a prohibit route refuses the packet.
const RouteProhibit Code = "route-prohibit"

var _ = register(Cause{
	Code:  RouteProhibit,
	Words: say.T("a prohibit route refuses the packet", "prohibit 路由拒绝了包"),
	Table: []string{"ip", "route"},
})
