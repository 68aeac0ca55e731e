package cause

import "nstutor/internal/say"

// NoReturnRoute: the request arrives, and no route leads back.
const NoReturnRoute Code = "no-return-route"

var _ = register(Cause{
	Code:  NoReturnRoute,
	Words: say.T("the request arrives, and no route leads back", "请求已到达，但没有回程路由"),
	Table: []string{"ip", "route"},
})
