package cause

import "nstutor/internal/say"

// LoopbackDown: lo is down, so that a namespace cannot speak to itself.
const LoopbackDown Code = "loopback-down"

var _ = register(Cause{
	Code:  LoopbackDown,
	Words: say.T("lo is down, so that a namespace cannot speak to itself", "lo 未启用，命名空间无法与自己通信"),
	Table: []string{"ip", "link", "show", "lo"},
})
