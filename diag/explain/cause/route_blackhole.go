package cause

import "nstutor/internal/say"

// RouteBlackhole: a blackhole route swallows the packet without a word.
const RouteBlackhole Code = "route-blackhole"

var _ = register(Cause{
	Code:  RouteBlackhole,
	Words: say.T("a blackhole route swallows the packet without a word", "blackhole 路由悄悄吞掉了包"),
	Table: []string{"ip", "route"},
})
