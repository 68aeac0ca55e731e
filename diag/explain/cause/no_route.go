package cause

import "nstutor/internal/say"

// NoRoute: no route leads to the destination.
const NoRoute Code = "no-route"

var _ = register(Cause{
	Code:      NoRoute,
	Words:     say.T("no route leads to the destination", "没有通往目的地址的路由"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})
